/**
 * AdamW: Adam with decoupled weight decay.
 *
 * Source: Loshchilov and Hutter 2017, algorithm 2, https://arxiv.org/abs/1711.05101
 */
import { named, type Optimizer } from "../Optimizer.ts"
import { type Numeric, specOf } from "../Schedule.ts"
import { addDecayedWeights } from "../transformations/AddDecayedWeights.ts"
import { scaleByAdam } from "../transformations/ScaleByAdam.ts"
import { scaleByLearningRate } from "../transformations/ScaleByLearningRate.ts"
import type { AdamOptions } from "./Adam.ts"

export interface AdamWOptions extends AdamOptions {
  /** Weight decay per step, multiplied by the learning rate; at least 0; default: 0.01. */
  readonly decay?: Numeric
}

/** `chain(scaleByAdam(...), addDecayedWeights(decay), scaleByLearningRate(learningRate))`. */
export const AdamW = (options: AdamWOptions): Optimizer => {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decay = 0.01 } = options
  return named(
    { _tag: "AdamW", learningRate: specOf(learningRate), beta1, beta2, epsilon, decay: specOf(decay) },
    scaleByAdam({ beta1, beta2, epsilon }),
    addDecayedWeights(decay),
    scaleByLearningRate(learningRate)
  )
}
