import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { maximumMeanDiscrepancy } from "../../../src/core/MaximumMeanDiscrepancy.ts"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as InfoVae from "../../../src/core/objectives/InfoVae.ts"
import { Deterministic } from "../../../src/core/posteriors/Deterministic.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { normal } from "../../../src/core/Random.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

objectiveContract("InfoVae", InfoVae.layer({ alpha: 0.5, lambda: 10 }))
objectiveContract("InfoVae as a Wasserstein autoencoder", InfoVae.layer({ alpha: 1, lambda: 10, kernel: "gaussian" }))

const a = [0.5, -1, 2, 0.3, -0.7, 1.1]
const b = [0.1, 0.4, -0.2, -1.5, 0.9, 0]
const distance = (x: ReadonlyArray<number>, i: number, y: ReadonlyArray<number>, j: number): number =>
  (x[2 * i]! - y[2 * j]!) ** 2 + (x[2 * i + 1]! - y[2 * j + 1]!) ** 2

const rows = [0, 1, 2]
const pairs = rows.flatMap((i) => rows.map((j) => [i, j] as const))

/** By the definition, in double precision. */
const discrepancy = (kernel: (distance: number) => number): number => {
  const among = (x: ReadonlyArray<number>): number =>
    pairs.reduce((sum, [i, j]) => sum + (i === j ? 0 : kernel(distance(x, i, x, j)) / 6), 0)
  return among(a) + among(b) - (2 / 9) * pairs.reduce((sum, [i, j]) => sum + kernel(distance(a, i, b, j)), 0)
}

const widths = [0.1, 0.2, 0.5, 1, 2, 5, 10]

describe("maximumMeanDiscrepancy", () => {
  it("is the estimator without bias of either kernel", () => {
    const { gaussian, imq } = read(() => ({
      gaussian: maximumMeanDiscrepancy("gaussian", tf.tensor2d(a, [3, 2]), tf.tensor2d(b, [3, 2])),
      imq: maximumMeanDiscrepancy("inverse-multiquadratic", tf.tensor2d(a, [3, 2]), tf.tensor2d(b, [3, 2]))
    }))
    assertClose(gaussian.values, [discrepancy((d) => Math.exp(-d / 4))], 1e-5)
    const sum = (d: number): number => widths.reduce((total, s) => total + (4 * s) / (4 * s + d), 0)
    assertClose(imq.values, [discrepancy(sum)], 1e-5)
  })

  it("is near 0 for samples of one distribution and not for samples of two", () => {
    const draw = (stream: string, shift: number): tf.Tensor2D =>
      tf.tensor2d(
        normal({ seed: 1, stream, step: 0 }, 800).map((value) => value + shift),
        [400, 2]
      )
    const { other, same } = read(() => ({
      same: maximumMeanDiscrepancy("gaussian", draw("a", 0), draw("b", 0)),
      other: maximumMeanDiscrepancy("gaussian", draw("a", 0), draw("b", 1))
    }))
    assert.closeTo(same.values[0]!, 0, 5e-3)
    assert.isAbove(other.values[0]!, 0.1)
  })
})

describe("InfoVae", () => {
  it("with alpha 1 needs no density: reconstruction and lambda times the discrepancy", () => {
    const found = read((): { readonly [name: string]: tf.Tensor } => ({
      ...InfoVae.terms({ alpha: 1, lambda: 10, kernel: "gaussian" })({
        images: tf.fill([3, 1, 1, 1], 0.25),
        posterior: Deterministic().fromHeads([tf.tensor2d(a, [3, 2])]),
        prior: standardNormal,
        priorCodes: () => tf.tensor2d(b, [3, 2]),
        examples: 3,
        noise: tf.ones([3, 2]),
        time: { step: tf.scalar(1), stepsPerEpoch: 1 },
        decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(tf.sum(codes, 1), [-1, 1, 1, 1]))
      })
    }))
    const expected = 10 * discrepancy((d) => Math.exp(-d / 4))
    assertClose(
      found["loss"]!.values,
      found["reconstruction"]!.values.map((value) => value + expected),
      1e-5
    )
    assert.isUndefined(found["kl"])
  })

  it.effect("says what it needs: codes of the prior, and a divergence where alpha is below 1", () =>
    Effect.gen(function* () {
      const { drawsFromPrior, needsKl, scope, spec } = yield* Objective
      assert.deepStrictEqual([drawsFromPrior, needsKl, scope], [true, false, "batch"])
      assert.deepStrictEqual(spec, { _tag: "InfoVae", alpha: 1, lambda: 10, kernel: "inverse-multiquadratic" })
    }).pipe(Effect.provide(InfoVae.layer({ alpha: 1, lambda: 10 })))
  )

  it.effect.each([
    [{ alpha: 2, lambda: 1 }, "alpha is 2; it must be a number up to 1, so that the divergence has no negative weight"],
    [{ alpha: 0.5, lambda: 0.2 }, "alpha + lambda is 0.7; it must be at least 1"],
    [{ alpha: 1, lambda: -1 }, "lambda is -1; it must be a non-negative number"]
  ] as const)("names an option that is not allowed: %#", ([options, reason]) =>
    Effect.gen(function* () {
      assertFailure(
        yield* Effect.result(Effect.scoped(Layer.build(InfoVae.layer(options)))),
        new ObjectiveError({ objective: "InfoVae", reason })
      )
    })
  )
})
