import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Model } from "../../../src/core/Model.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { Uniform } from "../../../src/core/priors/Uniform.ts"
import { priorContract } from "../../../src/testing/PriorContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

priorContract("Uniform", Uniform())
priorContract("Uniform with a bound", Uniform({ bound: 3 }))

describe("Uniform", () => {
  it("has the density of its cube inside and none outside", () => {
    const { logProb } = read(() => ({
      logProb: Uniform({ bound: 2 })
        .distribution({}, { latent: 2, image: { height: 1, width: 1, channels: 1 }, encode: () => assert.fail() })
        .logProb(tf.tensor2d([0, 1.9, 2.1, 0], [2, 2]))
    }))
    assertClose(logProb.values.slice(0, 1), [-2 * Math.log(4)], 1e-6)
    assert.strictEqual(logProb.values[1], Number.NEGATIVE_INFINITY)
  })

  it.effect("makes the divergence of every code infinite, and says why", () =>
    Effect.gen(function* () {
      assert.include((yield* Model).infiniteKl, "the uniform distribution from -1 to 1")
    }).pipe(Effect.provide(DenseVae.layer({ hidden: [3], latent: 2, prior: Uniform() })))
  )

  it("names a bound that is not allowed", () => {
    assert.strictEqual(Uniform({ bound: 0 }).problem, "bound is 0; it must be above 0")
  })
})
