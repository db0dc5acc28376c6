/**
 * Adam: steps scaled by running means of the gradients and of their squares.
 *
 * Source: Kingma and Ba 2014, algorithm 1, https://arxiv.org/abs/1412.6980
 */
import { named, type Optimizer } from "../Optimizer.ts"
import { type Numeric, specOf } from "../Schedule.ts"
import { scaleByAdam, type ScaleByAdamOptions } from "../transformations/ScaleByAdam.ts"
import { scaleByLearningRate } from "../transformations/ScaleByLearningRate.ts"

export interface AdamOptions extends Omit<ScaleByAdamOptions, "amsgrad"> {
  /** About the largest change of a parameter in one step; above 0. */
  readonly learningRate: Numeric
}

/** `chain(scaleByAdam({ beta1, beta2, epsilon }), scaleByLearningRate(learningRate))`. */
export const Adam = ({ learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): Optimizer =>
  named(
    { _tag: "Adam", learningRate: specOf(learningRate), beta1, beta2, epsilon },
    scaleByAdam({ beta1, beta2, epsilon }),
    scaleByLearningRate(learningRate)
  )
