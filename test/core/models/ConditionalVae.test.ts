import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Effect, Layer, Record } from "effect"
import { Labels } from "../../../src/core/Dataset.ts"
import { ClassConditional, Model, ModelError } from "../../../src/core/Model.ts"
import * as ConditionalVae from "../../../src/core/models/ConditionalVae.ts"
import { activation } from "../../../src/core/networks/Activation.ts"
import { dense } from "../../../src/core/networks/Dense.ts"
import { flatten, reshape } from "../../../src/core/networks/Reshape.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"

const shape = { height: 2, width: 3, channels: 1 }
const classes = Layer.succeed(Labels, { classes: ["cat", "dog", "owl"] })
const decoder = [dense(5), activation("elu"), dense(6), reshape([2, 3, 1])]
const conditional = (options: Partial<ConditionalVae.ConditionalVaeOptions> = {}) =>
  ConditionalVae.layer({ encoder: [dense(4), activation("tanh")], decoder, latent: 2, ...options }).pipe(
    Layer.provide(classes)
  )

modelContract("ConditionalVae", conditional(), { shapes: [shape] })
modelContract("ConditionalVae of one latent dimension", conditional({ latent: 1 }), { shapes: [shape] })

describe("ConditionalVae", () => {
  it.effect("concatenates the label to the flat image and to the code", () =>
    Effect.gen(function* () {
      const { classes, parameters } = yield* (yield* Model).build(shape)
      assert.strictEqual(classes, 3)
      assert.deepStrictEqual(
        Record.map(parameters, ({ shape }) => shape),
        {
          "encoder/dense1/kernel": [6 + 3, 4],
          "encoder/dense1/bias": [4],
          "encoder/mean/kernel": [4, 2],
          "encoder/mean/bias": [2],
          "encoder/log-variance/kernel": [4, 2],
          "encoder/log-variance/bias": [2],
          "decoder/dense1/kernel": [2 + 3, 5],
          "decoder/dense1/bias": [5],
          "decoder/dense2/kernel": [5, 6],
          "decoder/dense2/bias": [6]
        }
      )
    }).pipe(Effect.provide(conditional()))
  )

  it.effect("has the number of classes in its spec and as a service", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* ClassConditional).classes, 3)
      assert.include((yield* Model).spec, { _tag: "ConditionalVae", classes: 3, latent: 2 })
    }).pipe(Effect.provide(conditional()))
  )

  it.effect("refuses incompatible options", () =>
    Effect.gen(function* () {
      const refusal = yield* Effect.result(Effect.scoped(Layer.build(conditional({ latent: -1 }))))
      assertFailure(
        refusal,
        new ModelError({ model: "ConditionalVae", reason: "latent is -1; it must be a positive integer" })
      )
      const misfit = yield* Model.use(({ build }) => Effect.result(build({ height: 3, width: 3, channels: 1 }))).pipe(
        Effect.provide(conditional({ encoder: [flatten(), dense(4)] }))
      )
      assertFailure(
        misfit,
        new ModelError({ model: "ConditionalVae", reason: "decoder: ends at [2, 3, 1], but an image is [3, 3, 1]" })
      )
    })
  )

  it("requires labels in its type", () => {
    const model = ConditionalVae.layer({ encoder: [], decoder, latent: 2 })
    // @ts-expect-error the labels are missing
    const alone: Layer.Layer<Model, ModelError> = model
    const labelled: Layer.Layer<Model | ClassConditional, ModelError> = Layer.provide(model, classes)
    assert.lengthOf([alone, labelled], 2)
  })
})
