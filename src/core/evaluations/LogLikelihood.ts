/**
 * The log likelihood of test images, estimated by importance sampling from the posterior.
 *
 * `log p(x)` is estimated by `log 1/S Σ p(x | z) p(z) / q(z | x)` over S codes, which bounds it from below in expectation
 * and comes nearer with more codes. Any prior, posterior with a density, and likelihood will do.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, eq. 8, https://arxiv.org/abs/1509.00519; Rezende, Mohamed and Wierstra
 * 2014, appendix E, https://arxiv.org/abs/1401.4082
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { mean } from "./Mean.ts"
import { stratified } from "./StratifiedSubset.ts"

const evaluation = "LogLikelihood"

/** `log 1/n Σ exp(x)` in double precision. */
export const logMeanExp = (values: Float32Array): number => {
  const largest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  if (!Number.isFinite(largest)) return largest
  return largest + Math.log(mean(Float64Array.from(values, (value) => Math.exp(value - largest))))
}

export interface LogLikelihoodOptions {
  /** Codes per image, from 1. Default: 5,000. */
  readonly samples?: number
  /** Test images, from 1; all where there are fewer. Default: 500. */
  readonly images?: number
}

/**
 * `test/log-likelihood` in nats per image, its standard error over the images, `test/log-likelihood-standard-error`, and
 * the number of images, `test/log-likelihood-images`. Fails where codes have no density.
 */
export const LogLikelihood = (options: LogLikelihoodOptions = {}): Evaluator => {
  const { images = 500, samples = 5_000 } = options
  const wrong = Object.entries({ images, samples }).find(([, count]) => !Number.isSafeInteger(count) || count < 1)
  return {
    spec: { _tag: evaluation, images, samples },
    needs: [],
    run: Effect.gen(function* () {
      if (wrong !== undefined) {
        const reason = `${wrong[0]} is ${wrong[1]}; it must be a whole number from 1`
        return yield* new EvaluationError({ evaluation, reason })
      }
      const { data, logWeights } = yield* TrainedModel
      const estimates = yield* Effect.forEach(stratified(data.test, images), (index) =>
        Effect.map(logWeights("test", index, samples), logMeanExp)
      )
      if (estimates.some(Number.isNaN) || estimates.length === 0) {
        const reason = estimates.length === 0 ? "there are no test images" : "the model's codes have no density"
        return yield* new EvaluationError({ evaluation, reason })
      }
      const average = mean(estimates)
      const variance = mean(estimates.map((value) => (value - average) ** 2))
      return {
        metrics: {
          "test/log-likelihood": average,
          "test/log-likelihood-standard-error": Math.sqrt(variance / estimates.length),
          "test/log-likelihood-images": estimates.length
        },
        figures: []
      }
    })
  }
}
