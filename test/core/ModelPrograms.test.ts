import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Labels } from "../../src/core/Dataset.ts"
import { GaussianLikelihood } from "../../src/core/likelihoods/Gaussian.ts"
import { Model } from "../../src/core/Model.ts"
import * as LookupCodes from "../../src/core/models/LookupCodes.ts"
import * as ConditionalVae from "../../src/core/models/ConditionalVae.ts"
import type { Module } from "../../src/core/Network.ts"
import { activation } from "../../src/core/networks/Activation.ts"
import { dense } from "../../src/core/networks/Dense.ts"
import { dropout } from "../../src/core/networks/Dropout.ts"
import { reshape } from "../../src/core/networks/Reshape.ts"
import { Objective } from "../../src/core/Objective.ts"
import * as BetaElbo from "../../src/core/objectives/BetaElbo.ts"
import * as ImportanceWeighted from "../../src/core/objectives/ImportanceWeighted.ts"
import { Adam } from "../../src/core/optimizers/Adam.ts"
import { SoftplusGaussian } from "../../src/core/posteriors/SoftplusGaussian.ts"
import * as ModelPrograms from "../../src/core/ModelPrograms.ts"
import * as ObjectivePrograms from "../../src/core/ObjectivePrograms.ts"
import * as TrainStep from "../../src/core/TrainStep.ts"
import { float32, int32 } from "../../src/core/Tensors.ts"
import { assertClose } from "../../src/testing/TensorProbe.ts"
import {
  shape,
  latent,
  count,
  sizes,
  bytes,
  columns,
  assemble,
  inputsAt,
  mean,
  train,
  runOnce,
  onReference,
  onOnnxRuntime,
  assertSame,
  objectiveStub
} from "./TrainingFixture.ts"

describe("the programs of a trained model", () => {
  it.effect("encode and decode equally on every engine", () =>
    Effect.gen(function* () {
      const ingredients = yield* assemble({ posterior: SoftplusGaussian() })
      const { state } = yield* onOnnxRuntime(train(ingredients, 20))
      const encode = ModelPrograms.encode(ingredients, sizes)
      const decode = ModelPrograms.decode(ingredients, { batch: 3 })
      const indices = { indices: int32([8], Int32Array.of(0, 0, 5, 1, 2, 3, 4, 39)) }
      const codes = { codes: float32([3, 2], Float32Array.of(0, 0, 1, -1, 3, 3)) }
      const encoded = yield* onReference(runOnce(encode, state, indices))
      const decoded = yield* onReference(runOnce(decode, state, codes))
      assertSame(yield* onOnnxRuntime(runOnce(encode, state, indices)), encoded, 1e-4, 1e-3)
      assertSame(yield* onOnnxRuntime(runOnce(decode, state, codes)), decoded, 1e-4, 1e-3)

      assert.deepStrictEqual(encoded["mean"]!.shape, [8, 2])
      assert.deepStrictEqual(encoded["mean"]!.values.slice(0, 2), encoded["mean"]!.values.slice(2, 4))
      assert.isTrue(encoded["deviation"]!.values.every((value) => value > 0))
      assert.deepStrictEqual(decoded["images"]!.shape, [3, 6, 5, 1])
      assert.isTrue(decoded["images"]!.values.every((value) => value >= 0 && value <= 1))
    })
  )
})

describe("the programs of a model that takes labels", () => {
  const conditionalWith = (...parts: ReadonlyArray<Module>) =>
    Effect.gen(function* () {
      const autoencoder = yield* (yield* Model).build(shape)
      return { autoencoder, latent, shape, objective: objectiveStub, optimizer: Adam({ learningRate: 0.01 }) }
    }).pipe(
      Effect.provide(
        ConditionalVae.layer({
          encoder: [dense(12), activation("tanh")],
          decoder: [dense(12), activation("tanh"), ...parts, dense(30), reshape([6, 5, 1])],
          latent
        }).pipe(Layer.provide(Layer.succeed(Labels, { classes: ["a", "b", "c", "d", "e"] })))
      )
    )
  const conditional = conditionalWith()

  it.effect("train equally on every engine, and lower the loss", () =>
    Effect.gen(function* () {
      const ingredients = yield* conditional
      const expected = yield* onReference(train(ingredients, 6))
      const actual = yield* onOnnxRuntime(train(ingredients, 6))
      expected.terms.forEach((terms, step) => assertSame(actual.terms[step]!, terms, 1e-4, 1e-3))
      assertSame(actual.state, expected.state, 1e-4, 1e-3)
      const { losses } = yield* onOnnxRuntime(train(ingredients, 200))
      assert.isBelow(mean(losses.slice(-20)), mean(losses.slice(0, 20)) - 2)
    })
  )

  it.effect("draw several codes per example, each with the example's label and its own noise", () =>
    Effect.gen(function* () {
      const draws = 3
      const objective = { spec: { _tag: "Stub" }, draws, terms: ImportanceWeighted.terms({ samples: draws }) }
      const noisy = { ...(yield* conditionalWith(dropout(0.3))), objective }
      const onOne = yield* onReference(train(noisy, 6))
      const onOther = yield* onOnnxRuntime(train(noisy, 6))
      onOne.terms.forEach((terms, step) => assertSame(onOther.terms[step]!, terms, 1e-4, 1e-3))
      assertSame(onOther.state, onOne.state, 1e-4, 1e-3)

      const elbo = yield* conditional
      const ingredients = { ...elbo, objective }
      const { terms } = yield* onReference(train(ingredients, 1))
      const inputs = inputsAt(ingredients, 1)
      const noise = inputs["noise/posterior"]!
      assert.deepStrictEqual(noise.shape, [sizes.batch, draws * latent])
      const initial = TrainStep.initialState(elbo, 1)
      const single = yield* Effect.forEach([0, 1, 2], (draw) => {
        const values = noise.values.filter((_, place) => Math.floor(place / latent) % draws === draw) as Float32Array
        return onReference(
          runOnce(ObjectivePrograms.evaluateTerms(elbo, sizes), initial, {
            indices: inputs["indices"]!,
            step: inputs["step"]!,
            "noise/posterior": float32([sizes.batch, latent], values)
          })
        )
      })
      assertClose(
        terms[0]!["reconstruction"]!.values,
        Array.from({ length: sizes.batch }, (_, example) =>
          mean(single.map(({ reconstruction }) => reconstruction!.values[example]!))
        ),
        1e-5
      )
    })
  )

  it.effect("take an image's label from the data, or from the inputs", () =>
    Effect.gen(function* () {
      const ingredients = yield* conditional
      const { state } = yield* onOnnxRuntime(train(ingredients, 200))
      const indices = Int32Array.of(7, 0, 5)
      const { mean, deviation } = yield* onOnnxRuntime(
        runOnce(ModelPrograms.encode(ingredients, { examples: count, batch: 3 }), state, {
          indices: int32([3], indices)
        })
      )
      const given = float32(
        [3, 6, 5, 1],
        Float32Array.from(
          { length: 90 },
          (_, place) => bytes[indices[Math.floor(place / 30)]! * 30 + (place % 30)]! / 255
        )
      )
      const encodeImages = ModelPrograms.encodeImages(ingredients, { batch: 3 })
      for (const run of [onReference, onOnnxRuntime]) {
        const found = yield* run(
          runOnce(encodeImages, state, { images: given, labels: int32([3], Int32Array.of(2, 0, 0)) })
        )
        assertSame(found, { mean: mean!, deviation: deviation! }, 1e-4, 1e-3)
      }
      const other = yield* onReference(
        runOnce(encodeImages, state, { images: given, labels: int32([3], Int32Array.of(2, 0, 4)) })
      )
      assertClose(other["mean"]!.values.slice(0, 4), mean!.values.slice(0, 4), 1e-4)
      assert.notDeepEqual(other["mean"]!.values.slice(4), mean!.values.slice(4))

      const decoded = yield* onOnnxRuntime(
        runOnce(ModelPrograms.decode(ingredients, { batch: 5 }), state, {
          codes: float32([5, 2], new Float32Array(10)),
          labels: int32([5], Int32Array.of(0, 1, 2, 3, 4))
        })
      )
      // The decoder puts the bar where the label says: the same code, another column.
      for (let label = 0; label < 5; label++) {
        const brightness = [0, 1, 2, 3, 4].map((column) =>
          [0, 1, 2, 3, 4, 5].reduce((sum, row) => sum + decoded["images"]!.values[label * 30 + row * 5 + column]!, 0)
        )
        assert.strictEqual(brightness.indexOf(Math.max(...brightness)), label)
      }
    })
  )
})

describe("the programs of a model whose encoder alone takes labels", () => {
  const objective: Objective["Service"] = { spec: { _tag: "Stub" }, terms: BetaElbo.terms({ beta: 0 }) }
  const memorising = (codes: LookupCodes.CodeTable) =>
    Effect.gen(function* () {
      const { build, latent } = yield* Model
      return { autoencoder: yield* build(shape), latent, shape, objective, optimizer: Adam({ learningRate: 0.02 }) }
    }).pipe(
      Effect.provide(
        LookupCodes.layer({
          codes,
          decoder: [dense(30), reshape([6, 5, 1])],
          likelihood: GaussianLikelihood({ deviation: 1 })
        }).pipe(Layer.provide(Layer.succeed(Labels, { classes: ["a", "b", "c", "d", "e"] })))
      )
    )

  it.effect("train equally on every engine", () =>
    Effect.gen(function* () {
      for (const codes of [LookupCodes.ones(3), LookupCodes.oneHot(), LookupCodes.normal(2)]) {
        const ingredients = yield* memorising(codes)
        const expected = yield* onReference(train(ingredients, 6))
        const actual = yield* onOnnxRuntime(train(ingredients, 6))
        expected.terms.forEach((terms, step) => assertSame(actual.terms[step]!, terms, 1e-4, 1e-3))
        assertSame(actual.state, expected.state, 1e-4, 1e-3)
      }
    })
  )

  it.effect.each<[string, LookupCodes.CodeTable, boolean]>([
    ["of every class from its own code", LookupCodes.oneHot(), false],
    ["of all images from the one code that they share", LookupCodes.ones(5), true]
  ])("learn the mean image %s, and decode codes without labels", ([, codes, shared]) =>
    Effect.gen(function* () {
      const ingredients = yield* memorising(codes)
      const { state } = yield* onOnnxRuntime(train(ingredients, 400))
      const found = yield* onOnnxRuntime(
        runOnce(ModelPrograms.encode(ingredients, { examples: count, batch: 5 }), state, {
          indices: int32([5], Int32Array.of(0, 1, 2, 3, 4))
        })
      )
      const { images } = yield* onOnnxRuntime(
        runOnce(ModelPrograms.decode(ingredients, { batch: 5 }), state, { codes: found["mean"]! })
      )
      const expected = Array.from({ length: 150 }, (_, place) => {
        const label = Math.floor(place / 30)
        const alike = Array.from({ length: count }, (_, index) => index).filter(
          (index) => shared || columns[index] === label
        )
        return mean(alike.map((index) => bytes[index * 30 + (place % 30)]! / 255))
      })
      // A batch at a time, so that the mean is met but for the noise of batches.
      assertClose(images!.values, expected, 0.1)
    })
  )
})
