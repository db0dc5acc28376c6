/**
 * The subject of `modelContract`: a model built for several image shapes, and everything it computes for a batch.
 */
import { type Vitest } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Option, Record } from "effect"
import { divergence, drawCodes } from "../../core/Divergence.ts"
import type { ImageShape } from "../../core/Dataset.ts"
import {
  type Autoencoder,
  ClassConditional,
  ContinuousLatent,
  DiscreteLatent,
  labelClasses,
  Model,
  type ModelContext,
  type ModelError,
  PlanarLatent
} from "../../core/Model.ts"
import { uniform } from "../../core/Random.ts"
import { float32, type HostTensor, type HostTensors, type Tensors } from "../../core/Tensors.ts"
import { read, type Reading, timeAt, toTensor, toTensors } from "../TensorProbe.ts"

/** Initial values of all parameters. */
export const initialParameters = (autoencoder: Autoencoder, seed: number): HostTensors =>
  Record.map(autoencoder.parameters, ({ shape, initializer }, name) =>
    float32(
      shape,
      initializer.draw(shape, (count) => uniform({ seed, stream: name, step: 0 }, count))
    )
  )

/** A time of training, and labels `[batch]`, each class in turn from `first`, where the model takes them. */
export const labelled = (autoencoder: Autoencoder, batch: number, first = 0): ModelContext => {
  const classes = labelClasses(autoencoder)
  return {
    time: timeAt(26),
    ...(classes !== undefined && {
      labels: tf.tensor1d(
        Array.from({ length: batch }, (_, index) => (index + first) % classes),
        "int32"
      )
    })
  }
}

/** `[height, width, channels]`. */
export const imageAxes = ({ height, width, channels }: ImageShape): ReadonlyArray<number> => [height, width, channels]

/** The test functions of a suite whose layer provides the model. */
export type ModelTests = Vitest.MethodsNonLive<Model>

/** A model built for images of one shape. */
export interface BuiltModel {
  readonly autoencoder: Autoencoder
  readonly shape: ImageShape
  readonly latent: number
  readonly hasDensity: boolean
  readonly planar: boolean
  readonly continuous: boolean
  readonly discrete: boolean
  readonly conditional: number | undefined
}

/**
 * Everything that a model computes for a batch: the code's distribution, and the image's at the code drawn with
 * `noise`.
 */
export const compute = (
  autoencoder: Autoencoder,
  parameters: Tensors,
  images: tf.Tensor4D,
  noise: tf.Tensor2D,
  context: ModelContext = labelled(autoencoder, images.shape[0])
): Tensors => {
  const posterior = autoencoder.encode(parameters, images, context)
  const drawn = drawCodes(posterior, noise)
  const likelihood = autoencoder.decode(parameters, drawn.codes, context)
  const found = divergence(posterior, autoencoder.prior(parameters, context), drawn)
  return {
    mean: posterior.mean,
    deviation: posterior.deviation,
    image: likelihood.mean,
    logProb: likelihood.logProb(images),
    ...(found && { kl: found.value })
  }
}

/** The same from host tensors, read back. */
export const computed = (
  autoencoder: Autoencoder,
  parameters: HostTensors,
  images: HostTensor,
  noise: HostTensor,
  context: (batch: number) => ModelContext = (batch) => labelled(autoencoder, batch)
): Record<string, Reading> =>
  read(() => compute(autoencoder, toTensors(parameters), toTensor(images), toTensor(noise), context(images.shape[0]!)))

/** Runs `test` for the model built for each of the shapes. */
export const forShapes =
  (shapes: ReadonlyArray<ImageShape>) =>
  (test: (built: BuiltModel) => void): Effect.Effect<void, ModelError, Model> =>
    Effect.gen(function* () {
      const model = yield* Model
      const { infiniteKl, latent } = model
      const hasDensity = infiniteKl === undefined
      const planar = Option.isSome(yield* Effect.serviceOption(PlanarLatent))
      const continuous = Option.isSome(yield* Effect.serviceOption(ContinuousLatent))
      const discrete = Option.isSome(yield* Effect.serviceOption(DiscreteLatent))
      const conditional = Option.getOrUndefined(yield* Effect.serviceOption(ClassConditional))?.classes
      for (const shape of shapes) {
        const autoencoder = yield* model.build(shape)
        test({ autoencoder, shape, latent, hasDensity, planar, continuous, discrete, conditional })
      }
    })
