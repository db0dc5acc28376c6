import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Record } from "effect"
import { Labels } from "../../../src/core/Dataset.ts"
import { GaussianLikelihood } from "../../../src/core/likelihoods/Gaussian.ts"
import { Model, ModelError, PlanarLatent } from "../../../src/core/Model.ts"
import * as LookupCodes from "../../../src/core/models/LookupCodes.ts"
import { activation } from "../../../src/core/networks/Activation.ts"
import { dense } from "../../../src/core/networks/Dense.ts"
import { reshape } from "../../../src/core/networks/Reshape.ts"
import { transposedConvolution } from "../../../src/core/networks/TransposedConvolution.ts"
import { normal } from "../../../src/core/Random.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { read } from "../../../src/testing/TensorProbe.ts"

const shape = { height: 2, width: 4, channels: 1 }
const classes = Layer.succeed(Labels, { classes: ["cat", "dog", "owl"] })
const decoder = [
  dense(6),
  activation("tanh"),
  reshape([1, 2, 3]),
  transposedConvolution(2, { stride: 2 }),
  activation("elu"),
  transposedConvolution(1)
]
/** Of one class: ones give every class the same code. */
const alone = <const Latent extends number>(codes: LookupCodes.CodeTable<Latent>) =>
  Layer.provide(LookupCodes.layer({ codes, decoder }), Layer.succeed(Labels, { classes: ["cat"] }))
const codebook = <const Latent extends number>(codes: LookupCodes.CodeTable<Latent>, rest = {}) =>
  Layer.provide(LookupCodes.layer({ codes, decoder, ...rest }), classes)

modelContract("LookupCodes of ones", alone(LookupCodes.ones(3)), { shapes: [shape] })
modelContract("LookupCodes of ones in the plane", alone(LookupCodes.ones(2)), { shapes: [shape] })
modelContract("LookupCodes of one-hot codes", codebook(LookupCodes.oneHot()), { shapes: [shape] })
modelContract(
  "LookupCodes of normal codes",
  codebook(LookupCodes.normal(2, { seed: 7 }), { likelihood: GaussianLikelihood({ deviation: 1, output: "sigmoid" }) }),
  { shapes: [shape] }
)

/** The codes of images of these classes. */
const codesOf = (labels: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const { encode } = yield* (yield* Model).build(shape)
    const { mean } = read(() => {
      const context = { labels: tf.tensor1d([...labels], "int32") }
      return { mean: encode({}, tf.randomUniform([labels.length, 2, 4, 1]), context).mean }
    })
    return { shape: mean!.shape, values: Array.from(mean!.values) }
  })

describe("LookupCodes", () => {
  it.effect.each<[LookupCodes.CodeTable, ReadonlyArray<number>, ReadonlyArray<number>]>([
    [LookupCodes.ones(4), [2, 4], [1, 1, 1, 1, 1, 1, 1, 1]],
    [LookupCodes.oneHot(), [2, 3], [0, 0, 1, 0, 1, 0]],
    [
      LookupCodes.normal(2, { seed: 3 }),
      [2, 2],
      [4, 5, 2, 3].map((place) => normal({ seed: 3, stream: "codebook", step: 0 }, 6)[place]!)
    ]
  ])("gives images of classes 2 and 1 their codes, independent of the image: %#", ([codes, shape, values]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* codesOf([2, 1]), { shape, values })
    }).pipe(Effect.provide(codebook(codes)))
  )

  it("draws the same first codes for any number of classes, and others for another seed", () => {
    const [few, many] = [2, 5].map((count) => LookupCodes.normal(3).table(count))
    assert.deepStrictEqual(many!.subarray(0, 6), few)
    assert.notDeepEqual(LookupCodes.normal(3, { seed: 1 }).table(2), few)
  })

  it.effect("has only a decoder's parameters, and all options in its spec", () =>
    Effect.gen(function* () {
      const model = yield* Model
      const { parameters, ...others } = yield* model.build(shape)
      assert.deepStrictEqual(
        Record.map(parameters, ({ shape }) => shape),
        {
          "decoder/dense1/kernel": [3, 6],
          "decoder/dense1/bias": [6],
          "decoder/transposedConvolution1/kernel": [3, 3, 2, 3],
          "decoder/transposedConvolution1/bias": [2],
          "decoder/transposedConvolution2/kernel": [3, 3, 1, 2],
          "decoder/transposedConvolution2/bias": [1]
        }
      )
      assert.strictEqual(others.encoderClasses, 3)
      assert.strictEqual(model.infiniteKl, "they have no noise")
      assert.deepStrictEqual(model.spec, {
        _tag: "Codebook",
        codes: { _tag: "OneHot" },
        classes: 3,
        decoder: decoder.map(({ spec }) => spec),
        likelihood: { _tag: "BernoulliLogits" }
      })
    }).pipe(Effect.provide(codebook(LookupCodes.oneHot())))
  )

  it.effect("has the codes' width and seed in its spec", () =>
    Effect.gen(function* () {
      const spec = (codes: LookupCodes.CodeTable) =>
        Effect.provide(
          Model.useSync((model) => model.spec["codes"]),
          codebook(codes)
        )
      assert.deepStrictEqual(yield* spec(LookupCodes.ones(4)), { _tag: "Ones", latent: 4 })
      assert.deepStrictEqual(yield* spec(LookupCodes.normal(4, { seed: 2 })), { _tag: "Normal", latent: 4, seed: 2 })
    })
  )

  it.effect.each<[Layer.Layer<Model, ModelError>, string]>([
    [codebook(LookupCodes.ones(0)), "latent is 0; it must be a positive integer"],
    [codebook(LookupCodes.normal(1.5)), "latent is 1.5; it must be a positive integer"],
    [codebook(LookupCodes.normal(2, { seed: -1 })), "seed is -1; it must be a non-negative integer"],
    [codebook(LookupCodes.normal(2, { seed: Number.NaN })), "seed is NaN; it must be a non-negative integer"],
    [
      codebook(LookupCodes.oneHot(), { decoder: [dense(Number.NaN)] }),
      "decoder[0].units is NaN; it must be a finite number"
    ],
    [
      codebook(LookupCodes.oneHot(), { likelihood: GaussianLikelihood({ deviation: 0 }) }),
      "likelihood: deviation is 0; it must be above 0"
    ]
  ])("refuses %#", ([layer, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(layer)))
      assertFailure(result, new ModelError({ model: "Codebook", reason }))
    })
  )

  it.effect("refuses a decoder whose output shape is not the image's", () =>
    Effect.gen(function* () {
      const result = yield* Effect.result((yield* Model).build({ height: 2, width: 2, channels: 1 }))
      assertFailure(
        result,
        new ModelError({ model: "Codebook", reason: "decoder: ends at [2, 4, 1], but an image is [2, 2, 1]" })
      )
    }).pipe(Effect.provide(codebook(LookupCodes.oneHot())))
  )

  it("requires labels in its type, and provides a plane if the type shows two dimensions", () => {
    const planar: Layer.Layer<Model | PlanarLatent, ModelError, Labels> = LookupCodes.layer({
      codes: LookupCodes.normal(2),
      decoder
    })
    // @ts-expect-error the labels are missing
    const alone: Layer.Layer<Model, ModelError> = planar
    // @ts-expect-error as many dimensions as there are classes
    const hot: Layer.Layer<Model | PlanarLatent, ModelError, Labels> = LookupCodes.layer({
      codes: LookupCodes.oneHot(),
      decoder
    })
    assert.lengthOf([planar, alone, hot], 3)
  })
})
