/**
 * Windows that slide over images, and the layouts of images: TensorFlow.js has channels last, ONNX has channels first.
 */
import type { backend_util } from "@tensorflow/tfjs-core"
import type { Attribute, Value } from "./Graph.ts"
import { NotRecordable } from "./Kernel.ts"
import * as Op from "./Operators.ts"

/** `[batch, height, width, channels]` as `[batch, channels, height, width]`. */
export const channelsFirst = (x: Value): Value => Op.transpose(x, [0, 3, 1, 2])

/** `[batch, channels, height, width]` as `[batch, height, width, channels]`. */
export const channelsLast = (x: Value): Value => Op.transpose(x, [0, 2, 3, 1])

/** A window along one axis of an image: it stops at `output` places, `stride` apart, of a padded axis. */
export interface Axis {
  readonly input: number
  readonly output: number
  /** Elements of the window, which are `dilation` apart. */
  readonly size: number
  readonly stride: number
  readonly dilation: number
  /** Padding; none where windows leave the end of the axis out. */
  readonly before: number
  readonly after: number
}

export interface Window {
  readonly rows: Axis
  readonly columns: Axis
}

/** Whether every window lies within the image and its elements are neighbours. */
export const isUnpadded = ({ columns, rows }: Window): boolean =>
  [rows, columns].every(({ after, before, dilation }) => before === 0 && after === 0 && dilation === 1)

/** Elements from a window's first to its last. */
export const reach = ({ size, dilation }: Axis): number => (size - 1) * dilation + 1

/** Elements that the windows cover, padding included, from the first window's first to the last window's last. */
export const covered = (axis: Axis): number => (axis.output - 1) * axis.stride + reach(axis)

const along = (axis: Omit<Axis, "after">): Axis => {
  const padded = { ...axis, after: 0 }
  return { ...axis, after: Math.max(0, covered(padded) - axis.input - axis.before) }
}

/** The window that TensorFlow.js describes. */
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

/** The window as ONNX's attributes. */
export const attributesOf = ({ rows, columns }: Window): Readonly<Record<string, Attribute>> => ({
  kernel_shape: [rows.size, columns.size],
  strides: [rows.stride, columns.stride],
  dilations: [rows.dilation, columns.dilation],
  pads: [rows.before, columns.before, rows.after, columns.after]
})

/** The window as ONNX's attributes of the operators that go from its outputs to its inputs. */
export const transposedAttributesOf = (window: Window): Readonly<Record<string, Attribute>> => {
  const missed = (axis: Axis): number => axis.input + axis.before + axis.after - covered(axis)
  return { ...attributesOf(window), output_padding: [missed(window.rows), missed(window.columns)] }
}

/** A gradient has the shape of what it is the gradient of; some of TensorFlow.js's forget how sizes were rounded. */
export const checkOutput = (dy: Value, { outShape }: backend_util.Conv2DInfo): void => {
  if (dy.shape.some((length, axis) => length !== outShape[axis])) {
    throw new NotRecordable(`a gradient of shape [${dy.shape}] does not fit windows whose output is [${outShape}]`)
  }
}

/**
 * What each element of the window sees: `[batch, channels, output rows, output columns]` for each of its rows and
 * columns, from `[batch, channels, height, width]`.
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
