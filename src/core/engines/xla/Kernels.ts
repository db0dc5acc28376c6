/**
 * Kernels for XLA: those that take images channels last, and functions that XLA has with full relative precision.
 */
import type { Value } from "../graph/Graph.ts"
import { imageKernels } from "../graph/ImageKernels.ts"
import { type Kernels, type One, onNumbers, through } from "../graph/Kernel.ts"
import * as Op from "../graph/Operators.ts"

const real =
  (f: (x: Value) => Value) =>
  ({ x }: One): Value =>
    through("float32", f)(x)

const expm1 = (x: Value): Value => Op.unary("Expm1", x)
const log1p = (x: Value): Value => Op.unary("Log1p", x)
const relu = (x: Value): Value => Op.max(x, Op.like(x, 0))

/** `max(x, 0) + log1p(exp(-|x|))`: no overflow, precise for very negative `x`. */
const softplus = (x: Value): Value => Op.add(relu(x), log1p(Op.exp(Op.unary("Neg", Op.abs(x)))))

const elu = (x: Value): Value => Op.add(relu(x), expm1(Op.min(x, Op.scalar(0))))

export const kernels: Kernels = {
  ...imageKernels,
  ...onNumbers({ Elu: real(elu), Expm1: real(expm1), Log1p: real(log1p), Softplus: real(softplus) })
}
