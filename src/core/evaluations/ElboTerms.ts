/**
 * The evidence lower bound on the test images, its two terms, and how many latent dimensions are in use.
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { mean } from "./Mean.ts"

const evaluation = "ElboTerms"

/** A dimension is active where its posterior mean varies more than this over the examples. */
const activeAbove = 0.01

/**
 * Number of dimensions whose posterior mean, `[count, latent]`, has a variance above 0.01 over the examples.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, section 5.2, https://arxiv.org/abs/1509.00519
 */
export const activeUnits = (means: Float32Array, latent: number): number => {
  const count = means.length / latent
  const varianceOf = (dimension: number): number => {
    const values = Float64Array.from({ length: count }, (_, index) => means[index * latent + dimension]!)
    const average = values.reduce((sum, value) => sum + value, 0) / count
    return values.reduce((sum, value) => sum + (value - average) ** 2, 0) / count
  }
  return Array.from({ length: latent }, (_, dimension) => varianceOf(dimension)).filter((v) => v > activeAbove).length
}

/**
 * `test/elbo = -(test/reconstruction + test/kl)` in nats an image, whatever weights the objective gave the terms, and
 * `test/active-units`, a number of dimensions. A term is estimated with one code an image. Where codes have no density
 * the KL divergence is infinite, and `test/kl` and `test/elbo` are left out.
 */
export const ElboTerms = (): Evaluator => ({
  spec: { _tag: evaluation },
  needs: [],
  run: Effect.gen(function* () {
    const model = yield* TrainedModel
    const { kl, reconstruction } = yield* model.terms("test")
    if (reconstruction === undefined || reconstruction.length === 0) {
      return yield* new EvaluationError({
        evaluation,
        reason: `the objective must give the term "reconstruction" for at least one test image`
      })
    }
    const codes = yield* model.encode(
      "test",
      Int32Array.from({ length: model.data.test.count }, (_, index) => index)
    )
    const distortion = mean(reconstruction)
    const rate = kl && mean(kl)
    return {
      metrics: {
        ...(rate !== undefined && { "test/elbo": -(distortion + rate) }),
        "test/reconstruction": distortion,
        ...(rate !== undefined && { "test/kl": rate }),
        "test/active-units": activeUnits(codes.mean, model.latent)
      },
      figures: []
    }
  })
})
