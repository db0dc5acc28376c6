import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { FactorizedPosterior } from "../../../src/core/Model.ts"
import { ObjectiveError } from "../../../src/core/Objective.ts"
import * as DipVae from "../../../src/core/objectives/DipVae.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

for (const kind of ["I", "II"] as const) {
  // A penalty of the second degree in variances: float32 ends at half the exponent.
  objectiveContract(`DipVae ${kind}`, DipVae.layer({ kind, offDiagonal: 10, diagonal: 5 }), { extreme: 40 })
}

const means = [0.5, -1, 2, 0.3, -0.7, 1.1]
const logVariances = [0.1, -1, 0.5, -0.3, 0, 0.8]

const at = (options: DipVae.DipVaeOptions) =>
  read((): { readonly [name: string]: tf.Tensor } => ({
    ...DipVae.terms(options)({
      images: tf.fill([3, 1, 1, 1], 0.25),
      posterior: LogVarianceGaussian().fromHeads([tf.tensor2d(means, [3, 2]), tf.tensor2d(logVariances, [3, 2])]),
      prior: standardNormal,
      priorCodes: () => assert.fail(),
      examples: 3,
      noise: tf.ones([3, 2]),
      time: { step: tf.scalar(1), stepsPerEpoch: 1 },
      decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(tf.sum(codes, 1), [-1, 1, 1, 1]))
    })
  }))

/** The covariance of the means, and the mean variances, in double precision. */
const average = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / 3
const column = (values: ReadonlyArray<number>, d: number): ReadonlyArray<number> =>
  [0, 1, 2].map((i) => values[2 * i + d]!)
const covariance = (a: number, b: number): number =>
  average(column(means, a).map((value, i) => value * column(means, b)[i]!)) -
  average(column(means, a)) * average(column(means, b))
const spread = (d: number): number => average(column(logVariances, d).map(Math.exp))

describe("DipVae", () => {
  it("adds the penalty of its kind to the ELBO, equal for every example", () => {
    for (const kind of ["I", "II"] as const) {
      const found = at({ kind, offDiagonal: 10, diagonal: 5 })
      const onDiagonal = [0, 1].map((d) => (covariance(d, d) + (kind === "II" ? spread(d) : 0) - 1) ** 2)
      const penalty = 10 * 2 * covariance(0, 1) ** 2 + 5 * (onDiagonal[0]! + onDiagonal[1]!)
      assertClose(found["covariance-penalty"]!.values, [penalty, penalty, penalty], 1e-5)
      const loss = found["reconstruction"]!.values.map((value, i) => value + found["kl"]!.values[i]! + penalty)
      assertClose(found["loss"]!.values, loss, 1e-5)
    }
  })

  it("is the ELBO with weights of 0", () => {
    const found = at({ kind: "II", offDiagonal: 0, diagonal: 0 })
    const elbo = found["reconstruction"]!.values.map((value, i) => value + found["kl"]!.values[i]!)
    assertClose(found["loss"]!.values, elbo, 1e-6)
  })

  it.effect.each([
    [{ kind: "I", offDiagonal: -1, diagonal: 0 }, "offDiagonal is -1; it must be a non-negative number"],
    [{ kind: "III" as "I", offDiagonal: 1, diagonal: 0 }, `kind is "III"; it must be one of I, II`]
  ] as const)("names an option that is not allowed: %#", ([options, reason]) =>
    Effect.gen(function* () {
      const layer = Layer.provide(DipVae.layer(options), Layer.succeed(FactorizedPosterior, { latent: 2 }))
      assertFailure(
        yield* Effect.result(Effect.scoped(Layer.build(layer))),
        new ObjectiveError({ objective: "DipVae", reason })
      )
    })
  )
})
