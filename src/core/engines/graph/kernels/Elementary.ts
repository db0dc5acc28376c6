/**
 * Elementwise unary functions.
 *
 * If onnxruntime's kernel is slow or inaccurate, it is composed of fast and accurate ones: its Softplus and Relu are
 * scalar loops, its Sigmoid is 0 below -18, and it has no `expm1` and `log1p`.
 */
import type { ClipByValueAttrs, LeakyReluAttrs, StepAttrs } from "@tensorflow/tfjs-core"
import type { Value } from "../Graph.ts"
import { type Kernels, type One, onNumbers, through } from "../Kernel.ts"
import * as Op from "../Operators.ts"

const one = Op.scalar(1)
const half = Op.scalar(0.5)

/** A function of floats; integers are converted to floats and truncated, as in TensorFlow.js. */
const real =
  (f: (x: Value) => Value) =>
  ({ x }: One): Value =>
    through("float32", f)(x)

const named = (operator: string) => real((x) => Op.unary(operator, x))

/** A function that also supports integers. */
const numeric =
  (f: (x: Value) => Value) =>
  ({ x }: One): Value =>
    f(x)

/** `max(x, 0)`, many times faster than onnxruntime's Relu. */
const relu = (x: Value): Value => Op.max(x, Op.like(x, 0))

/**
 * 1 above 0, 0 elsewhere, and NaN for NaN. Uses `relu`, which a network has already computed if this is its gradient.
 */
const positive = (x: Value): Value => Op.unary("Ceil", Op.min(relu(x), one))

const step = ({ x }: One, { alpha }: StepAttrs): Value =>
  through("float32", (value) =>
    alpha === 0 ? positive(value) : Op.add(Op.mul(positive(value), Op.scalar(1 - alpha)), Op.scalar(alpha))
  )(x)

/** `exp(x) - 1`; near 0 as `2 t / (1 - t)` with `t = tanh(x / 2)`, without cancellation. */
const expm1 = (x: Value): Value => {
  const t = Op.unary("Tanh", Op.mul(x, half))
  const near = Op.div(Op.add(t, t), Op.sub(one, t))
  return Op.where(Op.less(Op.abs(x), half), near, Op.sub(Op.exp(x), one))
}

/** The correction of the rounding error in `u = 1 + x`, to add to `log(u)`: `(x - (u - 1)) / u`. */
const lost = (x: Value, u: Value): Value => Op.div(Op.sub(x, Op.sub(u, one)), u)

/** `log(1 + x)`; the correction is needed only near 0 and is NaN at -1 and infinity. */
const log1p = (x: Value): Value => {
  const u = Op.add(x, one)
  return Op.add(Op.log(u), Op.where(Op.less(Op.abs(x), half), lost(x, u), Op.scalar(0)))
}

/** `log(1 + exp(x))` as `max(x, 0) + log1p(exp(-|x|))`: no overflow, precise for very negative `x`. */
const softplus = (x: Value): Value => {
  const e = Op.exp(Op.unary("Neg", Op.abs(x)))
  const u = Op.add(e, one)
  return Op.add(relu(x), Op.add(Op.log(u), lost(e, u)))
}

const sigmoid = (x: Value): Value => Op.unary("Reciprocal", Op.add(one, Op.exp(Op.unary("Neg", x))))

/** `x` above 0 and `exp(x) - 1` below, as a branch-free sum. */
const elu = (x: Value): Value => Op.add(relu(x), expm1(Op.min(x, Op.scalar(0))))

const seluScale = 1.0507009873554805
const seluAlpha = 1.6732632423543772

const selu = (x: Value): Value =>
  Op.add(
    Op.mul(Op.scalar(seluScale), relu(x)),
    Op.mul(Op.scalar(seluScale * seluAlpha), expm1(Op.min(x, Op.scalar(0))))
  )

const leaky = (x: Value, alpha: number): Value => Op.where(Op.less(x, Op.scalar(0)), Op.mul(x, Op.scalar(alpha)), x)

const clip = ({ x }: One, { clipValueMin, clipValueMax }: ClipByValueAttrs): Value =>
  Op.min(Op.max(x, Op.like(x, clipValueMin)), Op.like(x, clipValueMax))

const eluGrad = ({ dy, y }: { readonly dy: Value; readonly y: Value }): Value => Op.mul(dy, Op.min(Op.add(y, one), one))

export const elementary: Kernels = onNumbers({
  Abs: numeric(Op.abs),
  Acos: named("Acos"),
  Acosh: named("Acosh"),
  Asin: named("Asin"),
  Asinh: named("Asinh"),
  Atan: named("Atan"),
  Atanh: named("Atanh"),
  Ceil: named("Ceil"),
  ClipByValue: clip,
  Cos: named("Cos"),
  Cosh: named("Cosh"),
  Elu: real(elu),
  EluGrad: eluGrad,
  Erf: named("Erf"),
  Exp: ({ x }: One) => Op.exp(Op.cast(x, "float32")),
  Expm1: real(expm1),
  Floor: named("Floor"),
  LeakyRelu: ({ x }: One, { alpha }: LeakyReluAttrs) => leaky(Op.cast(x, "float32"), alpha),
  Log: real(Op.log),
  Log1p: real(log1p),
  Neg: numeric((x) => Op.unary("Neg", x)),
  Reciprocal: named("Reciprocal"),
  Relu: numeric(relu),
  Relu6: ({ x }: One) => Op.min(relu(x), Op.like(x, 6)),
  Round: named("Round"),
  Rsqrt: real((x) => Op.unary("Reciprocal", Op.unary("Sqrt", x))),
  Selu: real(selu),
  Sigmoid: real(sigmoid),
  Sign: numeric((x) => Op.unary("Sign", x)),
  Sin: named("Sin"),
  Sinh: named("Sinh"),
  Softplus: real(softplus),
  Sqrt: named("Sqrt"),
  Square: numeric((x) => Op.mul(x, x)),
  Step: step,
  Tan: named("Tan"),
  Tanh: named("Tanh")
})
