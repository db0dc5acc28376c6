import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { ModelError } from "../../../src/core/Model.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { Deterministic } from "../../../src/core/posteriors/Deterministic.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { VampPrior } from "../../../src/core/priors/VampPrior.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { priorContract } from "../../../src/testing/PriorContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

priorContract("VampPrior", VampPrior({ pseudoInputs: 3 }))
modelContract(
  "DenseVae with a VampPrior",
  DenseVae.layer({ hidden: [5], latent: 2, prior: VampPrior({ pseudoInputs: 2 }) })
)

describe("VampPrior", () => {
  it("is the mean density of the pseudo-inputs' posteriors", () => {
    const image = { height: 1, width: 1, channels: 1 }
    const pixels = [0.2, 0.9]
    const { logProb } = read(() => ({
      logProb: VampPrior({ pseudoInputs: 2 })
        .distribution(
          {
            "pseudo-inputs": tf.tensor4d(
              pixels.map((pixel) => Math.log(pixel / (1 - pixel))),
              [2, 1, 1, 1]
            )
          },
          {
            latent: 1,
            image,
            encode: (images) =>
              LogVarianceGaussian().fromHeads([tf.reshape(images, [-1, 1]), tf.zeros([images.shape[0], 1])])
          }
        )
        .logProb(tf.tensor2d([0, 1.5, -3], [3, 1]))
    }))
    const density = (code: number, mean: number): number => Math.exp(-0.5 * (code - mean) ** 2) / Math.sqrt(2 * Math.PI)
    const expected = [0, 1.5, -3].map((code) => Math.log((density(code, 0.2) + density(code, 0.9)) / 2))
    assertClose(logProb.values, expected, 1e-5)
  })

  it.effect("refuses a posterior without a density", () =>
    Effect.gen(function* () {
      const layer = DenseVae.layer({
        hidden: [5],
        latent: 2,
        posterior: Deterministic(),
        prior: VampPrior({ pseudoInputs: 2 })
      })
      const reason = "prior: VampPrior needs a posterior with a density of any code, but Deterministic has none"
      assertFailure(
        yield* Effect.result(Effect.scoped(Layer.build(layer))),
        new ModelError({ model: "DenseVae", reason })
      )
    })
  )

  it("names a number of pseudo-inputs that is not allowed", () => {
    assert.strictEqual(VampPrior({ pseudoInputs: 0 }).problem, "pseudoInputs is 0; it must be a positive integer")
  })
})
