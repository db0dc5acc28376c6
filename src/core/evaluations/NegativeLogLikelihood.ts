/**
 * The negative log likelihood of test images, estimated by importance sampling from the posterior.
 *
 * `-log p(x)` is estimated by `-log 1/S Σ p(x | z) p(z) / q(z | x)` over S codes, which bounds it from above in
 * expectation and comes nearer with more codes. Works with any prior, any posterior that has a density, and any
 * likelihood. An image's codes are decoded in chunks, so memory does not grow with S.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, eq. 8, https://arxiv.org/abs/1509.00519; Rezende, Mohamed and Wierstra
 * 2014, appendix E, https://arxiv.org/abs/1401.4082
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { bitsPerDimension } from "./BitsPerDimension.ts"
import { mean } from "./Mean.ts"
import { stratified } from "./StratifiedSubset.ts"
import { countsProblem } from "../OptionProblem.ts"

const evaluation = "NegativeLogLikelihood"

/** `log 1/n Σ exp(x)` in double precision. */
export const logMeanExp = (values: Float32Array): number => {
  const largest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  if (!Number.isFinite(largest)) return largest
  return largest + Math.log(mean(Float64Array.from(values, (value) => Math.exp(value - largest))))
}

export interface NegativeLogLikelihoodOptions {
  /** Codes per image, from 1. Default: 5,000. */
  readonly samples?: number
  /** Test images, from 1; all where there are fewer. Default: 500. */
  readonly images?: number
}

/**
 * `test/nll` in nats per image, its standard error over the images `test/nll-standard-error`, and the number of images
 * `test/nll-images`. The error says how far another draw of test images could lie; one image has none. Where the
 * likelihood gives probabilities of discrete pixels, `test/nll-bits-per-dimension = test/nll / (pixels log 2)`. Fails
 * where codes have no density.
 */
export const NegativeLogLikelihood = (options: NegativeLogLikelihoodOptions = {}): Evaluator => {
  const { images = 500, samples = 5_000 } = options
  const problem = countsProblem({ images, samples })
  return {
    spec: { _tag: evaluation, images, samples },
    needs: [],
    run: Effect.gen(function* () {
      if (problem !== undefined) return yield* new EvaluationError({ evaluation, reason: problem })
      const { data, levels, logWeights, shape } = yield* TrainedModel
      const estimates = yield* Effect.forEach(stratified(data.test, images), (index) =>
        Effect.map(logWeights("test", index, samples), (weights) => -logMeanExp(weights))
      )
      if (estimates.some(Number.isNaN) || estimates.length === 0) {
        const reason = estimates.length === 0 ? "there are no test images" : "the model's codes have no density"
        return yield* new EvaluationError({ evaluation, reason })
      }
      const count = estimates.length
      const average = mean(estimates)
      const squares = estimates.reduce((sum, value) => sum + (value - average) ** 2, 0)
      return {
        metrics: {
          "test/nll": average,
          ...(count > 1 && { "test/nll-standard-error": Math.sqrt(squares / (count - 1) / count) }),
          "test/nll-images": count,
          ...(levels !== undefined && { "test/nll-bits-per-dimension": bitsPerDimension(average, shape) })
        },
        figures: []
      }
    })
  }
}
