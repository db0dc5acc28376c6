/**
 * A Bernoulli distribution for each pixel, by its logit. Grey pixels count as probabilities.
 *
 * Source: Kingma and Welling 2013, appendix C.1, https://arxiv.org/abs/1312.6114
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Likelihood } from "../Likelihood.ts"

/** `log p(x | z) = Σ x logits - log(1 + exp(logits))`, exact for logits of any size; the mean is `sigmoid(logits)`. */
export const BernoulliLogits = (): Likelihood => ({
  spec: { _tag: "BernoulliLogits" },
  fromOutput: (logits) => ({
    // Training does not look at the mean, so it is computed only where it is asked for.
    get mean() {
      return tf.sigmoid(logits)
    },
    logProb: (images) => tf.sum(tf.sub(tf.mul(images, logits), tf.softplus(logits)), [1, 2, 3])
  })
})
