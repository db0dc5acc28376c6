/**
 * Elementwise unary functions over the whole range of float32.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type KernelCases, of, floats, list, unary, unaryInteger } from "../KernelCase.ts"

export const elementary: KernelCases = {
  Abs: [...unary(tf.abs), unaryInteger(tf.abs)],
  Acos: unary(tf.acos, { low: -0.9, high: 0.9, values: list(-0.99, -1e-3, 0, 0.5, 0.99), beyond: false }),
  Acosh: unary(tf.acosh, { low: 1.1, high: 5, values: list(1.01, 1.5, 100, 1e6), beyond: false }),
  Asin: unary(tf.asin, { low: -0.9, high: 0.9, values: list(-0.99, -1e-3, 0, 0.5, 0.99), beyond: false }),
  Asinh: unary(tf.asinh, { values: list(-20, -1, -1e-3, 0, 1e-3, 1, 20, 1e6), beyond: false }),
  Atan: unary(tf.atan),
  Atanh: unary(tf.atanh, { low: -0.9, high: 0.9, values: list(-0.99, -1e-3, 0, 0.5, 0.99), beyond: false }),
  Ceil: unary(tf.ceil),
  ClipByValue: [...unary((x) => tf.clipByValue(x, -1, 0.7)), unaryInteger((x) => tf.clipByValue(x, -3, 4))],
  Cos: unary(tf.cos, { beyond: false, floor: 1e-6 }),
  Cosh: unary(tf.cosh, { values: list(-80, -5, 0, 1e-3, 5, 80), beyond: false }),
  // Near 0 the reference engine's own form cancels, in double precision.
  Elu: unary(tf.elu, { floor: 1e-16 }),
  EluGrad: [of([floats([3, 4])], (x) => tf.grad((y: tf.Tensor) => tf.elu(y))(x), { gradient: false })],
  Erf: unary(tf.erf, { beyond: false, floor: 1e-6 }),
  Exp: [...unary(tf.exp), unaryInteger(tf.exp)],
  Expm1: unary(tf.expm1),
  Floor: unary(tf.floor),
  LeakyRelu: [
    ...unary((x) => tf.leakyRelu(x, 0.2)),
    ...unary((x) => tf.leakyRelu(x, 0)),
    ...unary((x) => tf.leakyRelu(x, 3))
  ],
  Log: unary(tf.log, { low: 0.01, values: list(1.2e-38, 1e-10, 0.5, 0.999, 1, 1.001, 2, 1e10, 1e38) }),
  Log1p: unary(tf.log1p, {
    low: -0.9,
    values: list(-0.9999, -0.51, -0.49, -1e-3, -1e-6, -1e-20, 0, 1e-20, 1e-6, 1e-3, 0.49, 0.51, 1, 1e10, 1e38)
  }),
  Neg: [...unary(tf.neg), unaryInteger(tf.neg)],
  Reciprocal: unary(tf.reciprocal, { low: 0.1, values: list(-1e30, -2, 1e-30, 3) }),
  Relu: [...unary(tf.relu), unaryInteger(tf.relu)],
  Relu6: [...unary(tf.relu6, { high: 9 }), unaryInteger(tf.relu6)],
  Round: unary(tf.round, { values: list(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, 2.6) }),
  Rsqrt: unary(tf.rsqrt, { low: 0.01, values: list(1e-30, 0.1, 1, 1e30), gradient: false }),
  Selu: unary(tf.selu, { floor: 1e-16 }),
  Sigmoid: unary(tf.sigmoid),
  Sign: [...unary(tf.sign, { beyond: false }), unaryInteger(tf.sign)],
  Sin: unary(tf.sin, { beyond: false, floor: 1e-6 }),
  Sinh: unary(tf.sinh, { values: list(-80, -5, -1e-3, 0, 1e-3, 5, 80), beyond: false }),
  Softplus: unary(tf.softplus),
  Sqrt: unary(tf.sqrt, { low: 0.01, values: list(1e-30, 1e-10, 1, 4, 1e30) }),
  Square: [...unary(tf.square), unaryInteger(tf.square)],
  Step: [...unary((x) => tf.step(x)), ...unary((x) => tf.step(x, 0.25)), unaryInteger((x) => tf.step(x))],
  Tan: unary(tf.tan, { low: -1, high: 1, values: list(-1.5, -1e-3, 0, 1e-3, 1.5), beyond: false }),
  Tanh: unary(tf.tanh, { values: list(-20, -5, -1, -1e-3, -1e-6, 0, 1e-6, 1, 5, 20), floor: 1e-6 })
}
