/**
 * Normalisation by given means and variances.
 */
import type { FusedBatchNormAttrs } from "@tensorflow/tfjs-core"
import type { Value } from "../Graph.ts"
import { type Kernels, onNumbers } from "../Kernel.ts"
import * as Op from "../Operators.ts"

interface Inputs {
  readonly x: Value
  readonly mean: Value
  readonly variance: Value
  readonly scale?: Value
  readonly offset?: Value
}

/** `(x - mean) scale / sqrt(variance + epsilon) + offset`. */
const batchNorm = ({ x, mean, variance, scale, offset }: Inputs, { varianceEpsilon }: FusedBatchNormAttrs): Value => {
  const centred = Op.sub(x, mean)
  const scaled = scale === undefined ? centred : Op.mul(centred, scale)
  const normal = Op.div(scaled, Op.unary("Sqrt", Op.add(variance, Op.scalar(varianceEpsilon))))
  return offset === undefined ? normal : Op.add(normal, offset)
}

export const normalization: Kernels = onNumbers({ FusedBatchNorm: batchNorm })
