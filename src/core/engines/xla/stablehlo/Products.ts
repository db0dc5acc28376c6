/**
 * Matrix products, in float32's full precision where a device's default would be less.
 */
import type { Shape } from "../../../Tensors.ts"
import { type Emitter, type Rule, type Ssa } from "../Emitter.ts"
import { broadcast } from "./Broadcast.ts"

export const fullPrecision = "[#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]"

/** The sum over one axis of each operand; the leading `batch` axes of both go together. */
const dot = (
  { emit }: Emitter,
  a: Ssa,
  b: Ssa,
  { batch, left, right, shape }: { batch: number; left: number; right: number; shape: Shape }
): Ssa => {
  const leading = Array.from({ length: batch }, (_, axis) => axis).join(", ")
  return emit(
    "stablehlo.dot_general",
    [a, b],
    { shape, type: a.type },
    {
      dot_dimension_numbers:
        `#stablehlo.dot<lhs_batching_dimensions = [${leading}], rhs_batching_dimensions = [${leading}], ` +
        `lhs_contracting_dimensions = [${left}], rhs_contracting_dimensions = [${right}]>`,
      precision_config: fullPrecision
    }
  )
}

const gemm: Rule = (emitter, { attributes, shape }, operand, has) => {
  const [left, right] = [attributes["transA"] === 1 ? 0 : 1, attributes["transB"] === 1 ? 1 : 0]
  const product = dot(emitter, operand(0), operand(1), { batch: 0, left, right, shape })
  return has(2) ? emitter.emit("stablehlo.add", [product, broadcast(emitter, operand(2), shape)], product) : product
}

const matMul: Rule = (emitter, { shape }, operand) => {
  const batch = shape.length - 2
  const wide = (x: Ssa): Ssa => broadcast(emitter, x, [...shape.slice(0, -2), ...x.shape.slice(-2)])
  return dot(emitter, wide(operand(0)), wide(operand(1)), { batch, left: batch + 1, right: batch, shape })
}

export const products: Readonly<Record<string, Rule>> = { Gemm: gemm, MatMul: matMul }
