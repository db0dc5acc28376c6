/**
 * The VampPrior: a mixture of the posteriors of learned pseudo-inputs, which approximates the aggregated posterior.
 *
 * Source: Tomczak and Welling 2018, eq. 9, https://arxiv.org/abs/1705.07120
 */
import * as tf from "@tensorflow/tfjs-core"
import { uniformIn } from "../Initializer.ts"
import { logSumExp } from "../LogSumExp.ts"
import type { Prior } from "../Prior.ts"
import { countProblem } from "../OptionProblem.ts"

export interface VampPriorOptions {
  /** Number of pseudo-inputs, from 1. */
  readonly pseudoInputs: number
}

/**
 * `p(z) = 1/K Σ_k q(z | sigmoid(pseudoInputs_k))`, with the model's own encoder.
 *
 * Parameter: `pseudo-inputs` `[pseudoInputs, height, width, channels]`, logits of pixels, uniform in [-4, 0) at first, so
 * that pixels are dark. The paper keeps pixels in [0, 1] by clipping, where those outside have no gradient.
 */
export const VampPrior = ({ pseudoInputs }: VampPriorOptions): Prior => ({
  spec: { _tag: "VampPrior", pseudoInputs },
  name: `the VampPrior of ${pseudoInputs} pseudo-input${pseudoInputs === 1 ? "" : "s"}`,
  problem: countProblem("pseudoInputs", pseudoInputs),
  needsPosteriorDensity: true,
  needsEncoder: true,
  parameters: ({ image: { channels, height, width } }) => ({
    "pseudo-inputs": { shape: [pseudoInputs, height, width, channels], initializer: uniformIn(-4, 0) }
  }),
  distribution: (parameters, { encode, latent }) => {
    const posterior = encode(tf.sigmoid(parameters["pseudo-inputs"] as tf.Tensor4D))
    return {
      logProb: (codes) => {
        const [rows] = codes.shape
        // Every code under every pseudo-input's posterior: each code is a draw that all posteriors share.
        const repeated = tf.reshape(tf.tile(tf.expandDims(codes, 1), [1, pseudoInputs, 1]), [
          rows * pseudoInputs,
          latent
        ]) as tf.Tensor2D
        const logDensities = tf.reshape(posterior.logProb!(repeated), [rows, pseudoInputs])
        return tf.sub(logSumExp(tf.transpose(logDensities)), Math.log(pseudoInputs)) as tf.Tensor1D
      },
      sample: ({ normal, uniform }) => {
        const index = tf.cast(tf.minimum(tf.floor(tf.mul(uniform, pseudoInputs)), pseudoInputs - 1), "int32")
        const { deviation, mean } = posterior
        return tf.add(tf.gather(mean, index), tf.mul(tf.gather(deviation, index), normal))
      }
    }
  }
})
