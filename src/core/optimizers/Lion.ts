/**
 * Lion: the sign of an interpolation between the gradient and its running mean.
 *
 * Source: Chen et al. 2023, algorithm 2, https://arxiv.org/abs/2302.06675
 */
import { named, type Optimizer } from "../Optimizer.ts"
import { type Numeric, specOf } from "../Schedule.ts"
import { addDecayedWeights } from "../transformations/AddDecayedWeights.ts"
import { scaleByLearningRate } from "../transformations/ScaleByLearningRate.ts"
import { scaleByLion, type ScaleByLionOptions } from "../transformations/ScaleByLion.ts"

export interface LionOptions extends ScaleByLionOptions {
  /** Change of every parameter per step; above 0. A tenth to a third of Adam's is usual. */
  readonly learningRate: Numeric
  /** Weight decay per step, multiplied by the learning rate; at least 0; default: 0. */
  readonly decay?: Numeric
}

/** `chain(scaleByLion({ beta1, beta2 }), addDecayedWeights(decay), scaleByLearningRate(learningRate))`. */
export const Lion = ({ learningRate, beta1 = 0.9, beta2 = 0.99, decay = 0 }: LionOptions): Optimizer =>
  named(
    { _tag: "Lion", learningRate: specOf(learningRate), beta1, beta2, decay: specOf(decay) },
    scaleByLion({ beta1, beta2 }),
    addDecayedWeights(decay),
    scaleByLearningRate(learningRate)
  )
