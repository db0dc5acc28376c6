/**
 * Convolutions and their gradients, by ONNX's `Conv` and `ConvTranspose` with channels first.
 *
 * Filters are `[height, width, in, out]` in TensorFlow.js.
 */
import {
  backend_util,
  type Conv2DAttrs,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropInputAttrs
} from "@tensorflow/tfjs-core"
import { correlate } from "../Correlation.ts"
import type { Value } from "../Graph.ts"
import { type Kernels, NotRecordable } from "../Kernel.ts"
import * as Op from "../Operators.ts"
import {
  attributesOf,
  type Axis,
  channelsFirst,
  channelsLast,
  checkOutput,
  reach,
  transposedAttributesOf,
  type Window,
  windowOf
} from "../Window.ts"

type Shape4D = [number, number, number, number]
type Attributes = Omit<Conv2DAttrs, "dilations"> & { readonly dilations?: Conv2DAttrs["dilations"] }

/** The convolution of an input and a filter of these shapes. */
export const infoOf = (
  x: ReadonlyArray<number>,
  filter: ReadonlyArray<number>,
  attributes: Attributes
): backend_util.Conv2DInfo => {
  const { strides, dilations, pad, dataFormat, dimRoundingMode } = attributes
  if (dataFormat === "NCHW") throw new NotRecordable('convolutions are recorded in the data format "NHWC" only')
  return backend_util.computeConv2DInfo(
    [...x] as Shape4D,
    [...filter] as Shape4D,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode
  )
}

const convolve = (x: Value, filter: Value, window: Window): Value => {
  const shape = [x.shape[0]!, filter.shape[0]!, window.rows.output, window.columns.output]
  return Op.operation("Conv", [x, filter], shape, "float32", attributesOf(window))
}

const convolution = ({ x, filter }: { readonly x: Value; readonly filter: Value }, attributes: Conv2DAttrs): Value => {
  const window = windowOf(infoOf(x.shape, filter.shape, attributes))
  return channelsLast(convolve(channelsFirst(x), Op.transpose(filter, [3, 2, 0, 1]), window))
}

/** The window of the transposed convolution of a stride-1 window; undefined if it would crop. */
const backwards = (axis: Axis): Axis | undefined => {
  const before = reach(axis) - 1 - axis.before
  const after = axis.input - axis.output + axis.before
  return axis.stride === 1 && before >= 0 && after >= 0
    ? { ...axis, input: axis.output, output: axis.input, before, after }
    : undefined
}

/** The gradient with respect to a convolution's input: a transposed convolution of the output's gradient. */
const inputGradient = (
  { dy, filter }: { readonly dy: Value; readonly filter: Value },
  attributes: Conv2DBackpropInputAttrs
): Value => {
  const info = infoOf(attributes.inputShape, filter.shape, attributes)
  checkOutput(dy, info)
  const window = windowOf(info)
  const [rows, columns] = [backwards(window.rows), backwards(window.columns)]
  const { batchSize, inChannels, outChannels, inHeight, inWidth } = info
  if (rows !== undefined && columns !== undefined && 4 * inChannels > outChannels) {
    // With stride 1 it is a convolution with the reversed filter, which is faster except for few channels.
    const [height, width] = filter.shape as Shape4D
    const flipped = Op.slice(filter, [height - 1, width - 1, 0, 0], filter.shape, [-1, -1, 1, 1])
    return channelsLast(convolve(channelsFirst(dy), Op.transpose(flipped, [2, 3, 0, 1]), { rows, columns }))
  }
  const inputs = [channelsFirst(dy), Op.transpose(filter, [3, 2, 0, 1])]
  const shape = [batchSize, inChannels, inHeight, inWidth]
  return channelsLast(Op.operation("ConvTranspose", inputs, shape, "float32", transposedAttributesOf(window)))
}

/** The gradient with respect to a convolution's filter. */
const filterGradient = (
  { x, dy }: { readonly x: Value; readonly dy: Value },
  attributes: Conv2DBackpropFilterAttrs
): Value => {
  const info = infoOf(x.shape, attributes.filterShape, attributes)
  checkOutput(dy, info)
  return correlate(channelsFirst(x), channelsFirst(dy), windowOf(info))
}

export const convolutions: Kernels = {
  Conv2D: convolution,
  Conv2DBackpropFilter: filterGradient,
  Conv2DBackpropInput: inputGradient
}
