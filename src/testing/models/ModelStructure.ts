/**
 * Contract tests of a model's structure: spec, services, labels, parameters and their initial values.
 */
import { assert } from "@effect/vitest"
import { computed, forShapes, imageAxes, initialParameters, labelled, type ModelTests } from "./ModelProbe.ts"
import { Effect, Record } from "effect"
import type { ImageShape } from "../../core/Dataset.ts"
import { type Autoencoder, labelClasses, Model } from "../../core/Model.ts"
import { canonicalJson } from "../../core/Spec.ts"
import { sizeOf } from "../../core/Tensors.ts"
import { normalValues, read, toTensor, toTensors, uniformValues } from "../TensorProbe.ts"

/** Registers the tests. */
export const structureTests = (it: ModelTests, shapes: ReadonlyArray<ImageShape>): void => {
  const forEachShape = forShapes(shapes)

  it.effect("describes itself", () =>
    Effect.gen(function* () {
      const { spec, latent } = yield* Model
      assert.isString(spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(spec)), spec)
      assert.isTrue(Number.isInteger(latent) && latent > 0)
    })
  )

  it.effect("offers a planar latent space exactly where two real numbers are all that an image depends on", () =>
    forEachShape(({ autoencoder, conditional, continuous, discrete, latent, planar }) => {
      assert.strictEqual(planar, latent === 2 && autoencoder.classes === undefined && !discrete)
      assert.strictEqual(continuous, !discrete)
      assert.strictEqual(conditional, autoencoder.classes)
    })
  )

  it.effect("gives images of another class other codes and other images, where it takes labels", () =>
    forEachShape(({ autoencoder, latent, shape }) => {
      if ((labelClasses(autoencoder) ?? 0) < 2) return
      const [images, noise] = [
        uniformValues(5, "images", [2, ...imageAxes(shape)]),
        normalValues(5, "noise", [2, latent])
      ]
      const parameters = initialParameters(autoencoder, 5)
      const [one, other] = [0, 1].map((start) =>
        computed(autoencoder, parameters, images, noise, (batch) => labelled(autoencoder, batch, start))
      )
      assert.notDeepEqual(one!["mean"], other!["mean"])
      assert.notDeepEqual(one!["image"], other!["image"])
    })
  )

  it.effect("takes labels in one place or in both, and where the encoder alone does, the decoder reads none", () =>
    forEachShape(({ autoencoder, latent }) => {
      assert.isFalse(autoencoder.classes !== undefined && autoencoder.encoderClasses !== undefined)
      if (autoencoder.encoderClasses === undefined) return
      const codes = normalValues(6, "codes", [2, latent])
      const parameters = initialParameters(autoencoder, 6)
      const [one, other, none] = [0, 1, undefined].map((start) =>
        read(() => ({
          image: autoencoder.decode(
            toTensors(parameters),
            toTensor(codes),
            start === undefined ? {} : labelled(autoencoder, 2, start)
          ).mean
        }))
      )
      assert.deepStrictEqual(one, none)
      assert.deepStrictEqual(other, none)
    })
  )

  it.effect("has the same parameters and noise each time it is built", () =>
    Effect.gen(function* () {
      const model = yield* Model
      for (const shape of shapes) {
        const [one, other] = [yield* model.build(shape), yield* model.build(shape)]
        const described = ({ parameters, noise }: Autoencoder): unknown => ({
          noise,
          parameters: Record.map(parameters, ({ shape, initializer }) => ({ shape, initializer: initializer.spec }))
        })
        assert.deepStrictEqual(described(other), described(one))
        assert.isAbove(Object.keys(one.parameters).length, 0)
        for (const name of Object.keys(one.parameters)) assert.match(name, /^(encoder|decoder|prior)\/[\w/-]+$/)
      }
    })
  )

  it.effect("draws finite first values of each parameter's shape", () =>
    forEachShape(({ autoencoder }) => {
      for (const [name, { shape, values }] of Object.entries(initialParameters(autoencoder, 1))) {
        assert.lengthOf(values, sizeOf(shape), name)
        assert.isTrue(
          values.every((value) => Number.isFinite(value)),
          name
        )
      }
    })
  )
}
