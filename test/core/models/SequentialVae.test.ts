import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Effect, Layer, Record } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { GaussianLikelihood } from "../../../src/core/likelihoods/Gaussian.ts"
import { Model, ModelError, type PlanarLatent } from "../../../src/core/Model.ts"
import * as SequentialVae from "../../../src/core/models/SequentialVae.ts"
import { activation } from "../../../src/core/networks/Activation.ts"
import { dense } from "../../../src/core/networks/Dense.ts"
import { flatten, reshape } from "../../../src/core/networks/Reshape.ts"
import { saltAndPepper } from "../../../src/core/networks/SaltAndPepper.ts"
import { FixedDeviationGaussian } from "../../../src/core/posteriors/FixedDeviationGaussian.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"

const shape = { height: 2, width: 3, channels: 1 }

modelContract(
  "SequentialVae",
  SequentialVae.layer({
    encoder: [flatten(), dense(5), activation("tanh")],
    decoder: [dense(4), activation("elu"), dense(6), reshape([2, 3, 1])],
    latent: 2
  }),
  { shapes: [shape] }
)
modelContract(
  "SequentialVae with other choices",
  SequentialVae.layer({
    encoder: [flatten()],
    decoder: [dense(6), reshape([1, 2, 3])],
    latent: 3,
    posterior: FixedDeviationGaussian({ deviation: 0.5 }),
    likelihood: GaussianLikelihood({ deviation: 1, output: "sigmoid" }),
    initializer: "torch-linear"
  }),
  { shapes: [{ height: 1, width: 2, channels: 3 }] }
)

modelContract(
  "SequentialVae that restores corrupted images",
  SequentialVae.layer({
    encoder: [saltAndPepper({ probability: 0.5 }), flatten(), dense(5), activation("tanh")],
    decoder: [dense(6), reshape([2, 3, 1])],
    latent: 2
  }),
  { shapes: [shape] }
)

const decoder = [dense(4), activation("relu"), dense(6), reshape([2, 3, 1])]

describe("SequentialVae", () => {
  it.effect("names parameters by position, and heads after the posterior", () =>
    Effect.gen(function* () {
      const { parameters } = yield* (yield* Model).build(shape)
      assert.deepStrictEqual(
        Record.map(parameters, ({ shape }) => shape),
        {
          "encoder/dense1/kernel": [6, 5],
          "encoder/dense1/bias": [5],
          "encoder/mean/kernel": [5, 2],
          "encoder/mean/bias": [2],
          "encoder/log-variance/kernel": [5, 2],
          "encoder/log-variance/bias": [2],
          "decoder/dense1/kernel": [2, 4],
          "decoder/dense1/bias": [4],
          "decoder/dense2/kernel": [4, 6],
          "decoder/dense2/bias": [6]
        }
      )
    }).pipe(Effect.provide(SequentialVae.layer({ encoder: [flatten(), dense(5)], decoder, latent: 2 })))
  )

  it.effect("describes its modules and all options, defaults included", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* Model).spec, {
        _tag: "SequentialVae",
        encoder: [{ _tag: "Flatten" }],
        decoder: [
          { _tag: "Dense", units: 4, initializer: "glorot-uniform" },
          { _tag: "Activation", function: "relu" },
          { _tag: "Dense", units: 6, initializer: "glorot-uniform" },
          { _tag: "Reshape", shape: [2, 3, 1] }
        ],
        latent: 2,
        posterior: LogVarianceGaussian().spec,
        likelihood: BernoulliLogits().spec,
        initializer: "glorot-uniform"
      })
    }).pipe(Effect.provide(SequentialVae.layer({ encoder: [flatten()], decoder, latent: 2 })))
  )

  it.effect.each<[SequentialVae.SequentialVaeOptions, string]>([
    [{ encoder: [], decoder, latent: 0 }, "latent is 0; it must be a positive integer"],
    [
      { encoder: [flatten(), dense(Number.NaN)], decoder, latent: 2 },
      "encoder[1].units is NaN; it must be a finite number"
    ],
    [
      { encoder: [], decoder: [reshape([2, Number.POSITIVE_INFINITY])], latent: 2 },
      "decoder[0].shape[1] is Infinity; it must be a finite number"
    ],
    [
      { encoder: [], decoder, latent: 2, posterior: FixedDeviationGaussian({ deviation: 0 }) },
      "posterior: deviation is 0; it must be above 0"
    ]
  ])("refuses %#", ([options, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(SequentialVae.layer(options))))
      assertFailure(result, new ModelError({ model: "SequentialVae", reason }))
    })
  )

  it.effect.each<[SequentialVae.SequentialVaeOptions, string]>([
    [
      { encoder: [flatten()], decoder: [dense(6), reshape([3, 2, 1])], latent: 2 },
      "decoder: ends at [3, 2, 1], but an image is [2, 3, 1]"
    ],
    [{ encoder: [flatten()], decoder: [dense(6)], latent: 2 }, "decoder: ends at [6], but an image is [2, 3, 1]"],
    [
      { encoder: [activation("relu")], decoder, latent: 2 },
      "encoder/mean: takes vectors, but got examples of shape [2, 3, 1]; put flatten() before it"
    ],
    [
      { encoder: [flatten()], decoder: [dense(4), dense(0)], latent: 2 },
      "decoder/dense2: units is 0; it must be a positive integer"
    ]
  ])("refuses images of incompatible shapes: %#", ([options, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result((yield* Model).build(shape))
      assertFailure(result, new ModelError({ model: "SequentialVae", reason }))
    }).pipe(Effect.provide(SequentialVae.layer(options)))
  )

  it("provides a planar latent space in its type if the type shows two dimensions", () => {
    const planar: Layer.Layer<Model | PlanarLatent, ModelError> = SequentialVae.layer({
      encoder: [],
      decoder,
      latent: 2
    })
    // @ts-expect-error three dimensions are no plane
    const deep: Layer.Layer<Model | PlanarLatent, ModelError> = SequentialVae.layer({ encoder: [], decoder, latent: 3 })
    assert.lengthOf([planar, deep], 2)
  })
})
