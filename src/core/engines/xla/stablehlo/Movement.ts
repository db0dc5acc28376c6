/**
 * Operators that move elements and compute nothing.
 */
import type { Constant, Operation } from "../../graph/Graph.ts"
import { integers, type Rule } from "../Emitter.ts"
import * as Broadcast from "./Broadcast.ts"

/** The integers of an input that is a constant. */
const numbersOf = (operation: Operation, index: number): ReadonlyArray<number> =>
  Array.from((operation.inputs[index] as Constant).values as BigInt64Array, Number)

const concat: Rule = ({ emit }, operation, operand) =>
  emit(
    "stablehlo.concatenate",
    operation.inputs.map((_, index) => operand(index)),
    operation,
    { dimension: `${Number(operation.attributes["axis"])} : i64` }
  )

/** StableHLO's slices go forwards: what goes backwards is reversed after it was cut out. */
const slice: Rule = ({ emit }, operation, operand) => {
  const { shape } = operation
  const x = operand(0)
  const [begin, step] = [numbersOf(operation, 1), numbersOf(operation, 4)]
  const lowest = begin.map((first, axis) => (step[axis]! < 0 ? first + (shape[axis]! - 1) * step[axis]! : first))
  const strides = step.map(Math.abs)
  const limits = lowest.map((first, axis) =>
    shape[axis] === 0 ? first : Math.min(x.shape[axis]!, first + (shape[axis]! - 1) * strides[axis]! + 1)
  )
  const cut = emit("stablehlo.slice", [x], operation, {
    start_indices: integers(lowest),
    limit_indices: integers(limits),
    strides: integers(strides)
  })
  const backwards = step.flatMap((length, axis) => (length < 0 ? [axis] : []))
  return backwards.length === 0 ? cut : emit("stablehlo.reverse", [cut], operation, { dimensions: integers(backwards) })
}

const pad: Rule = ({ emit }, operation, operand) => {
  const paddings = numbersOf(operation, 1)
  const rank = operation.shape.length
  return emit("stablehlo.pad", [operand(0), operand(2)], operation, {
    edge_padding_low: integers(paddings.slice(0, rank)),
    edge_padding_high: integers(paddings.slice(rank)),
    interior_padding: integers(paddings.slice(0, rank).map(() => 0))
  })
}

/** Each axis gets one before it, which is stretched. */
const tile: Rule = (emitter, operation, operand) => {
  const x = operand(0)
  const repeats = numbersOf(operation, 1)
  const stretched = emitter.emit(
    "stablehlo.broadcast_in_dim",
    [x],
    { shape: x.shape.flatMap((length, axis) => [repeats[axis]!, length]), type: x.type },
    { broadcast_dimensions: integers(x.shape.map((_, axis) => 2 * axis + 1)) }
  )
  return Broadcast.reshape(emitter, stretched, operation.shape)
}

export const movement: Readonly<Record<string, Rule>> = {
  Concat: concat,
  Expand: (emitter, { shape }, operand) => Broadcast.broadcast(emitter, operand(0), shape),
  Identity: (_, __, operand) => operand(0),
  Pad: pad,
  Reshape: (emitter, { shape }, operand) => Broadcast.reshape(emitter, operand(0), shape),
  Slice: slice,
  Tile: tile,
  Transpose: (emitter, { attributes }, operand) =>
    Broadcast.transpose(emitter, operand(0), attributes["perm"] as ReadonlyArray<number>)
}
