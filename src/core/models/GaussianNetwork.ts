/**
 * Networks that end in a diagonal Gaussian, and the algebra of such Gaussians: what a hierarchy of codes is composed of.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { Module, Network, NetworkError } from "../Network.ts"
import { dense, type DenseInitializer } from "../networks/Dense.ts"
import type { PosteriorDistribution } from "../Posterior.ts"
import { diagonalGaussian } from "../posteriors/DiagonalGaussian.ts"
import { prefixed, type Tensors, under } from "../Tensors.ts"

/** A diagonal Gaussian by its mean and the logarithm of its variance, `[rows, latent]` each. */
export interface Gaussian {
  readonly mean: tf.Tensor2D
  readonly logVariance: tf.Tensor2D
}

/** The Gaussian as a posterior. */
export const distribution = ({ logVariance, mean }: Gaussian): PosteriorDistribution =>
  diagonalGaussian(mean, tf.mul(logVariance, 0.5))

/** `N(0, I)`, `[rows, latent]`. */
export const standardNormal = (rows: number, latent: number): Gaussian => ({
  mean: tf.zeros([rows, latent]),
  logVariance: tf.zeros([rows, latent])
})

/** The product of two Gaussians, normalised: precisions add up, and means are weighed by them. */
export const product = (a: Gaussian, b: Gaussian): Gaussian => {
  const difference = tf.sub<tf.Tensor2D>(a.logVariance, b.logVariance)
  return {
    mean: tf.add(b.mean, tf.mul(tf.sub(a.mean, b.mean), tf.sigmoid(tf.neg(difference)))),
    logVariance: tf.sub(a.logVariance, tf.softplus(difference))
  }
}

/** `KL(q || p)` in nats, `[rows]`: that to the standard normal distribution where `p` is moved and scaled to it. */
export const divergence = (q: Gaussian, p: Gaussian): tf.Tensor1D =>
  distribution({
    mean: tf.mul(tf.sub(q.mean, p.mean), tf.exp(tf.mul(p.logVariance, -0.5))),
    logVariance: tf.sub(q.logVariance, p.logVariance)
  }).kl!()

/** A network that ends in a Gaussian. */
export interface GaussianNetwork {
  readonly body: Network
  readonly heads: { readonly mean: Network; readonly "log-variance": Network }
}

const headNames = ["mean", "log-variance"] as const

/** The network from `[input]`, a linear head for each of mean and log-variance after `body`. */
export const make = (
  input: ReadonlyArray<number>,
  body: Module,
  latent: number,
  initializer: DenseInitializer
): Result.Result<GaussianNetwork, NetworkError> =>
  Result.gen(function* () {
    const built = yield* body.build(input)
    const head = dense(latent, { initializer })
    return {
      body: built,
      heads: { mean: yield* head.build(built.output), "log-variance": yield* head.build(built.output) }
    }
  })

/** Its parameters, those of the heads as `mean/...` and `log-variance/...`. */
export const parametersOf = ({ body, heads }: GaussianNetwork): Network["parameters"] => ({
  ...body.parameters,
  ...Object.assign({}, ...headNames.map((name) => prefixed(`${name}/`, heads[name].parameters)))
})

/** The Gaussian, and the features below its heads. */
export const apply = (
  { body, heads }: GaussianNetwork,
  parameters: Tensors,
  x: tf.Tensor
): { readonly features: tf.Tensor; readonly gaussian: Gaussian } => {
  const features = body.apply(parameters, x)
  const head = (name: (typeof headNames)[number]) =>
    heads[name].apply(under(`${name}/`, parameters), features) as tf.Tensor2D
  return { features, gaussian: { mean: head("mean"), logVariance: head("log-variance") } }
}
