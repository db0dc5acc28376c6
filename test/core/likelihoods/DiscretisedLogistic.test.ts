import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { DiscretisedLogistic } from "../../../src/core/likelihoods/DiscretisedLogistic.ts"
import { Model } from "../../../src/core/Model.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { likelihoodContract } from "../../../src/testing/LikelihoodContract.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

for (const components of [1, 3]) {
  likelihoodContract(`DiscretisedLogistic of ${components}`, DiscretisedLogistic({ components }), {
    pixels: "bytes",
    exactMean: false,
    extreme: 40
  })
}
const layer = DenseVae.layer({ hidden: [5], latent: 2, likelihood: DiscretisedLogistic({ components: 2 }) })
modelContract("DenseVae with a DiscretisedLogistic", layer)

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

/** The probability of a byte by its definition, in double precision. */
const probability = (byte: number, center: number, scale: number): number => {
  const below = byte === 0 ? 0 : logistic((byte / 255 - 1 / 510 - center) / scale)
  const upTo = byte === 255 ? 1 : logistic((byte / 255 + 1 / 510 - center) / scale)
  return upTo - below
}

/** The scale of an output, which is kept above exp(-7). */
const scaleOf = (output: number): number => Math.exp(-7) * (1 + Math.exp(output + 7))

describe("DiscretisedLogistic", () => {
  it("is the mass of each value's interval, black and white with their tails", () => {
    for (const [center, output] of [
      [0.3, -2],
      [-1, -4],
      [2, 1]
    ] as const) {
      const bytes = [0, 1, 77, 128, 200, 254, 255]
      const { logProb } = read(() => ({
        logProb: DiscretisedLogistic()
          .fromOutput(
            tf.tensor4d(
              bytes.flatMap(() => [center, output]),
              [bytes.length, 1, 1, 2]
            )
          )
          .logProb(
            tf.tensor4d(
              bytes.map((byte) => byte / 255),
              [bytes.length, 1, 1, 1]
            )
          )
      }))
      const expected = bytes.map((byte) => Math.log(probability(byte, logistic(center), scaleOf(output))))
      assertClose(logProb.values, expected, 2e-5)
    }
  })

  it("mixes by the softmax of its logits", () => {
    const weights = [0.2, 0.8]
    const { logProb, mean } = read(() => {
      const distribution = DiscretisedLogistic({ components: 2 }).fromOutput(
        tf.tensor4d([-1, 1, -2, -3, ...weights.map(Math.log)], [1, 1, 1, 6])
      )
      return { logProb: distribution.logProb(tf.fill([1, 1, 1, 1], 100 / 255)), mean: distribution.mean }
    })
    const each = [probability(100, logistic(-1), scaleOf(-2)), probability(100, logistic(1), scaleOf(-3))]
    assertClose(logProb.values, [Math.log(0.2 * each[0]! + 0.8 * each[1]!)], 1e-5)
    assertClose(mean.values, [0.2 * logistic(-1) + 0.8 * logistic(1)], 1e-6)
  })

  it.effect("tells the model that its pixels are discrete", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Model).levels, 256)
    }).pipe(Effect.provide(layer))
  )

  it("names an invalid number of components", () => {
    assert.strictEqual(DiscretisedLogistic({ components: 0 }).problem, "components is 0; it must be a positive integer")
  })
})
