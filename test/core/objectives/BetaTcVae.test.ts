import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { FactorizedPosterior } from "../../../src/core/Model.ts"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as BetaTcVae from "../../../src/core/objectives/BetaTcVae.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

objectiveContract("BetaTcVae", BetaTcVae.layer({ beta: 6 }))

const means = [0.5, -1, 2, 0.3, -0.7, 1.1]
const logVariances = [0.1, -1, 0.5, -0.3, 0, 0.8]
const noise = [0.2, -0.5, 1.3, 0.4, -1, 0.6]
const examples = 50

const termsAt = (options: BetaTcVae.BetaTcVaeOptions) =>
  read((): { readonly [name: string]: tf.Tensor } => {
    const posterior = LogVarianceGaussian().fromHeads([tf.tensor2d(means, [3, 2]), tf.tensor2d(logVariances, [3, 2])])
    const drawn = tf.tensor2d(noise, [3, 2])
    return {
      estimate: tf.sub(posterior.logProb!(posterior.sample(drawn)), standardNormal.logProb(posterior.sample(drawn))),
      ...BetaTcVae.terms(options)({
        images: tf.fill([3, 1, 1, 1], 0.25),
        posterior,
        prior: standardNormal,
        priorCodes: () => assert.fail(),
        examples,
        noise: drawn,
        time: { step: tf.scalar(1), stepsPerEpoch: 1 },
        decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(tf.sum(codes, 1), [-1, 1, 1, 1]))
      })
    }
  })

const logDensity = (code: number, mean: number, logVariance: number): number =>
  -0.5 * ((code - mean) ** 2 / Math.exp(logVariance) + logVariance + Math.log(2 * Math.PI))

/** By the definition, in double precision. */
const expected = [0, 1, 2].map((i) => {
  const code = [0, 1].map((d) => means[2 * i + d]! + Math.exp(logVariances[2 * i + d]! / 2) * noise[2 * i + d]!)
  const density = (j: number, d: number): number => logDensity(code[d]!, means[2 * j + d]!, logVariances[2 * j + d]!)
  const aggregated = (f: (j: number) => number): number =>
    Math.log([0, 1, 2].reduce((sum, j) => sum + Math.exp(f(j)), 0) / (3 * examples))
  const joint = aggregated((j) => density(j, 0) + density(j, 1))
  const marginals = aggregated((j) => density(j, 0)) + aggregated((j) => density(j, 1))
  const logPrior = logDensity(code[0]!, 0, 0) + logDensity(code[1]!, 0, 0)
  return { mi: density(i, 0) + density(i, 1) - joint, tc: joint - marginals, dw: marginals - logPrior }
})

describe("BetaTcVae", () => {
  it("decomposes the divergence by minibatch-weighted sampling", () => {
    const found = termsAt({ alpha: 0.5, beta: 6, gamma: 2 })
    const column = (name: "mi" | "tc" | "dw") => expected.map((row) => row[name])
    assertClose(found["mutual-information"]!.values, column("mi"), 1e-5)
    assertClose(found["total-correlation"]!.values, column("tc"), 1e-5)
    assertClose(found["dimension-wise-kl"]!.values, column("dw"), 1e-5)
    const loss = expected.map(({ dw, mi, tc }, i) => found["reconstruction"]!.values[i]! + 0.5 * mi + 6 * tc + 2 * dw)
    assertClose(found["loss"]!.values, loss, 1e-5)
  })

  it("is the ELBO, its divergence estimated at the code, with α = β = γ = 1", () => {
    const found = termsAt({ beta: 1 })
    const elbo = found["reconstruction"]!.values.map((value, i) => value + found["estimate"]!.values[i]!)
    assertClose(found["loss"]!.values, elbo, 1e-5)
  })

  it.effect("declares that it depends on the batch, and has its weights in its spec", () =>
    Effect.gen(function* () {
      const { needsKl, scope, spec } = yield* Objective
      assert.deepStrictEqual(spec, { _tag: "BetaTcVae", alpha: 1, beta: 6, gamma: 1 })
      assert.deepStrictEqual([needsKl, scope], [true, "batch"])
    }).pipe(
      Effect.provide(Layer.provide(BetaTcVae.layer({ beta: 6 }), Layer.succeed(FactorizedPosterior, { latent: 2 })))
    )
  )

  it("requires independent dimensions in its type", () => {
    // @ts-expect-error: a model without that service cannot be given to it
    const alone: Layer.Layer<Objective, ObjectiveError> = BetaTcVae.layer({ beta: 6 })
    assert.isDefined(alone)
  })

  it.effect.each(["alpha", "beta", "gamma"] as const)("refuses a negative %s", (name) =>
    Effect.gen(function* () {
      const layer = Layer.provide(
        BetaTcVae.layer({ beta: 1, [name]: -1 }),
        Layer.succeed(FactorizedPosterior, { latent: 2 })
      )
      const reason = `${name} is -1; it must be a non-negative number`
      assertFailure(
        yield* Effect.result(Effect.scoped(Layer.build(layer))),
        new ObjectiveError({ objective: "BetaTcVae", reason })
      )
    })
  )
})
