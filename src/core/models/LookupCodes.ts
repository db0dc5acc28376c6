/**
 * A decoder with a fixed lookup table of codes, one per class. Only the decoder is trained.
 *
 * The encoder looks up the code by label and ignores the image. With `ImageInstances`, where each image is its own
 * class, every image has its own code.
 *
 * Source: steps 1 to 3 of "Introduction to VAEs", after kvfrans
 */
import * as tf from "@tensorflow/tfjs-core"
import { Layer, Result } from "effect"
import { Labels } from "../Dataset.ts"
import type { Likelihood } from "../Likelihood.ts"
import { BernoulliLogits } from "../likelihoods/BernoulliLogits.ts"
import type { Autoencoder, Model, ModelError } from "../Model.ts"
import { type Module, sequence } from "../Network.ts"
import { Deterministic } from "../posteriors/Deterministic.ts"
import type { ContinuousFamily } from "../Posterior.ts"
import type { QuantilePrior } from "../Prior.ts"
import { standardNormal, StandardNormal } from "../priors/StandardNormal.ts"
import * as Random from "../Random.ts"
import type { Spec } from "../Spec.ts"
import * as Compose from "./Compose.ts"
import * as ModelOptions from "./ModelOptions.ts"
import * as ModelServices from "./ModelServices.ts"
import { countProblem } from "../OptionProblem.ts"

/** A lookup table of codes. */
export interface CodeTable<Latent extends number = number> {
  readonly spec: Spec
  /** The error of its options; undefined if they are valid. */
  readonly problem?: string | undefined
  /** Number of dimensions. */
  readonly latent: (classes: number) => Latent
  /** `[classes, latent]` in row-major order. */
  readonly table: (classes: number) => Float32Array
}

/** The same code, all ones, for every image. The decoder can at best learn the mean image. */
export const ones = <const Latent extends number>(latent: Latent): CodeTable<Latent> => ({
  spec: { _tag: "Ones", latent },
  problem: countProblem("latent", latent),
  latent: () => latent,
  table: (classes) => new Float32Array(classes * latent).fill(1)
})

/** One-hot codes: one dimension per class. */
export const oneHot = (): CodeTable => ({
  spec: { _tag: "OneHot" },
  latent: (classes) => classes,
  table: (classes) =>
    Float32Array.from({ length: classes * classes }, (_, place) => (place % (classes + 1) === 0 ? 1 : 0))
})

export interface NormalOptions {
  /** Seed of the codes, a non-negative integer; default: 0. */
  readonly seed?: number
}

/**
 * Codes drawn once from N(0, I) with their own seed. The codes of `n` classes are the first `n` codes of more classes.
 */
export const normal = <const Latent extends number>(latent: Latent, options: NormalOptions = {}): CodeTable<Latent> => {
  const { seed = 0 } = options
  return {
    spec: { _tag: "Normal", latent, seed },
    problem:
      countProblem("latent", latent) ??
      (Number.isSafeInteger(seed) && seed >= 0 ? undefined : `seed is ${seed}; it must be a non-negative integer`),
    latent: () => latent,
    table: (classes) => Random.normal({ seed, stream: "codebook", step: 0 }, classes * latent)
  }
}

export interface LookupCodesOptions<Latent extends number = number> {
  /** `ones`, `oneHot` or `normal`. */
  readonly codes: CodeTable<Latent>
  /** From a code `[latent]` to the likelihood's parameters in the image's shape, such as logits. */
  readonly decoder: ReadonlyArray<Module>
  /** The family of `p(x | z)`; default: `BernoulliLogits()`. */
  readonly likelihood?: Likelihood
}

/** `q(z | y)`, a point mass at the code of `y`. */
const lookUp = (codes: CodeTable, classes: number): Autoencoder["encode"] => {
  const { fromHeads } = Deterministic()
  const table = codes.table(classes)
  return (_parameters, _images, { labels } = {}) =>
    fromHeads([tf.gather(tf.tensor2d(table, [classes, codes.latent(classes)]), labels!)])
}

/**
 * Provides a decoder of codes that are fixed for the dataset's classes, and `PlanarLatent` with two latent dimensions.
 * Codes have no density.
 *
 * Fails with `ModelError` for an invalid option; `build` fails with one if a module does not accept its input or the
 * decoder's output shape is not the image's.
 */
export const layer = <const Latent extends number>(
  options: LookupCodesOptions<Latent>
): Layer.Layer<Model | ModelServices.Offers<Latent, QuantilePrior, ContinuousFamily>, ModelError, Labels> => {
  const { codes, decoder, likelihood = BernoulliLogits() } = options
  const forClasses = (classes: number) =>
    ModelServices.services({
      // The model's former name, kept because specs determine run ids.
      tag: "Codebook",
      problem:
        codes.problem ??
        ModelOptions.modulesProblem({ decoder }) ??
        (likelihood.problem && `likelihood: ${likelihood.problem}`),
      options: { codes: codes.spec, classes, decoder: decoder.map(({ spec }) => spec), likelihood: likelihood.spec },
      latent: codes.latent(classes),
      prior: StandardNormal(),
      likelihood,
      factorized: false,
      infiniteKl: "they have no noise",
      build: (image) =>
        Result.map(
          Compose.composeDecoder(image, codes.latent(classes), { decoder: sequence(...decoder), likelihood }),
          ({ decode, noise, parameters }): Autoencoder => ({
            parameters,
            noise,
            encoderClasses: classes,
            encode: lookUp(codes, classes),
            prior: () => standardNormal,
            decode: (parameters, codes, { noise } = {}) => decode(parameters, codes, noise)
          })
        )
    })
  return Layer.effectContext(Labels.use(({ classes }) => forClasses(classes.length))) as Layer.Layer<
    Model | ModelServices.Offers<Latent, QuantilePrior, ContinuousFamily>,
    ModelError,
    Labels
  >
}
