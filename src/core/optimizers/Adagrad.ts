/**
 * Adagrad: steps divided by the root of the sum of all squared gradients.
 *
 * Source: Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html
 */
import { named, type Optimizer } from "../Optimizer.ts"
import { type Numeric, specOf } from "../Schedule.ts"
import { scaleByAdagrad, type ScaleByAdagradOptions } from "../transformations/ScaleByAdagrad.ts"
import { scaleByLearningRate } from "../transformations/ScaleByLearningRate.ts"

export interface AdagradOptions extends ScaleByAdagradOptions {
  /** Change of a parameter in the first step; above 0. */
  readonly learningRate: Numeric
}

/** `chain(scaleByAdagrad({ epsilon }), scaleByLearningRate(learningRate))`. */
export const Adagrad = ({ learningRate, epsilon = 1e-10 }: AdagradOptions): Optimizer =>
  named(
    { _tag: "Adagrad", learningRate: specOf(learningRate), epsilon },
    scaleByAdagrad({ epsilon }),
    scaleByLearningRate(learningRate)
  )
