/**
 * Matrix products.
 */
import type { BatchMatMulAttrs } from "@tensorflow/tfjs-core"
import type { Value } from "../Graph.ts"
import { type Kernels, onNumbers, type Two } from "../Kernel.ts"
import * as Op from "../Operators.ts"

const swapped = (x: Value): Value => {
  const axes = x.shape.map((_, axis) => axis)
  return Op.transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).reverse()])
}

/** Two axes of floats are one Gemm, which transposes as it reads. */
const batchMatMul = ({ a, b }: Two, { transposeA, transposeB }: BatchMatMulAttrs): Value =>
  a.shape.length === 2 && b.shape.length === 2 && a.type === "float32"
    ? Op.gemm(a, b, transposeA, transposeB)
    : Op.matMul(transposeA ? swapped(a) : a, transposeB ? swapped(b) : b)

export const product: Kernels = onNumbers({ BatchMatMul: batchMatMul })
