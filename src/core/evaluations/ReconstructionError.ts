/**
 * The mean squared error of reconstructions, comparable across losses and likelihoods, and the error of the mean image
 * as a baseline.
 */
import { Effect } from "effect"
import type { Examples } from "../Dataset.ts"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { labelsFor, TrainedModel } from "../TrainedModel.ts"
import { imagesAt } from "./Reconstructions.ts"

const evaluation = "ReconstructionError"

/** Number of images decoded at a time. */
const chunkSize = 1_000

/** The pixelwise mean of the examples, in [0, 1]. */
export const meanImage = ({ count, images }: Examples): Float64Array => {
  const size = images.length / count
  const sums = new Float64Array(size)
  images.forEach((value, place) => (sums[place % size]! += value))
  return sums.map((sum) => sum / count / 255)
}

/** `Σ (a - b)²`; a shorter `b` is repeated. */
const squaredError = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let place = 0; place < a.length; place++) sum += (a[place]! - b[place % b.length]!) ** 2
  return sum
}

/**
 * `reconstruction/mean-squared-error`: `(x - mean of p(x | z))²` at the mean of `q(z | x)`, per pixel (from 0 to 1),
 * averaged over all test images. `mean-image/mean-squared-error`: the same with the mean training image as every
 * reconstruction. If the first is no smaller than the second, the model ignores its codes.
 */
export const ReconstructionError = (): Evaluator => ({
  spec: { _tag: evaluation },
  needs: [],
  run: Effect.gen(function* () {
    const model = yield* TrainedModel
    const { data, decode, encode, shape } = model
    const { count, images } = data.test
    if (count === 0) return yield* new EvaluationError({ evaluation, reason: "there are no test images" })
    const average = meanImage(data.train)
    const sums = { reconstruction: 0, "mean-image": 0 }
    for (let start = 0; start < count; start += chunkSize) {
      const indices = Int32Array.from({ length: Math.min(chunkSize, count - start) }, (_, place) => start + place)
      const shown = imagesAt(data.test, shape, indices)
      const codes = yield* encode("test", indices)
      sums.reconstruction += squaredError(shown, yield* decode(codes.mean, labelsFor(model, "test", indices)))
      sums["mean-image"] += squaredError(shown, average)
    }
    return {
      metrics: Object.fromEntries(
        Object.entries(sums).map(([name, sum]) => [`${name}/mean-squared-error`, sum / images.length])
      ),
      figures: []
    }
  })
})
