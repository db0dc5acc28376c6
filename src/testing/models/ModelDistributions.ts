/**
 * Contract tests of what a model computes: shapes, independence of examples, gradients, extreme images, training noise.
 */
import { assert } from "@effect/vitest"
import { compute, computed, forShapes, imageAxes, initialParameters, labelled, type ModelTests } from "./ModelProbe.ts"
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { ImageShape } from "../../core/Dataset.ts"
import { draw, permutation } from "../../core/Random.ts"
import { float32, sizeOf, type Tensors } from "../../core/Tensors.ts"
import {
  assertClose,
  assertFinite,
  assertGradients,
  gradients,
  integers,
  normalValues,
  permuteRows,
  read,
  type Reading,
  Seed,
  toTensor,
  toTensors,
  uniformValues
} from "../TensorProbe.ts"

/** Registers the tests. */
export const distributionTests = (it: ModelTests, shapes: ReadonlyArray<ImageShape>): void => {
  const forEachShape = forShapes(shapes)

  it.effect.prop(
    "gives distributions of the right shapes",
    { seed: Seed, batch: integers(1, 4) },
    ({ seed, batch }) =>
      forEachShape(({ autoencoder, shape, latent, hasDensity }) => {
        const images = uniformValues(seed, "images", [batch, ...imageAxes(shape)])
        const noise = normalValues(seed, "noise", [batch, latent])
        const found = computed(autoencoder, initialParameters(autoencoder, seed), images, noise)
        assertFinite(found)
        assert.deepStrictEqual(
          Record.map(found, ({ shape }) => shape),
          {
            mean: [batch, latent],
            deviation: [batch, latent],
            image: [batch, ...imageAxes(shape)],
            logProb: [batch],
            ...(hasDensity && { kl: [batch] })
          }
        )
      }),
    { arbitrary: { runs: 10 } }
  )

  it.effect.prop(
    "treats each example alone",
    { seed: Seed, batch: integers(2, 4) },
    ({ seed, batch }) =>
      forEachShape(({ autoencoder, shape, latent }) => {
        const images = uniformValues(seed, "images", [batch, ...imageAxes(shape)])
        const noise = normalValues(seed, "noise", [batch, latent])
        const parameters = initialParameters(autoencoder, seed)
        const straight = computed(autoencoder, parameters, images, noise)
        const order = permutation({ seed, stream: "order", step: 0 }, batch)
        const permuted = computed(
          autoencoder,
          parameters,
          permuteRows(images, order),
          permuteRows(noise, order),
          (batch) => {
            const { labels, time } = labelled(autoencoder, batch)
            return { time, labels: labels && tf.gather(labels, tf.tensor1d(order, "int32")) }
          }
        )
        for (const [name, { shape, values }] of Object.entries(straight)) {
          assertClose(
            permuted[name]!.values,
            permuteRows(float32(shape, values), order).values as Float32Array,
            1e-5,
            name
          )
        }
      }),
    { arbitrary: { runs: 10 } }
  )

  it.effect("has gradients by every parameter that agree with finite differences", () =>
    forEachShape(({ autoencoder, shape, latent }) => {
      const images = uniformValues(2, "images", [2, ...imageAxes(shape)])
      const noise = normalValues(2, "noise", [2, latent])
      const elbo = (parameters: Tensors): tf.Tensor => {
        const { logProb, kl } = compute(autoencoder, parameters, toTensor(images), toTensor(noise))
        return kl === undefined ? logProb! : tf.sub(logProb!, kl)
      }
      // Away from biases of 0, where a unit without input stands exactly on a kink of its activation.
      const parameters = Record.map(initialParameters(autoencoder, 2), ({ shape, values }, name) => {
        const shift = normalValues(2, `shift/${name}`, shape, 0.1).values
        return float32(
          shape,
          Float32Array.from(values, (value, index) => value + shift[index]!)
        )
      })
      // A short step: activations with a kink are not smooth over a long one.
      assertGradients(elbo, parameters, { step: 1 / 512, tolerance: 0.03 })
      for (const [name, { values }] of Object.entries(gradients(elbo, parameters))) {
        assert.isTrue(
          values.some((value) => value !== 0),
          `${name} has no part in the ELBO`
        )
      }
    })
  )

  it.effect("gives finite values and gradients for black and for white images", () =>
    forEachShape(({ autoencoder, shape, latent }) => {
      const parameters = initialParameters(autoencoder, 3)
      const noise = normalValues(3, "noise", [2, latent])
      const pixels = sizeOf(imageAxes(shape))
      const images = float32([2, ...imageAxes(shape)], new Float32Array(2 * pixels).fill(1, pixels))
      assertFinite(computed(autoencoder, parameters, images, noise))
      assertFinite(
        gradients(
          (parameters) => compute(autoencoder, parameters, toTensor(images), toTensor(noise))["logProb"]!,
          parameters
        )
      )
    })
  )

  it.effect("takes the training noise that it asks for", () =>
    forEachShape(({ autoencoder, shape, latent }) => {
      const noise = Record.map(autoencoder.noise, (type, name) => draw(type, { seed: 4, stream: name, step: 0 }, 2))
      const images = uniformValues(4, "images", [2, ...imageAxes(shape)])
      const codeNoise = normalValues(4, "noise", [2, latent])
      const parameters = initialParameters(autoencoder, 4)
      const training = (): Record<string, Reading> =>
        read(() =>
          compute(autoencoder, toTensors(parameters), toTensor(images), toTensor(codeNoise), {
            ...labelled(autoencoder, 2),
            noise: toTensors(noise)
          })
        )
      assertFinite(training())
      assert.deepStrictEqual(training(), training())
    })
  )
}
