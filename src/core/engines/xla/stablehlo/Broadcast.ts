/**
 * Broadcasting, which StableHLO does only where it is written.
 */
import type { Shape } from "../../../Tensors.ts"
import { type Emitter, integers, type Ssa } from "../Emitter.ts"

const equal = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((length, axis) => length === b[axis])

/** The value in another shape: axes are aligned at the end, and those of length 1 are stretched. */
export const broadcast = ({ emit }: Emitter, x: Ssa, shape: Shape): Ssa => {
  if (equal(x.shape, shape)) return x
  const offset = shape.length - x.shape.length
  return emit(
    "stablehlo.broadcast_in_dim",
    [x],
    { shape, type: x.type },
    {
      broadcast_dimensions: integers(x.shape.map((_, axis) => offset + axis))
    }
  )
}

/** The same elements in another shape. */
export const reshape = ({ emit }: Emitter, x: Ssa, shape: Shape): Ssa =>
  equal(x.shape, shape) ? x : emit("stablehlo.reshape", [x], { shape, type: x.type })

/** The axes in another order. */
export const transpose = ({ emit }: Emitter, x: Ssa, permutation: ReadonlyArray<number>): Ssa =>
  emit(
    "stablehlo.transpose",
    [x],
    { shape: permutation.map((axis) => x.shape[axis]!), type: x.type },
    {
      permutation: integers(permutation)
    }
  )
