import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import type { Likelihood } from "../../../src/core/Likelihood.ts"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { GaussianLikelihood } from "../../../src/core/likelihoods/Gaussian.ts"
import type { LossTerm } from "../../../src/core/LossTerm.ts"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as BetaElbo from "../../../src/core/objectives/BetaElbo.ts"
import * as CompositeLoss from "../../../src/core/objectives/CompositeLoss.ts"
import type { Posterior } from "../../../src/core/Posterior.ts"
import { Deterministic } from "../../../src/core/posteriors/Deterministic.ts"
import { FixedDeviationGaussian } from "../../../src/core/posteriors/FixedDeviationGaussian.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { LatentL2Penalty } from "../../../src/core/terms/LatentL2Penalty.ts"
import { KlDivergence } from "../../../src/core/terms/KlDivergence.ts"
import { ReconstructionLoss } from "../../../src/core/terms/ReconstructionLoss.ts"
import { HalfSquaredError, MeanSquaredError } from "../../../src/core/terms/SquaredError.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import {
  assertClose,
  assertFinite,
  normalValues,
  read,
  timeAt,
  toTensor,
  uniformValues
} from "../../../src/testing/TensorProbe.ts"

const compositions: Readonly<Record<string, ReadonlyArray<LossTerm>>> = {
  "the ELBO": [ReconstructionLoss(), KlDivergence()],
  "SimpleVAE's loss": [HalfSquaredError(), LatentL2Penalty()],
  "guipet's loss": [ReconstructionLoss(), KlDivergence({ reduction: "mean" })],
  "the loss of the five steps": [MeanSquaredError(), KlDivergence()],
  "the annotated example's loss": [ReconstructionLoss({ reduction: "mean" }), KlDivergence({ weight: 1 / 4 })],
  "reconstruction alone": [ReconstructionLoss(), KlDivergence({ weight: 0 })]
}

for (const [name, terms] of Object.entries(compositions)) objectiveContract(name, CompositeLoss.layer(...terms))

const seeds = [1, 2, 3]

/** The terms of two examples of six pixels with three latent dimensions, and of what they are made. */
const at = (
  seed: number,
  members: ReadonlyArray<LossTerm>,
  posterior: Posterior = LogVarianceGaussian(),
  likelihood: Likelihood = BernoulliLogits()
) =>
  read(() => {
    const images = toTensor<tf.Tensor4D>(uniformValues(seed, "images", [2, 3, 2, 1]))
    const q = posterior.fromHeads(posterior.heads.map((head) => toTensor(normalValues(seed, head, [2, 3]))))
    const noise = toTensor<tf.Tensor2D>(normalValues(seed, "noise", [2, 3]))
    const kernel = toTensor<tf.Tensor2D>(normalValues(seed, "kernel", [3, 6], 0.3))
    const decode = (codes: tf.Tensor2D) => likelihood.fromOutput(tf.reshape(tf.matMul(codes, kernel), [2, 3, 2, 1]))
    return {
      ...CompositeLoss.terms(...members)({
        images,
        posterior: q,
        prior: standardNormal,
        priorCodes: () => tf.zeros<tf.Rank.R2>([2, 3]),
        examples: 2,
        noise,
        decode,
        time: timeAt(1)
      }),
      images,
      mean: q.mean,
      deviation: q.deviation,
      reproduction: decode(q.sample(noise)).mean
    } as Record<string, tf.Tensor>
  })

/** `f` of each example's row. */
const rows = <A>(values: Float32Array, f: (row: ReadonlyArray<number>) => A): ReadonlyArray<A> => {
  const length = values.length / 2
  return [0, 1].map((row) => f([...values.subarray(row * length, (row + 1) * length)]))
}
const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

const squares = (found: ReturnType<typeof at>): ReadonlyArray<number> =>
  rows(
    found["images"]!.values.map((value, index) => (value - found["reproduction"]!.values[index]!) ** 2),
    sum
  )

const kls = (found: ReturnType<typeof at>): ReadonlyArray<number> =>
  rows(
    found["mean"]!.values.map((mean, index) => {
      const deviation = found["deviation"]!.values[index]!
      return 0.5 * (mean ** 2 + deviation ** 2 - 1 - Math.log(deviation ** 2))
    }),
    sum
  )

/** `-Σ x log p + (1 - x) log(1 - p)`. */
const crossEntropies = (found: ReturnType<typeof at>): ReadonlyArray<number> =>
  rows(
    found["images"]!.values.map((x, index) => {
      const p = found["reproduction"]!.values[index]!
      return -(x * Math.log(p) + (1 - x) * Math.log(1 - p))
    }),
    sum
  )

describe("CompositeLoss", () => {
  it.each(seeds)("gives SimpleVAE's (pixels MSE + mean(latent²)) / 2, and its terms, seed %i", (seed) => {
    const found = at(seed, compositions["SimpleVAE's loss"]!, FixedDeviationGaussian({ deviation: 0.5 }))
    const codes = rows(found["mean"]!.values, (row) => sum(row.map((value) => value ** 2)) / 3)
    const errors = squares(found)
    assertClose(
      found["half-squared-error"]!.values,
      errors.map((error) => error / 2),
      1e-5
    )
    assertClose(
      found["half-mean-squared-code"]!.values,
      codes.map((code) => code / 2),
      1e-5
    )
    assertClose(
      found["loss"]!.values,
      errors.map((error, row) => (6 * (error / 6) + codes[row]!) / 2),
      1e-5
    )
    assertClose(found["reconstruction"]!.values, crossEntropies(found), 1e-5)
    assertClose(found["kl"]!.values, kls(found), 1e-5)
  })

  it.each(seeds)("gives the summed cross entropy plus the mean of the KL over dimensions, seed %i", (seed) => {
    const found = at(seed, compositions["guipet's loss"]!)
    const divergences = kls(found)
    assertClose(
      found["mean-kl"]!.values,
      divergences.map((kl) => kl / 3),
      1e-5
    )
    assertClose(
      found["loss"]!.values,
      crossEntropies(found).map((nll, row) => nll + divergences[row]! / 3),
      1e-5
    )
    assertClose(found["kl"]!.values, divergences, 1e-5)
  })

  it.each(seeds)("gives the mean squared error plus the KL, seed %i", (seed) => {
    const found = at(seed, compositions["the loss of the five steps"]!)
    const divergences = kls(found)
    assertClose(
      found["loss"]!.values,
      squares(found).map((error, row) => error / 6 + divergences[row]!),
      1e-5
    )
  })

  it.each(seeds)("gives the mean cross entropy plus the weighted KL, seed %i", (seed) => {
    const found = at(seed, [ReconstructionLoss({ reduction: "mean" }), KlDivergence({ weight: 1 / 6 })])
    const divergences = kls(found)
    assertClose(
      found["loss"]!.values,
      crossEntropies(found).map((nll, row) => (nll + divergences[row]!) / 6),
      1e-5
    )
  })

  it("is the β-ELBO with a weighted KL divergence", () => {
    const inputs = () => {
      const mean = toTensor<tf.Tensor2D>(normalValues(1, "mean", [2, 3]))
      return {
        images: toTensor<tf.Tensor4D>(uniformValues(1, "images", [2, 3, 1, 1])),
        posterior: LogVarianceGaussian().fromHeads([mean, toTensor(normalValues(1, "log-variance", [2, 3]))]),
        prior: standardNormal,
        priorCodes: () => tf.zeros<tf.Rank.R2>([2, 3]),
        examples: 2,
        noise: toTensor<tf.Tensor2D>(normalValues(1, "noise", [2, 3])),
        time: timeAt(1),
        decode: (codes: tf.Tensor2D) => BernoulliLogits().fromOutput(tf.reshape(codes, [2, 3, 1, 1]))
      }
    }
    const composed = read(
      () =>
        ({ ...CompositeLoss.terms(ReconstructionLoss(), KlDivergence({ weight: 12 }))(inputs()) }) as Record<
          string,
          tf.Tensor
        >
    )
    assert.deepStrictEqual(
      composed,
      read(() => ({ ...BetaElbo.terms({ beta: 12 })(inputs()) }) as Record<string, tf.Tensor>)
    )
  })

  it("differs by a constant from the squared error where the likelihood is a Gaussian of deviation 1", () => {
    const found = at(1, [HalfSquaredError()], LogVarianceGaussian(), GaussianLikelihood({ deviation: 1 }))
    assertClose(
      found["reconstruction"]!.values,
      found["loss"]!.values.map((value) => value + 3 * Math.log(2 * Math.PI)),
      1e-5
    )
  })

  it("accepts deterministic codes if no term needs the KL divergence", () => {
    const found = at(1, compositions["SimpleVAE's loss"]!, Deterministic())
    assertFinite(found)
    assert.notProperty(found, "kl")
  })

  it.effect("describes its terms with all options, and declares whether it needs a KL divergence", () =>
    Effect.gen(function* () {
      const described = (...terms: ReadonlyArray<LossTerm>) =>
        Effect.map(Effect.provide(Objective, CompositeLoss.layer(...terms)), ({ needsKl, spec }) => ({ needsKl, spec }))
      assert.deepStrictEqual(yield* described(ReconstructionLoss(), KlDivergence({ reduction: "mean" })), {
        needsKl: true,
        spec: {
          _tag: "SumOfTerms",
          terms: [
            { _tag: "NegativeLogLikelihood", reduction: "sum" },
            { _tag: "KlDivergence", weight: 1, reduction: "mean" }
          ]
        }
      })
      assert.isFalse((yield* described(HalfSquaredError(), LatentL2Penalty())).needsKl)
      assert.isFalse((yield* described(MeanSquaredError(), KlDivergence({ weight: 0 }))).needsKl)
    })
  )

  it.effect.each<[ReadonlyArray<LossTerm>, string]>([
    [[], "there are no terms; a loss has at least one"],
    [[KlDivergence(), KlDivergence({ weight: 2 })], "the term kl is there twice; each may be there once"],
    [[KlDivergence({ weight: -1 })], "KlDivergence: weight is -1; it must be a non-negative number"],
    [[KlDivergence({ weight: Number.NaN })], "KlDivergence: weight is NaN; it must be a non-negative number"],
    [
      [ReconstructionLoss({ reduction: "median" as "mean" })],
      'NegativeLogLikelihood: reduction is "median"; it must be one of sum, mean'
    ]
  ])("refuses missing, duplicate or invalid terms: %#", ([terms, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(CompositeLoss.layer(...terms))))
      assertFailure(result, new ObjectiveError({ objective: "CompositeLoss", reason }))
    })
  )
})
