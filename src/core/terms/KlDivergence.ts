/**
 * The KL divergence to the prior, with a weight and a reduction over the latent dimensions.
 *
 * Source: Kingma and Welling 2013, appendix B, https://arxiv.org/abs/1312.6114
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LossTerm } from "../LossTerm.ts"
import { type Reduction, reductionProblem } from "./Reduction.ts"

export interface KlDivergenceOptions {
  /**
   * At least 0; default: 1. A source that divides a batch's sum by `batch * pixels`, as the annotated PyTorch example
   * does, has the weight `1 / pixels`: its `1 / batch` is the mean over the examples.
   */
  readonly weight?: number
  /**
   * Reduction over the latent dimensions. `sum` is the divergence; `mean` is used by guipet's project; default: `sum`.
   */
  readonly reduction?: Reduction
}

/** `weight KL(q(z | x) || p(z))`, or that divided by the number of latent dimensions, `[batch]`. */
export const KlDivergence = (options: KlDivergenceOptions = {}): LossTerm => {
  const { reduction = "sum", weight = 1 } = options
  return {
    spec: { _tag: "KlDivergence", weight, reduction },
    name: reduction === "sum" ? "kl" : "mean-kl",
    problem:
      weight >= 0 && Number.isFinite(weight)
        ? reductionProblem(reduction)
        : `weight is ${weight}; it must be a non-negative number`,
    needsKl: weight > 0,
    value: ({ kl, posterior }) => {
      const factor = reduction === "sum" ? weight : weight / posterior.mean.shape[1]
      // Excluded from the loss, so that a divergence too large for float32 cannot make it NaN.
      if (weight === 0) return tf.zeros([posterior.mean.shape[0]])
      return factor === 1 ? kl : tf.mul(kl, factor)
    }
  }
}
