/**
 * What every model must satisfy, as tests: `modelContract("Mine", Mine.layer({ latent: 2 }))`.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer, Option, Record } from "effect"
import { divergence, drawCodes } from "../core/Divergence.ts"
import type { ImageShape } from "../core/Dataset.ts"
import {
  type Autoencoder,
  ClassConditional,
  labelClasses,
  Model,
  type ModelContext,
  type ModelError,
  PlanarLatent
} from "../core/Model.ts"
import { draw, permutation, uniform } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"
import { float32, type HostTensor, type HostTensors, sizeOf, type Tensors } from "../core/Tensors.ts"
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
} from "./TensorProbe.ts"

export interface ModelContractOptions {
  /** Shapes of images that the model must take; small ones keep the tests fast. */
  readonly shapes?: ReadonlyArray<ImageShape>
}

const first = (autoencoder: Autoencoder, seed: number): HostTensors =>
  Record.map(autoencoder.parameters, ({ shape, initializer }, name) =>
    float32(
      shape,
      initializer.draw(shape, (count) => uniform({ seed, stream: name, step: 0 }, count))
    )
  )

/** Labels `[batch]`, each class in turn from `first`, where the model takes them. */
const labelled = (autoencoder: Autoencoder, batch: number, first = 0): ModelContext => {
  const classes = labelClasses(autoencoder)
  return classes === undefined
    ? {}
    : {
        labels: tf.tensor1d(
          Array.from({ length: batch }, (_, index) => (index + first) % classes),
          "int32"
        )
      }
}

const axes = ({ height, width, channels }: ImageShape): ReadonlyArray<number> => [height, width, channels]

/** Registers the contract's tests. */
export const modelContract = (
  name: string,
  layer: Layer.Layer<Model, ModelError>,
  options: ModelContractOptions = {}
): void => {
  const {
    shapes = [
      { height: 4, width: 4, channels: 1 },
      { height: 4, width: 8, channels: 3 }
    ]
  } = options

  /** All that a model says of a batch: the code's distribution, and the image's at the code drawn with `noise`. */
  const look = (
    autoencoder: Autoencoder,
    parameters: Tensors,
    images: tf.Tensor4D,
    noise: tf.Tensor2D,
    context: ModelContext = labelled(autoencoder, images.shape[0])
  ): Tensors => {
    const posterior = autoencoder.encode(parameters, images, context)
    const drawn = drawCodes(posterior, noise)
    const likelihood = autoencoder.decode(parameters, drawn.codes, context)
    const found = divergence(posterior, autoencoder.prior(parameters), drawn)
    return {
      mean: posterior.mean,
      deviation: posterior.deviation,
      image: likelihood.mean,
      logProb: likelihood.logProb(images),
      ...(found && { kl: found.value })
    }
  }

  withLayer(layer)(`${name}, a model`, (it) => {
    const looked = (
      autoencoder: Autoencoder,
      parameters: HostTensors,
      images: HostTensor,
      noise: HostTensor,
      context: (batch: number) => ModelContext = (batch) => labelled(autoencoder, batch)
    ): Record<string, Reading> =>
      read(() => look(autoencoder, toTensors(parameters), toTensor(images), toTensor(noise), context(images.shape[0]!)))

    /** Runs `test` for the model built for each of the shapes. */
    const forShapes = (
      test: (built: {
        readonly autoencoder: Autoencoder
        readonly shape: ImageShape
        readonly latent: number
        readonly hasDensity: boolean
        readonly planar: boolean
        readonly conditional: number | undefined
      }) => void
    ): Effect.Effect<void, ModelError, Model> =>
      Effect.gen(function* () {
        const model = yield* Model
        const { infiniteKl, latent } = model
        const hasDensity = infiniteKl === undefined
        const planar = Option.isSome(yield* Effect.serviceOption(PlanarLatent))
        const conditional = Option.getOrUndefined(yield* Effect.serviceOption(ClassConditional))?.classes
        for (const shape of shapes) {
          test({ autoencoder: yield* model.build(shape), shape, latent, hasDensity, planar, conditional })
        }
      })

    it.effect("describes itself", () =>
      Effect.gen(function* () {
        const { spec, latent } = yield* Model
        assert.isString(spec._tag)
        assert.deepStrictEqual(JSON.parse(canonicalJson(spec)), spec)
        assert.isTrue(Number.isInteger(latent) && latent > 0)
      })
    )

    it.effect("offers a planar latent space exactly where two latent dimensions are all that an image depends on", () =>
      forShapes(({ autoencoder, conditional, latent, planar }) => {
        assert.strictEqual(planar, latent === 2 && autoencoder.classes === undefined)
        assert.strictEqual(conditional, autoencoder.classes)
      })
    )

    it.effect("gives images of another class other codes and other images, where it takes labels", () =>
      forShapes(({ autoencoder, latent, shape }) => {
        if ((labelClasses(autoencoder) ?? 0) < 2) return
        const [images, noise] = [uniformValues(5, "images", [2, ...axes(shape)]), normalValues(5, "noise", [2, latent])]
        const parameters = first(autoencoder, 5)
        const [one, other] = [0, 1].map((start) =>
          looked(autoencoder, parameters, images, noise, (batch) => labelled(autoencoder, batch, start))
        )
        assert.notDeepEqual(one!["mean"], other!["mean"])
        assert.notDeepEqual(one!["image"], other!["image"])
      })
    )

    it.effect("takes labels in one place or in both, and where the encoder alone does, the decoder reads none", () =>
      forShapes(({ autoencoder, latent }) => {
        assert.isFalse(autoencoder.classes !== undefined && autoencoder.encoderClasses !== undefined)
        if (autoencoder.encoderClasses === undefined) return
        const codes = normalValues(6, "codes", [2, latent])
        const parameters = first(autoencoder, 6)
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
      forShapes(({ autoencoder }) => {
        for (const [name, { shape, values }] of Object.entries(first(autoencoder, 1))) {
          assert.lengthOf(values, sizeOf(shape), name)
          assert.isTrue(
            values.every((value) => Number.isFinite(value)),
            name
          )
        }
      })
    )

    it.effect.prop(
      "gives distributions of the right shapes",
      { seed: Seed, batch: integers(1, 4) },
      ({ seed, batch }) =>
        forShapes(({ autoencoder, shape, latent, hasDensity }) => {
          const images = uniformValues(seed, "images", [batch, ...axes(shape)])
          const noise = normalValues(seed, "noise", [batch, latent])
          const found = looked(autoencoder, first(autoencoder, seed), images, noise)
          assertFinite(found)
          assert.deepStrictEqual(
            Record.map(found, ({ shape }) => shape),
            {
              mean: [batch, latent],
              deviation: [batch, latent],
              image: [batch, ...axes(shape)],
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
        forShapes(({ autoencoder, shape, latent }) => {
          const images = uniformValues(seed, "images", [batch, ...axes(shape)])
          const noise = normalValues(seed, "noise", [batch, latent])
          const parameters = first(autoencoder, seed)
          const straight = looked(autoencoder, parameters, images, noise)
          const order = permutation({ seed, stream: "order", step: 0 }, batch)
          const permuted = looked(
            autoencoder,
            parameters,
            permuteRows(images, order),
            permuteRows(noise, order),
            (batch) => {
              const { labels } = labelled(autoencoder, batch)
              return labels === undefined ? {} : { labels: tf.gather(labels, tf.tensor1d(order, "int32")) }
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
      forShapes(({ autoencoder, shape, latent }) => {
        const images = uniformValues(2, "images", [2, ...axes(shape)])
        const noise = normalValues(2, "noise", [2, latent])
        const elbo = (parameters: Tensors): tf.Tensor => {
          const { logProb, kl } = look(autoencoder, parameters, toTensor(images), toTensor(noise))
          return kl === undefined ? logProb! : tf.sub(logProb!, kl)
        }
        // Away from biases of 0, where a unit without input stands exactly on a kink of its activation.
        const parameters = Record.map(first(autoencoder, 2), ({ shape, values }, name) => {
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
      forShapes(({ autoencoder, shape, latent }) => {
        const parameters = first(autoencoder, 3)
        const noise = normalValues(3, "noise", [2, latent])
        const pixels = sizeOf(axes(shape))
        const images = float32([2, ...axes(shape)], new Float32Array(2 * pixels).fill(1, pixels))
        assertFinite(looked(autoencoder, parameters, images, noise))
        assertFinite(
          gradients(
            (parameters) => look(autoencoder, parameters, toTensor(images), toTensor(noise))["logProb"]!,
            parameters
          )
        )
      })
    )

    it.effect("takes the training noise that it asks for", () =>
      forShapes(({ autoencoder, shape, latent }) => {
        const noise = Record.map(autoencoder.noise, (type, name) => draw(type, { seed: 4, stream: name, step: 0 }, 2))
        const images = uniformValues(4, "images", [2, ...axes(shape)])
        const codeNoise = normalValues(4, "noise", [2, latent])
        const parameters = first(autoencoder, 4)
        const training = (): Record<string, Reading> =>
          read(() =>
            look(autoencoder, toTensors(parameters), toTensor(images), toTensor(codeNoise), {
              ...labelled(autoencoder, 2),
              noise: toTensors(noise)
            })
          )
        assertFinite(training())
        assert.deepStrictEqual(training(), training())
      })
    )
  })
}
