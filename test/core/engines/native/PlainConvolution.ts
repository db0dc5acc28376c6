/** Convolutions as sums over everything, in double precision. */
import type { Axis, Window } from "../../../../src/core/engines/graph/Window.ts"
import { covered } from "../../../../src/core/engines/graph/Window.ts"

export interface Case {
  readonly batch: number
  readonly window: Window
  readonly inputs: number
  readonly outputs: number
}

/** A window with padding on both sides that its places need. */
export const axis = (
  input: number,
  size: number,
  stride: number,
  before: number,
  after: number,
  dilation = 1
): Axis => {
  const output = Math.floor((input + before + after - (size - 1) * dilation - 1) / stride) + 1
  const padded = { input, output, size, stride, dilation, before, after: 0 }
  return { ...padded, after: Math.max(0, covered(padded) - input - before) }
}

/** Keras's `same`. */
export const same = (input: number, size: number, stride = 1): Axis => {
  const output = Math.ceil(input / stride)
  const missing = Math.max(0, (output - 1) * stride + size - input)
  return axis(input, size, stride, Math.floor(missing / 2), Math.ceil(missing / 2))
}

/** Calls `visit` for each product that is part of a convolution, with places in the input, filter and output. */
export const eachProduct = (
  { batch, inputs, outputs, window: { columns, rows } }: Case,
  visit: (input: number, filter: number, output: number) => void
): void => {
  for (let n = 0; n < batch; n++)
    for (let y = 0; y < rows.output; y++)
      for (let x = 0; x < columns.output; x++)
        for (let i = 0; i < rows.size; i++)
          for (let j = 0; j < columns.size; j++) {
            const row = y * rows.stride - rows.before + i * rows.dilation
            const column = x * columns.stride - columns.before + j * columns.dilation
            if (row < 0 || column < 0 || row >= rows.input || column >= columns.input) continue
            const input = ((n * rows.input + row) * columns.input + column) * inputs
            const output = ((n * rows.output + y) * columns.output + x) * outputs
            const filter = (i * columns.size + j) * inputs * outputs
            for (let c = 0; c < inputs; c++)
              for (let o = 0; o < outputs; o++) visit(input + c, filter + c * outputs + o, output + o)
          }
}

export const sizesOf = ({ batch, inputs, outputs, window: { columns, rows } }: Case) => ({
  input: batch * rows.input * columns.input * inputs,
  filter: rows.size * columns.size * inputs * outputs,
  output: batch * rows.output * columns.output * outputs
})

/** Of every kind: sizes, strides, paddings, channels. */
export const cases: Readonly<Record<string, Case>> = {
  "one pixel": { batch: 1, window: { rows: same(1, 1), columns: same(1, 1) }, inputs: 1, outputs: 1 },
  "one to eight channels": { batch: 3, window: { rows: same(28, 3), columns: same(28, 3) }, inputs: 1, outputs: 8 },
  "eight to eight": { batch: 2, window: { rows: same(28, 3), columns: same(28, 3) }, inputs: 8, outputs: 8 },
  "eight to sixteen": { batch: 2, window: { rows: same(14, 3), columns: same(14, 3) }, inputs: 8, outputs: 16 },
  "sixteen, strided": { batch: 2, window: { rows: same(28, 3, 2), columns: same(28, 3, 2) }, inputs: 16, outputs: 16 },
  "eight to one": { batch: 2, window: { rows: same(28, 3), columns: same(28, 3) }, inputs: 8, outputs: 1 },
  "three channels, wide": { batch: 1, window: { rows: same(37, 3), columns: same(53, 3) }, inputs: 16, outputs: 3 },
  "three inputs": { batch: 1, window: { rows: same(17, 5), columns: same(31, 5) }, inputs: 3, outputs: 32 },
  "more than two vectors": { batch: 2, window: { rows: same(7, 3), columns: same(6, 3) }, inputs: 33, outputs: 37 },
  "no padding": {
    batch: 2,
    window: { rows: axis(9, 4, 1, 0, 0), columns: axis(12, 3, 1, 0, 0) },
    inputs: 5,
    outputs: 7
  },
  "strides that differ": {
    batch: 2,
    window: { rows: axis(13, 3, 2, 1, 1), columns: axis(17, 2, 3, 0, 1) },
    inputs: 4,
    outputs: 6
  },
  "strides beyond the filter": {
    batch: 2,
    window: { rows: axis(11, 1, 2, 0, 0), columns: axis(10, 2, 3, 0, 0) },
    inputs: 24,
    outputs: 9
  },
  dilations: {
    batch: 2,
    window: { rows: axis(11, 3, 1, 2, 2, 2), columns: axis(19, 3, 1, 3, 1, 3) },
    inputs: 3,
    outputs: 2
  },
  "a filter larger than the image": {
    batch: 4,
    window: { rows: same(2, 5), columns: same(3, 7) },
    inputs: 2,
    outputs: 3
  }
}

/** Numbers from -1 to 1. */
export const randomize = (values: Float32Array, seed: number): void => {
  let state = seed
  for (let index = 0; index < values.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    values[index] = state / 2 ** 31
  }
}
