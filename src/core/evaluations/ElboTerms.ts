/**
 * The evidence lower bound on the test images, its two terms, and how many latent dimensions are in use.
 */
import { Effect } from "effect"
import { divergenceNames } from "../Divergence.ts"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { bitsPerDimension } from "./BitsPerDimension.ts"
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
 * `test/elbo = -(test/reconstruction + test/kl)` in nats per image, whatever weights the objective gave the terms, and
 * `test/active-units`, a number of dimensions. The reconstruction is estimated with one code per image, and so is the
 * divergence where it has no closed form: it is then named `test/kl-estimate`. Where codes have no density the divergence
 * is infinite, and neither it nor `test/elbo` is given. Where the likelihood gives probabilities of discrete pixels,
 * `test/bits-per-dimension = -test/elbo / (pixels log 2)`.
 */
export const ElboTerms = (): Evaluator => ({
  spec: { _tag: evaluation },
  needs: [],
  run: Effect.gen(function* () {
    const model = yield* TrainedModel
    const terms = yield* model.terms("test")
    const { reconstruction } = terms
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
    const rate = divergenceNames.flatMap((name) =>
      terms[name] === undefined ? [] : [{ name, value: mean(terms[name]) }]
    )[0]
    return {
      metrics: {
        ...(rate !== undefined && { "test/elbo": -(distortion + rate.value) }),
        "test/reconstruction": distortion,
        ...(rate !== undefined && { [`test/${rate.name}`]: rate.value }),
        ...(rate !== undefined &&
          model.levels !== undefined && {
            "test/bits-per-dimension": bitsPerDimension(distortion + rate.value, model.shape)
          }),
        "test/active-units": activeUnits(codes.mean, model.latent)
      },
      figures: []
    }
  })
})
