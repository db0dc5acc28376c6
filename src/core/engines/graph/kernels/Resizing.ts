/**
 * Resizing of images.
 */
import type { ResizeBilinearAttrs, ResizeNearestNeighborAttrs } from "@tensorflow/tfjs-core"
import { nearest, scaleOf } from "../../PatchedGradients.ts"
import type { Value } from "../Graph.ts"
import { type Kernels, onNumbers } from "../Kernel.ts"
import * as Op from "../Operators.ts"

interface Images {
  readonly images: Value
}

const resizeNearest = ({ images }: Images, options: ResizeNearestNeighborAttrs): Value =>
  options.size.reduce(
    (value, length, index) =>
      Op.gather(value, Op.indices(nearest(images.shape[index + 1]!, length, options)), index + 1),
    images
  )

/** `[output, input]`: the weight of each input element in each output element. */
const shares = (input: number, output: number, options: ResizeBilinearAttrs): Value => {
  const scale = scaleOf(input, output, options)
  const values = new Float32Array(output * input)
  for (let index = 0; index < output; index++) {
    const place = options.halfPixelCenters ? scale * (index + 0.5) - 0.5 : scale * index
    const below = Math.max(0, Math.floor(place))
    const above = Math.min(input - 1, Math.ceil(place))
    values[index * input + below]! += 1 - (place - below)
    values[index * input + above]! += place - below
  }
  return Op.constant("float32", [output, input], values)
}

/** Interpolates rows and then columns, by matrix products. */
const resizeBilinear = ({ images }: Images, options: ResizeBilinearAttrs): Value => {
  const [batch, height, width, channels] = images.shape as [number, number, number, number]
  const [rows, columns] = options.size as [number, number]
  const x = Op.reshape(Op.cast(images, "float32"), [batch, height, width * channels])
  const taller = Op.matMul(shares(height, rows, options), x)
  const wider = Op.matMul(shares(width, columns, options), Op.reshape(taller, [batch * rows, width, channels]))
  return Op.reshape(wider, [batch, rows, columns, channels])
}

export const resizing: Kernels = onNumbers({
  ResizeBilinear: resizeBilinear,
  ResizeNearestNeighbor: resizeNearest
})
