/**
 * Geometry of sliding windows, and conversions between channels last (TensorFlow.js) and channels first (ONNX).
 */
import type { backend_util } from "@tensorflow/tfjs-core"
import type { Attribute, Value } from "./Graph.ts"
import { NotRecordable } from "./Kernel.ts"
import * as Op from "./Operators.ts"

/** Converts `[batch, height, width, channels]` to `[batch, channels, height, width]`. */
export const channelsFirst = (x: Value): Value => Op.transpose(x, [0, 3, 1, 2])

/** Converts `[batch, channels, height, width]` to `[batch, height, width, channels]`. */
export const channelsLast = (x: Value): Value => Op.transpose(x, [0, 2, 3, 1])

/** A window along one padded axis of an image, with `output` positions, `stride` apart. */
export interface Axis {
  readonly input: number
  readonly output: number
  /** Number of elements of the window, `dilation` apart. */
  readonly size: number
  readonly stride: number
  readonly dilation: number
  /** Padding at the end; 0 if the windows do not cover the end of the axis. */
  readonly before: number
  readonly after: number
}

export interface Window {
  readonly rows: Axis
  readonly columns: Axis
}

/** Whether there is neither padding nor dilation. */
export const isUnpadded = ({ columns, rows }: Window): boolean =>
  [rows, columns].every(({ after, before, dilation }) => before === 0 && after === 0 && dilation === 1)

/** Extent of a window, dilation included. */
export const reach = ({ size, dilation }: Axis): number => (size - 1) * dilation + 1

/** Length that all windows cover, padding included. */
export const covered = (axis: Axis): number => (axis.output - 1) * axis.stride + reach(axis)

const along = (axis: Omit<Axis, "after">): Axis => {
  const padded = { ...axis, after: 0 }
  return { ...axis, after: Math.max(0, covered(padded) - axis.input - axis.before) }
}

/** The window of TensorFlow.js's convolution information. */
export const windowOf = (info: backend_util.Conv2DInfo): Window => {
  const { top, left } = info.padInfo
  if (info.dataFormat !== "channelsLast") throw new NotRecordable('images are recorded in the data format "NHWC" only')
  if (top < 0 || left < 0) throw new NotRecordable("windows with negative padding are not recorded")
  return {
    rows: along({
      input: info.inHeight,
      output: info.outHeight,
      size: info.filterHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
      before: top
    }),
    columns: along({
      input: info.inWidth,
      output: info.outWidth,
      size: info.filterWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
      before: left
    })
  }
}

/** ONNX's attributes of the window. */
export const attributesOf = ({ rows, columns }: Window): Readonly<Record<string, Attribute>> => ({
  kernel_shape: [rows.size, columns.size],
  strides: [rows.stride, columns.stride],
  dilations: [rows.dilation, columns.dilation],
  pads: [rows.before, columns.before, rows.after, columns.after]
})

/** ONNX's attributes of the window's transposed operator. */
export const transposedAttributesOf = (window: Window): Readonly<Record<string, Attribute>> => {
  const missed = (axis: Axis): number => axis.input + axis.before + axis.after - covered(axis)
  return { ...attributesOf(window), output_padding: [missed(window.rows), missed(window.columns)] }
}

/** Checks that a gradient has the output's shape; some of TensorFlow.js's gradients ignore the rounding of sizes. */
export const checkOutput = (dy: Value, { outShape }: backend_util.Conv2DInfo): void => {
  if (dy.shape.some((length, axis) => length !== outShape[axis])) {
    throw new NotRecordable(`a gradient of shape [${dy.shape}] does not fit windows whose output is [${outShape}]`)
  }
}

/**
 * The patches of the window: `[batch, channels, output rows, output columns]` for each of its elements, from
 * `[batch, channels, height, width]`.
 */
export const seen = (x: Value, { rows, columns }: Window, padding: number): ReadonlyArray<Value> => {
  const padded = Op.pad(
    x,
    [
      [0, 0],
      [0, 0],
      [rows.before, rows.after],
      [columns.before, columns.after]
    ],
    Op.like(x, padding)
  )
  const size = [...x.shape.slice(0, 2), rows.output, columns.output]
  return Array.from({ length: rows.size * columns.size }, (_, index) => {
    const row = Math.floor(index / columns.size) * rows.dilation
    const column = (index % columns.size) * columns.dilation
    return Op.slice(padded, [0, 0, row, column], size, [1, 1, rows.stride, columns.stride])
  })
}
