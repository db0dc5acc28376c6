/**
 * Corrects wrong gradients of TensorFlow.js, for every engine.
 *
 * The gradient of average pooling divides by the window's size even where padding reduces the number of elements. The
 * plain backend's gradient of a nearest-neighbour resize reads the wrong images of a batch.
 */
import * as tf from "@tensorflow/tfjs-core"

/** How images are resized along an axis. */
export interface Resizing {
  readonly alignCorners: boolean
  readonly halfPixelCenters: boolean
}

/** Scale from output to input coordinates along an axis. */
export const scaleOf = (input: number, output: number, { alignCorners }: Resizing): number =>
  alignCorners && output > 1 ? (input - 1) / (output - 1) : input / output

/** Index of the nearest input element for each output element along an axis. */
export const nearest = (input: number, output: number, options: Resizing): ReadonlyArray<number> => {
  const scale = scaleOf(input, output, options)
  return Array.from({ length: output }, (_, index) => {
    const place = scale * (options.halfPixelCenters ? index + 0.5 : index)
    return Math.min(input - 1, Math.max(0, options.alignCorners ? Math.round(place) : Math.floor(place)))
  })
}

/** `[input, output]`: 1 if the input element is the output element's nearest. */
const origins = (input: number, output: number, options: Resizing): tf.Tensor2D => {
  const places = nearest(input, output, options)
  const rows = Array.from({ length: input }, (_, row) => places.map((place) => Number(place === row)))
  return tf.tensor2d(rows, [input, output], "float32")
}

type Images = readonly [number, number, number, number]

const nearestGradient = (dy: tf.Tensor, images: Images, options: Resizing): tf.Tensor => {
  const [batch, height, width, channels] = images
  const [, rows, columns] = dy.shape as [number, number, number]
  const flat = tf.reshape(dy, [batch, rows, columns * channels])
  const shorter = tf.reshape(tf.matMul(origins(height, rows, options), flat), [batch * height, columns, channels])
  return tf.reshape(tf.matMul(origins(width, columns, options), shorter), [...images])
}

/** Number of elements of an axis in each window. */
const counts = (input: number, output: number, size: number, stride: number, before: number): ReadonlyArray<number> =>
  Array.from({ length: output }, (_, index) => {
    const first = index * stride - before
    return Math.min(input, first + size) - Math.max(0, first)
  })

const averageGradient = (dy: tf.Tensor, x: tf.Tensor4D, attributes: tf.AvgPoolAttrs): tf.Tensor => {
  const { filterSize, strides, pad } = attributes
  const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad)
  const { inHeight, outHeight, filterHeight, strideHeight, inWidth, outWidth, filterWidth, strideWidth } = info
  const rows = counts(inHeight, outHeight, filterHeight, strideHeight, info.padInfo.top)
  const columns = counts(inWidth, outWidth, filterWidth, strideWidth, info.padInfo.left)
  const share = rows.flatMap((row) => columns.map((column) => (filterHeight * filterWidth) / (row * column)))
  const shared = share.every((part) => part === 1) ? dy : tf.mul(dy, tf.tensor(share, [1, outHeight, outWidth, 1]))
  return tf.engine().runKernel(tf.AvgPoolGrad, { dy: shared, input: x }, { filterSize, strides, pad })
}

/** Replaces TensorFlow.js's gradients, which must be registered already. */
export const patchGradients = (): void => {
  tf.registerGradient({
    kernelName: tf.ResizeNearestNeighbor,
    inputsToSave: ["images"],
    gradFunc: (dy, [images], attributes) => ({
      images: () =>
        nearestGradient(dy as tf.Tensor, images!.shape as unknown as Images, attributes as unknown as Resizing)
    })
  })

  tf.registerGradient({
    kernelName: tf.AvgPool,
    inputsToSave: ["x"],
    gradFunc: (dy, [x], attributes) => ({
      x: () => averageGradient(dy as tf.Tensor, x as tf.Tensor4D, attributes as unknown as tf.AvgPoolAttrs)
    })
  })
}
