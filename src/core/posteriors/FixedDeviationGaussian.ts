/**
 * A Gaussian of one fixed deviation about the encoder's output: an autoencoder whose code gets noise.
 *
 * The deviation is no output, so that `KL` differs from half the code's square by a constant alone: an autoencoder with
 * noise and a penalty on the code's square is trained as a variational autoencoder with this posterior is.
 *
 * Source: SimpleVAE, N. Lakmal Deshapriya 2020, with a deviation of 0.5
 */
import * as tf from "@tensorflow/tfjs-core"
import type { FactorizedFamily } from "../Posterior.ts"
import { everyDraw, halfLogTwoPi } from "./DiagonalGaussian.ts"
import { positiveProblem } from "../OptionProblem.ts"

export interface FixedDeviationGaussianOptions {
  /** Standard deviation in every dimension, in units of the code; above 0. */
  readonly deviation: number
}

/**
 * `N(mean, deviation² I)`; `kl = ½ Σ (mean² + deviation² - 1 - log deviation²)`, 0 nowhere unless the deviation is 1.
 */
export const FixedDeviationGaussian = (options: FixedDeviationGaussianOptions): FactorizedFamily => {
  const { deviation } = options
  const logDeviation = Math.log(deviation)
  const klConstant = 0.5 * (deviation ** 2 - 1) - logDeviation
  return {
    spec: { _tag: "FixedDeviationGaussian", deviation },
    problem: positiveProblem("deviation", deviation),
    factorized: true,
    heads: ["mean"],
    fromHeads: ([head]) => {
      const mean = head!
      const [batch, latent] = mean.shape
      return {
        mean,
        get deviation() {
          return tf.mul(tf.onesLike(mean), deviation) as tf.Tensor2D
        },
        sample: (noise) => everyDraw(batch, noise, (noise) => tf.add(mean, tf.mul(noise, deviation))),
        logProbByDimension: (codes) => {
          const standardised = everyDraw(batch, codes, (codes) => tf.div(tf.sub(codes, mean), deviation))
          return tf.sub(tf.mul(tf.square(standardised), -0.5), logDeviation + halfLogTwoPi)
        },
        logProb: (codes) => {
          const standardised = everyDraw(batch, codes, (codes) => tf.div(tf.sub(codes, mean), deviation))
          const squares = tf.sum(tf.square(standardised), 1)
          return tf.sub(tf.mul(squares, -0.5), latent * (logDeviation + halfLogTwoPi))
        },
        klByDimension: () => tf.add(tf.mul(tf.square(mean), 0.5), klConstant),
        kl: () => tf.add(tf.mul(tf.sum(tf.square(mean), 1), 0.5), latent * klConstant)
      }
    }
  }
}
