/**
 * Convolutions of images `[batch, height, width, channels]`, and their gradients by their inputs, which are convolutions
 * with the filter flipped. See `ConvolutionPhase.ts` for the algorithm.
 */
import type { Window } from "../graph/Window.ts"
import type { Epilogue } from "./ConvolutionJob.ts"
import { phase } from "./ConvolutionPhase.ts"
import { backwards, forwards, membersBackwards } from "./OutputGroups.ts"
import type { Image } from "./PaddedImage.ts"
import type { Phase } from "./Phase.ts"

/** A convolution by a window, from its inputs to its outputs or back. Slots are indices into the table of pointers. */
export interface Convolution {
  readonly batch: number
  readonly window: Window
  /** Lanes per vector of the instruction set. */
  readonly lanes: number
  /** Channels of the window's inputs and outputs: the filter is `[rows, columns, inputs, outputs]`. */
  readonly inputs: number
  readonly outputs: number
  readonly from: number
  readonly filter: number
  readonly to: number
  /** What is done with results before they are stored. */
  readonly epilogue?: Epilogue
}

const imagesOf = ({ inputs, outputs, window: { columns, rows } }: Convolution) => ({
  inputs: { height: rows.input, width: columns.input, channels: inputs },
  outputs: { height: rows.output, width: columns.output, channels: outputs }
})

const titled = (name: string, { height, width, channels }: Image, others: number): string =>
  `${name} ${height}x${width}x${channels} to ${others}`

/** `to[y, x, o] = Σ from[y S + i, x S + j, c] filter[i, j, c, o]`. */
export const convolve = (convolution: Convolution): Phase => {
  const { columns, rows } = convolution.window
  const { inputs, outputs } = imagesOf(convolution)
  const { lanes } = convolution
  const members = Math.min(columns.output, Math.max(1, Math.floor(lanes / outputs.channels)))
  return phase({
    ...convolution,
    name: titled("convolution", inputs, outputs.channels),
    source: inputs,
    target: outputs,
    rows: [forwards(rows, 1)],
    columns: [forwards(columns, members)],
    filter: {
      slot: convolution.filter,
      height: rows.size,
      width: columns.size,
      read: inputs.channels,
      written: outputs.channels,
      readStride: outputs.channels,
      writtenStride: 1
    },
    epilogue: convolution.epilogue ?? {}
  })
}

/** The gradient by a convolution's input, from that by its output: a transposed convolution. */
export const convolveBack = (convolution: Convolution): Phase => {
  const { columns, rows } = convolution.window
  const { inputs, outputs } = imagesOf(convolution)
  const members = membersBackwards(columns, Math.floor(convolution.lanes / inputs.channels))
  return phase({
    ...convolution,
    name: titled("convolution back", outputs, inputs.channels),
    source: outputs,
    target: inputs,
    rows: backwards(rows, 1),
    columns: backwards(columns, members),
    filter: {
      slot: convolution.filter,
      height: rows.size,
      width: columns.size,
      read: outputs.channels,
      written: inputs.channels,
      readStride: 1,
      writtenStride: outputs.channels
    },
    epilogue: convolution.epilogue ?? {}
  })
}
