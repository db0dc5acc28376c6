/**
 * Convolutions and pooling with any padding. TensorFlow supports only "valid" and "same": for others, images are padded
 * first and gradients are cropped.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Call, Kernel } from "./Kernel.ts"

type Images = [number, number, number, number]
type Padding = [[number, number], [number, number], [number, number], [number, number]]

/** The geometry of a sliding window. */
type Windows = Pick<
  tf.backend_util.Conv2DInfo,
  | "dataFormat"
  | "padInfo"
  | "inHeight"
  | "inWidth"
  | "outHeight"
  | "outWidth"
  | "strideHeight"
  | "strideWidth"
  | "effectiveFilterHeight"
  | "effectiveFilterWidth"
>

/** The explicit padding; undefined if TensorFlow supports the padding. */
const paddingOf = (windows: Windows): Padding => {
  const { top, left } = windows.padInfo
  const after = (input: number, output: number, stride: number, size: number, before: number): number =>
    Math.max(0, (output - 1) * stride + size - input - before)
  const rows = after(windows.inHeight, windows.outHeight, windows.strideHeight, windows.effectiveFilterHeight, top)
  const columns = after(windows.inWidth, windows.outWidth, windows.strideWidth, windows.effectiveFilterWidth, left)
  return windows.dataFormat === "channelsFirst"
    ? [
        [0, 0],
        [0, 0],
        [top, rows],
        [left, columns]
      ]
    : [
        [0, 0],
        [top, rows],
        [left, columns],
        [0, 0]
      ]
}

const padded = (images: tf.Tensor, padding: Padding, value = 0): tf.Tensor => tf.pad(images, padding, value)

const paddedShape = (shape: ReadonlyArray<number>, padding: Padding): Images =>
  shape.map((length, axis) => length + padding[axis]![0] + padding[axis]![1]) as Images

const cut = (images: tf.Tensor, shape: ReadonlyArray<number>, padding: Padding): tf.Tensor =>
  tf.slice(
    images,
    padding.map(([before]) => before),
    [...shape]
  )

const isNative = ({ padInfo }: Windows): boolean => padInfo.type === "VALID" || padInfo.type === "SAME"

const convolution = ({ attributes }: Call, images: ReadonlyArray<number>, filter: ReadonlyArray<number>) =>
  tf.backend_util.computeConv2DInfo(
    images as Images,
    filter as Images,
    attributes["strides"],
    attributes["dilations"] ?? 1,
    attributes["pad"],
    attributes["dimRoundingMode"],
    false,
    tf.backend_util.convertConv2DDataFormat(attributes["dataFormat"])
  )

const pooling = ({ attributes }: Call, images: tf.Tensor) =>
  tf.backend_util.computePool2DInfo(
    images.shape as Images,
    attributes["filterSize"],
    attributes["strides"],
    1,
    attributes["pad"],
    attributes["dimRoundingMode"]
  )

const valid = { pad: "valid" }

const Conv2D: Kernel = (call) => {
  const { x, filter } = call.inputs
  const windows = convolution(call, x!.shape, filter!.shape)
  return isNative(windows) ? call.native() : call.native({ x: padded(x!, paddingOf(windows)) }, valid)
}

const Conv2DBackpropFilter: Kernel = (call) => {
  const x = call.inputs["x"]!
  const windows = convolution(call, x.shape, call.attributes["filterShape"])
  return isNative(windows) ? call.native() : call.native({ x: padded(x, paddingOf(windows)) }, valid)
}

const Conv2DBackpropInput: Kernel = (call) => {
  const shape: Images = call.attributes["inputShape"]
  const windows = convolution(call, shape, call.inputs["filter"]!.shape)
  if (isNative(windows)) return call.native()
  const padding = paddingOf(windows)
  return cut(call.native({}, { ...valid, inputShape: paddedShape(shape, padding) }), shape, padding)
}

/** A value below every element of a type. */
const lowest = ({ dtype }: tf.Tensor): number => (dtype === "float32" ? -Infinity : -(2 ** 31))

const MaxPool: Kernel = (call) => {
  const x = call.inputs["x"]!
  const windows = pooling(call, x)
  return isNative(windows) ? call.native() : call.native({ x: padded(x, paddingOf(windows), lowest(x)) }, valid)
}

const MaxPoolGrad: Kernel = (call) => {
  const input = call.inputs["input"]!
  const windows = pooling(call, input)
  if (isNative(windows)) return call.native()
  const padding = paddingOf(windows)
  return cut(call.native({ input: padded(input, padding, lowest(input)) }, valid), input.shape, padding)
}

/** Average pooling that excludes the padding. */
const AvgPool: Kernel = (call) => {
  const x = call.inputs["x"]!
  const windows = pooling(call, x)
  if (isNative(windows)) return call.native()
  const padding = paddingOf(windows)
  const present = padded(tf.ones([1, ...x.shape.slice(1, 3), 1]), padding)
  return tf.div(call.native({ x: padded(x, padding) }, valid), call.native({ x: present }, valid))
}

/**
 * Gradient of average pooling that divides by the window's size, like the plain backend's; see `PatchedGradients.ts`.
 */
const AvgPoolGrad: Kernel = (call) => {
  const input = call.inputs["input"]!
  const windows = pooling(call, input)
  if (windows.padInfo.type === "VALID") return call.native()
  const padding = paddingOf(windows)
  return cut(call.native({ input: padded(input, padding) }, valid), input.shape, padding)
}

export const windows: Readonly<Record<string, Kernel>> = {
  AvgPool,
  AvgPoolGrad,
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  MaxPool,
  MaxPoolGrad
}
