/**
 * Correlation of two images: the gradient of a convolution with respect to its filter.
 *
 * Uses few large matrix products, because many small ones with extracted patches take several times as long. Images are
 * `[batch, channels, height, width]`.
 */
import { sizeOf } from "../../Tensors.ts"
import type { Value } from "./Graph.ts"
import * as Op from "./Operators.ts"
import { attributesOf, type Axis, type Window } from "./Window.ts"

/** Offsets of the window's elements at its first position. */
const starts = ({ size, dilation, before }: Axis): ReadonlyArray<number> =>
  Array.from({ length: size }, (_, element) => element * dilation - before)

/** Flattens `[batch, channels, ...]` to `[batch, channels, pixels]`. */
const flat = (x: Value, channels: number): Value =>
  Op.reshape(x, [x.shape[0]!, channels, sizeOf(x.shape.slice(1)) / channels])

/** `[batch, m, k] · [batch, n, k]ᵀ`, summed over the batch: `[m, n]`. */
const product = (a: Value, b: Value): Value =>
  Op.reduce("ReduceSum", Op.matMul(a, Op.transpose(b, [0, 2, 1])), [0], false)

/** Extracts the patches of the window's elements as channels, by a convolution with one-hot filters. */
const unfolded = (x: Value, window: Window): Value => {
  const { rows, columns } = window
  const [batch, channels] = x.shape as [number, number]
  const size = rows.size * columns.size
  const filters = Float32Array.from({ length: channels * size * size }, (_, index) =>
    index % size === Math.floor(index / size) % size ? 1 : 0
  )
  const filter = Op.constant("float32", [channels * size, 1, rows.size, columns.size], filters)
  const shape = [batch, channels * size, rows.output, columns.output]
  const attributes = { ...attributesOf(window), group: channels }
  return flat(Op.operation("Conv", [x, filter], shape, "float32", attributes), channels * size)
}

/** Extracts the rows of the window's rows as channels. */
const rowsSeen = (x: Value, rows: Axis): Value => {
  const padded = Op.pad(
    x,
    [
      [0, 0],
      [0, 0],
      [rows.before, rows.after],
      [0, 0]
    ],
    Op.scalar(0)
  )
  const places = starts(rows).flatMap((start) =>
    Array.from({ length: rows.output }, (_, place) => BigInt(start + rows.before + place * rows.stride))
  )
  const seen = Op.gather(padded, Op.constant("int64", [rows.size, rows.output], BigInt64Array.from(places)), 2)
  return flat(seen, x.shape[1]! * rows.size)
}

/**
 * For each element of the window, the products of its patch of `x` with `y`, summed over the batch and all positions:
 * `[rows, columns, channels of x, channels of y]`. `y` has one pixel per position of the window.
 */
export const correlate = (x: Value, y: Value, window: Window): Value => {
  const { rows, columns } = window
  const [channels, others] = [x.shape[1]!, y.shape[1]!]
  const shape = (width: number) => [channels, rows.size, width, others]
  const ordered = (result: Value): Value => Op.transpose(result, [1, 2, 0, 3])
  // Copies of channels: those of `x` for the whole window, or those of `x` for its rows and of `y` for its columns.
  const shifts = channels * rows.size + others * (columns.size - 1)
  if (columns.stride > 1 || channels * rows.size * columns.size < shifts) {
    return ordered(Op.reshape(product(unfolded(x, window), flat(y, others)), shape(columns.size)))
  }
  const seen = rowsSeen(x, rows)
  // Instead of `x` to the left, `y` is shifted to the right.
  const products = starts(columns).map((start) => {
    const shifted = Op.pad(
      y,
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [start, columns.input - columns.output - start]
      ],
      Op.scalar(0)
    )
    return Op.reshape(product(seen, flat(shifted, others)), shape(1))
  })
  return ordered(Op.concat(products, 2))
}
