/**
 * Kernels for which TensorFlow's values or supported arguments differ from those of TensorFlow.js's plain backend.
 */
import * as tf from "@tensorflow/tfjs-core"
import { describe } from "../InputValidation.ts"
import type { Kernel } from "./Kernel.ts"
import { windows } from "./Windows.ts"

const notBoolean = (tensor: tf.Tensor): tf.Tensor => (tensor.dtype === "bool" ? tf.cast(tensor, "int32") : tensor)

const compared: Kernel = ({ inputs: { a, b }, native }) => native({ a: notBoolean(a!), b: notBoolean(b!) })

const ofFloats: Kernel = ({ inputs: { x }, native }) => native({ x: tf.cast(x!, "float32") })

/** Integer division by 0 gives 0. */
const divided: Kernel = ({ inputs: { a, b }, native }) => {
  if (a!.dtype !== "int32" || b!.dtype !== "int32") return native()
  const isZero = tf.equal(b!, 0)
  const result = native({ b: tf.where(isZero, tf.onesLike(b!), b!) })
  return tf.where(isZero, tf.zerosLike(result), result)
}

/** `x` above 0, `factor (e^x - 1)` below, exact near 0. */
const exponentialBelow = (x: tf.Tensor, factor: number): tf.Tensor =>
  tf.where(tf.greater(x, 0), x, tf.mul(tf.expm1(x), factor))

/** α and λ of self-normalising networks. Source: Klambauer et al. 2017, https://arxiv.org/abs/1706.02515 */
const selu = { factor: 1.6732632423543772, scale: 1.0507009873554805 }

/** Checks the shapes, because TensorFlow's message names neither the operation nor its operands. */
const product: Kernel = ({ inputs: { a, b }, attributes, native }) => {
  const inner = [
    a!.shape.at(attributes["transposeA"] === true ? -2 : -1),
    b!.shape.at(attributes["transposeB"] === true ? -1 : -2)
  ]
  if (inner[0] === inner[1]) return native()
  throw new Error(`matMul of ${describe(a!)} and ${describe(b!)}: ${inner.join(" columns do not match ")} rows`)
}

/** By the name of the kernel. */
export const patchedKernels: Readonly<Record<string, Kernel>> = {
  ...windows,
  BatchMatMul: product,
  Elu: ({ inputs: { x } }) => exponentialBelow(x!, 1),
  FloorDiv: (call) => tf.cast(divided(call), "int32"),
  Greater: compared,
  GreaterEqual: compared,
  IsFinite: ofFloats,
  IsInf: ofFloats,
  IsNan: ofFloats,
  Less: compared,
  LessEqual: compared,
  Mod: divided,
  Selu: ({ inputs: { x } }) => tf.mul(exponentialBelow(x!, selu.factor), selu.scale),
  Step: ({ inputs: { x }, native }) => tf.cast(native({ x: tf.cast(x!, "float32") }), x!.dtype),
  // Elements of no segment are dropped; TensorFlow drops only negative indices.
  UnsortedSegmentSum: ({ inputs: { segmentIds: ids }, attributes, native }) =>
    native({ segmentIds: tf.where(tf.less(ids!, attributes["numSegments"]), ids!, tf.fill(ids!.shape, -1, "int32")) })
}
