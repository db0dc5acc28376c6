/**
 * Matrix products.
 */
import type { BatchMatMulAttrs } from "@tensorflow/tfjs-core"
import type { Value } from "../Graph.ts"
import { type Kernels, NotRecordable, onNumbers, type Two } from "../Kernel.ts"
import * as Op from "../Operators.ts"

const swapped = (x: Value): Value => {
  const axes = x.shape.map((_, axis) => axis)
  return Op.transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).toReversed()])
}

/** 2-D float products are one Gemm, which reads transposed operands directly. */
const batchMatMul = ({ a, b }: Two, { transposeA, transposeB }: BatchMatMulAttrs): Value => {
  const [left, right] = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)]
  if (left !== right) {
    const transposed = `${transposeA ? "transposed " : ""}[${a.shape}] and ${transposeB ? "transposed " : ""}[${b.shape}]`
    throw new NotRecordable(`matMul: inner lengths ${left} and ${right} of ${transposed} must be equal`)
  }
  return a.shape.length === 2 && b.shape.length === 2 && a.type === "float32"
    ? Op.gemm(a, b, transposeA, transposeB)
    : Op.matMul(transposeA ? swapped(a) : a, transposeB ? swapped(b) : b)
}

export const product: Kernels = onNumbers({ BatchMatMul: batchMatMul })
