/**
 * Pooling and its gradients.
 */
import {
  type AvgPoolAttrs,
  type AvgPoolGradAttrs,
  backend_util,
  type MaxPoolAttrs,
  type MaxPoolGradAttrs
} from "@tensorflow/tfjs-core"
import type { Value } from "../Graph.ts"
import { type Kernels, type One, onNumbers, through } from "../Kernel.ts"
import * as Op from "../Operators.ts"
import {
  attributesOf,
  channelsFirst,
  channelsLast,
  checkOutput,
  seen,
  transposedAttributesOf,
  type Window,
  windowOf
} from "../Window.ts"

type Attributes = AvgPoolGradAttrs & Pick<MaxPoolAttrs, "dimRoundingMode">

/** The pooling of an image. */
export const infoOf = (x: Value, { filterSize, strides, pad, dimRoundingMode }: Attributes): backend_util.Conv2DInfo =>
  backend_util.computePool2DInfo(
    [...x.shape] as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode
  )

const pool = (operator: string, x: Value, attributes: Attributes): Value => {
  const window = windowOf(infoOf(x, attributes))
  // AveragePool has no dilations in this operator set, and TensorFlow.js uses none.
  const { dilations: _, ...slides } = attributesOf(window)
  const images = channelsFirst(x)
  const shape = [...images.shape.slice(0, 2), window.rows.output, window.columns.output]
  return channelsLast(Op.operation(operator, [images], shape, x.type, slides))
}

/**
 * Scatters the windows' elements to the pixels that they cover and sums them: from
 * `[images, elements of the window, output rows, output columns]` to `[images, 1, height, width]`.
 *
 * A transposed convolution with one-hot filters, or with a constant filter if all elements of a window are equal.
 */
const gather = (held: Value, window: Window, weight: number): Value => {
  const { rows, columns } = window
  const size = rows.size * columns.size
  const elements = held.shape[1]!
  const filters = Float32Array.from({ length: elements * size }, (_, index) =>
    elements === 1 || index % size === Math.floor(index / size) ? weight : 0
  )
  const filter = Op.constant("float32", [elements, 1, rows.size, columns.size], filters)
  const shape = [held.shape[0]!, 1, rows.input, columns.input]
  return Op.operation("ConvTranspose", [held, filter], shape, "float32", transposedAttributesOf(window))
}

/** The gradient goes to the first maximum of each window. */
const maxGradient = (
  { dy, input }: { readonly dy: Value; readonly input: Value },
  attributes: MaxPoolGradAttrs
): Value => {
  const info = infoOf(input, attributes)
  checkOutput(dy, info)
  const window = windowOf(info)
  const images = channelsFirst(input)
  const [batch, channels] = images.shape as [number, number]
  const outputs = [batch * channels, 1, info.outHeight, info.outWidth]
  const elements = Op.concat(
    seen(images, window, Number.NEGATIVE_INFINITY).map((value) => Op.reshape(value, outputs)),
    1
  )
  const largest = Op.operation("ArgMax", [elements], outputs, "int64", { axis: 1, keepdims: 1 })
  const count = elements.shape[1]!
  const numbers = Op.reshape(Op.indices(Array.from({ length: count }, (_, index) => index)), [1, count, 1, 1])
  const held = Op.where(Op.equal(largest, numbers), Op.reshape(channelsFirst(dy), outputs), Op.scalar(0))
  return channelsLast(Op.reshape(gather(held, window, 1), images.shape))
}

/** As in TensorFlow.js, each window's gradient is divided by the window's size, padding included. */
const averageGradient = (
  { dy, input }: { readonly dy: Value; readonly input: Value },
  attributes: AvgPoolGradAttrs
): Value => {
  const info = infoOf(input, attributes)
  checkOutput(dy, info)
  const { batchSize, inChannels, outHeight, outWidth, inHeight, inWidth, filterHeight, filterWidth } = info
  const held = Op.reshape(channelsFirst(dy), [batchSize * inChannels, 1, outHeight, outWidth])
  const sums = gather(held, windowOf(info), 1 / (filterHeight * filterWidth))
  return channelsLast(Op.reshape(sums, [batchSize, inChannels, inHeight, inWidth]))
}

export const pooling: Kernels = onNumbers({
  AvgPool: ({ x }: One, attributes: AvgPoolAttrs) => pool("AveragePool", x, attributes),
  AvgPoolGrad: averageGradient,
  MaxPool: ({ x }: One, attributes: MaxPoolAttrs) =>
    x.type === "float32"
      ? pool("MaxPool", x, attributes)
      : through("float64", (value) => pool("MaxPool", value, attributes))(x),
  MaxPoolGrad: maxGradient
})
