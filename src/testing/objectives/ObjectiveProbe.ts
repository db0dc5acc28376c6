/**
 * The subject of `objectiveContract`: a batch, a Gaussian posterior by log variance and a decoder
 * `z -> Bernoulli(z kernel)`, without networks.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Layer, Record } from "effect"
import type { LikelihoodDistribution } from "../../core/Likelihood.ts"
import { BernoulliLogits } from "../../core/likelihoods/BernoulliLogits.ts"
import { ContinuousLatent, FactorizedPosterior } from "../../core/Model.ts"
import { Objective, type Terms } from "../../core/Objective.ts"
import type { PosteriorDistribution } from "../../core/Posterior.ts"
import { LogVarianceGaussian } from "../../core/posteriors/LogVarianceGaussian.ts"
import { PriorQuantiles } from "../../core/Prior.ts"
import { standardNormal, StandardNormal } from "../../core/priors/StandardNormal.ts"
import { flattenDraws } from "../../core/ProgramInputs.ts"
import { draw, uniform } from "../../core/Random.ts"
import { float32, type HostTensor, type HostTensors, prefixed, type Tensors, under } from "../../core/Tensors.ts"
import { normalValues, timeAt, toTensor, uniformValues } from "../TensorProbe.ts"

export const latent = 2
const pixels = [2, 2, 1] as const

/** The objective's inputs by name, its own noise as `own/...`; all but the kernel have one row per example. */
type Inputs = Record<"images" | "mean" | "logVariance" | "noise" | "prior" | "kernel" | `own/${string}`, HostTensor>

/** Number of training examples. */
export const examples = 10

const ownNoise = ({ noise }: Objective["Service"], seed: number, batch: number): HostTensors =>
  prefixed(
    "own/",
    Record.map(noise?.(latent) ?? {}, (type, name) => draw(type, { seed, stream: name, step: 0 }, batch))
  )

export const inputsAt = (objective: Objective["Service"], seed: number, batch: number): Inputs => ({
  ...ownNoise(objective, seed, batch),
  images: uniformValues(seed, "images", [batch, ...pixels]),
  mean: normalValues(seed, "mean", [batch, latent]),
  logVariance: normalValues(seed, "logVariance", [batch, latent]),
  noise: normalValues(seed, "noise", [batch, (objective.draws ?? 1) * latent]),
  prior: normalValues(seed, "prior", [batch, latent]),
  kernel: normalValues(seed, "kernel", [latent, 4])
})

export const posteriorOf = (tensors: Tensors): PosteriorDistribution =>
  LogVarianceGaussian().fromHeads([tensors["mean"] as tf.Tensor2D, tensors["logVariance"] as tf.Tensor2D])

export const decoderOf =
  (tensors: Tensors) =>
  (codes: tf.Tensor2D): LikelihoodDistribution =>
    BernoulliLogits().fromOutput(tf.reshape(tf.matMul(codes, tensors["kernel"]!), [-1, ...pixels]))

/** Initial values of the objective's own parameters, and its own noise among the tensors. */
export const ownOf = ({ parameters }: Objective["Service"], tensors: Tensors) => ({
  parameters: Record.map(parameters?.(latent) ?? {}, ({ initializer, shape }, name) =>
    toTensor(
      float32(
        shape,
        initializer.draw(shape, (count) => uniform({ seed: 1, stream: name, step: 0 }, count))
      )
    )
  ),
  noise: under("own/", tensors)
})

export const termsOf = (objective: Objective["Service"], tensors: Tensors): Terms =>
  objective.terms({
    images: tensors["images"] as tf.Tensor4D,
    posterior: posteriorOf(tensors),
    prior: standardNormal,
    priorCodes: () => tensors["prior"] as tf.Tensor2D,
    examples,
    noise: flattenDraws(tensors["noise"] as tf.Tensor2D, objective.draws ?? 1),
    time: timeAt(26),
    own: ownOf(objective, tensors),
    decode: decoderOf(tensors)
  })

/** The services of the tests' Gaussian model. */
export const offered = Layer.mergeAll(
  Layer.succeed(ContinuousLatent, { latent }),
  Layer.succeed(FactorizedPosterior, { latent }),
  Layer.succeed(PriorQuantiles, StandardNormal().quantiles)
)
