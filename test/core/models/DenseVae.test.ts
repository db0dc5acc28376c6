import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Effect, Layer, Record } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { GaussianLikelihood } from "../../../src/core/likelihoods/Gaussian.ts"
import { Model, ModelError, PlanarLatent } from "../../../src/core/Model.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { Deterministic } from "../../../src/core/posteriors/Deterministic.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { SoftplusGaussian } from "../../../src/core/posteriors/SoftplusGaussian.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"

modelContract("DenseVae", DenseVae.layer({ hidden: [6, 5], latent: 2 }))
modelContract(
  "DenseVae with other choices",
  DenseVae.layer({
    hidden: [6],
    decoderHidden: [3, 4],
    latent: 3,
    posterior: SoftplusGaussian({ floor: 1e-6 }),
    likelihood: GaussianLikelihood({ deviation: 0.5, output: "sigmoid" }),
    activation: "tanh",
    initializer: "torch-linear"
  })
)
modelContract("DenseVae without noise", DenseVae.layer({ hidden: [5], latent: 2, posterior: Deterministic() }))
modelContract("DenseVae without hidden layers", DenseVae.layer({ hidden: [], latent: 1, activation: "elu" }))

const mnist = { height: 28, width: 28, channels: 1 }

describe("DenseVae", () => {
  it.effect("mirrors the encoder's layers in the decoder", () =>
    Effect.gen(function* () {
      const { build } = yield* Model
      const { parameters } = yield* build(mnist)
      assert.deepStrictEqual(
        Record.map(parameters, ({ shape }) => shape),
        {
          "encoder/dense1/kernel": [784, 512],
          "encoder/dense1/bias": [512],
          "encoder/dense2/kernel": [512, 256],
          "encoder/dense2/bias": [256],
          "encoder/mean/kernel": [256, 2],
          "encoder/mean/bias": [2],
          "encoder/log-variance/kernel": [256, 2],
          "encoder/log-variance/bias": [2],
          "decoder/dense1/kernel": [2, 256],
          "decoder/dense1/bias": [256],
          "decoder/dense2/kernel": [256, 512],
          "decoder/dense2/bias": [512],
          "decoder/output/kernel": [512, 784],
          "decoder/output/bias": [784]
        }
      )
    }).pipe(Effect.provide(DenseVae.layer({ hidden: [512, 256], latent: 2 })))
  )

  it.effect("has all options in its spec, defaults included", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* Model).spec, {
        _tag: "DenseVae",
        hidden: [400, 30],
        decoderHidden: [30, 400],
        latent: 20,
        posterior: LogVarianceGaussian().spec,
        likelihood: BernoulliLogits().spec,
        activation: "relu",
        initializer: "glorot-uniform"
      })
    }).pipe(Effect.provide(DenseVae.layer({ hidden: [400, 30], latent: 20 })))
  )

  it.effect("optionally initialises like PyTorch: kernel and bias in ±1 / sqrt(inputs)", () =>
    Effect.gen(function* () {
      const { build } = yield* Model
      const { parameters } = yield* build(mnist)
      const specs = Record.map(parameters, ({ initializer }) => initializer.spec)
      assert.deepStrictEqual(specs["encoder/dense1/kernel"], { _tag: "FanInUniform", fanIn: 784 })
      assert.deepStrictEqual(specs["encoder/dense1/bias"], { _tag: "FanInUniform", fanIn: 784 })
      assert.deepStrictEqual(specs["encoder/mean/bias"], { _tag: "FanInUniform", fanIn: 400 })
      assert.deepStrictEqual(specs["decoder/output/bias"], { _tag: "FanInUniform", fanIn: 400 })
    }).pipe(Effect.provide(DenseVae.layer({ hidden: [400], latent: 20, initializer: "torch-linear" })))
  )

  it.effect("optionally initialises the output's bias with the logits of mean pixels, and is then another model", () =>
    Effect.gen(function* () {
      const { build, spec } = yield* Model
      const { initializer } = (yield* build({ height: 1, width: 2, channels: 2 })).parameters["decoder/output/bias"]!
      // Means of 0, 0.2, 0.6 and 1 over two images.
      const images = Uint8Array.of(0, 51, 255, 255, 0, 51, 51, 255)
      const noNumbers = () => assert.fail("it draws nothing")
      assertClose(
        initializer.draw([4], noNumbers, { count: 2, images }),
        [Math.log(0.001 / 0.999), Math.log(0.2 / 0.8), Math.log(0.6 / 0.4), Math.log(0.999 / 0.001)],
        1e-6
      )
      assert.deepStrictEqual(initializer.draw([4], noNumbers), new Float32Array(4))
      assert.strictEqual(spec["outputBias"], "pixel-means")
    }).pipe(Effect.provide(DenseVae.layer({ hidden: [3], latent: 2, outputBias: "pixel-means" })))
  )

  it.effect.each<[DenseVae.DenseVaeOptions, string]>([
    [
      { hidden: [4], latent: 2, outputBias: "zeros" as "initializer" },
      'outputBias is "zeros"; it must be one of initializer, pixel-means'
    ],
    [
      { hidden: [4], latent: 2, outputBias: "pixel-means", likelihood: GaussianLikelihood({ deviation: 1 }) },
      'outputBias is "pixel-means", whose logits are of a Bernoulli, but the likelihood is GaussianLikelihood; it must be BernoulliLogits'
    ],
    [{ hidden: [4], latent: 0 }, "latent is 0; it must be a positive integer"],
    [{ hidden: [4], latent: 2.5 }, "latent is 2.5; it must be a positive integer"],
    [{ hidden: [4, 0], latent: 2 }, "hidden[1] is 0; it must be a positive integer"],
    [{ hidden: [4], decoderHidden: [0.5], latent: 2 }, "decoderHidden[0] is 0.5; it must be a positive integer"],
    [{ hidden: [Number.NaN], latent: 2 }, "hidden[0] is NaN; it must be a positive integer"],
    [
      { hidden: [4], latent: 2, activation: "gelu" as "relu" },
      'activation is "gelu"; it must be one of linear, relu, elu, leaky-relu, tanh, sigmoid, softplus'
    ],
    [
      { hidden: [4], latent: 2, initializer: "he" as "torch-linear" },
      'initializer is "he"; it must be one of glorot-uniform, torch-linear'
    ],
    [
      { hidden: [4], latent: 2, posterior: SoftplusGaussian({ floor: -1 }) },
      "posterior: floor is -1; it must be a non-negative number"
    ],
    [
      { hidden: [4], latent: 2, likelihood: GaussianLikelihood({ deviation: 0 }) },
      "likelihood: deviation is 0; it must be above 0"
    ]
  ])("refuses %j", ([options, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(DenseVae.layer(options))))
      assertFailure(result, new ModelError({ model: "DenseVae", reason }))
    })
  )

  it("provides a planar latent space in its type if the type shows two dimensions", () => {
    const planar: Layer.Layer<Model | PlanarLatent, ModelError> = DenseVae.layer({ hidden: [4], latent: 2 })
    // @ts-expect-error three dimensions are no plane
    const deep: Layer.Layer<Model | PlanarLatent, ModelError> = DenseVae.layer({ hidden: [4], latent: 3 })
    const parameter: number = 2
    // @ts-expect-error a parameter may have any value
    const unknown: Layer.Layer<Model | PlanarLatent, ModelError> = DenseVae.layer({ hidden: [4], latent: parameter })
    const choice = 2 as 2 | 10
    // @ts-expect-error one of the choices is no plane
    const either: Layer.Layer<Model | PlanarLatent, ModelError> = DenseVae.layer({ hidden: [4], latent: choice })
    assert.lengthOf([planar, deep, unknown, either], 4)
  })
})
