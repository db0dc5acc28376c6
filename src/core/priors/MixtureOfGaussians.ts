/**
 * A learned mixture of diagonal Gaussians.
 *
 * Source: the baseline "MoG" of Tomczak and Welling 2018, section 4, https://arxiv.org/abs/1705.07120
 */
import type * as tf from "@tensorflow/tfjs-core"
import { uniformIn, zeros } from "../Initializer.ts"
import type { Prior } from "../Prior.ts"
import { mixtureOfGaussians, normalised } from "./Mixture.ts"
import { countProblem } from "../OptionProblem.ts"

export interface MixtureOfGaussiansOptions {
  /** Number of components, from 1. */
  readonly components: number
}

/**
 * `p(z) = Σ_k softmax(logits)_k N(z; means_k, exp(logDeviations_k)²)`.
 *
 * Parameters: `means` `[components, latent]`, of variance 1 at first, `log-deviations` `[components, latent]` and `logits`
 * `[components]`, 0 at first.
 */
export const MixtureOfGaussians = ({ components }: MixtureOfGaussiansOptions): Prior => ({
  spec: { _tag: "MixtureOfGaussians", components },
  name: `a learned mixture of ${components} Gaussian${components === 1 ? "" : "s"}`,
  problem: countProblem("components", components),
  parameters: ({ latent }) => ({
    means: { shape: [components, latent], initializer: uniformIn(-Math.sqrt(3), Math.sqrt(3)) },
    "log-deviations": { shape: [components, latent], initializer: zeros },
    logits: { shape: [components], initializer: zeros }
  }),
  distribution: (parameters) =>
    mixtureOfGaussians({
      means: parameters["means"] as tf.Tensor2D,
      logDeviations: parameters["log-deviations"] as tf.Tensor2D,
      logWeights: normalised(parameters["logits"] as tf.Tensor1D)
    })
})
