/**
 * RMSProp: steps divided by the root mean square of the gradients, with optional momentum and centring.
 *
 * Source: Tieleman and Hinton 2012, lecture 6.5, as in
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
import { named, type Optimizer } from "../Optimizer.ts"
import { type Numeric, specOf } from "../Schedule.ts"
import { addMomentum } from "../transformations/AddMomentum.ts"
import { scaleByLearningRate } from "../transformations/ScaleByLearningRate.ts"
import { scaleByRms, type ScaleByRmsOptions } from "../transformations/ScaleByRms.ts"

export interface RmsPropOptions extends ScaleByRmsOptions {
  /** Change of a parameter if the gradient equals its root mean square; above 0. */
  readonly learningRate: Numeric
  /** Decay per step of the velocity, in [0, 1); default: 0. */
  readonly momentum?: number
}

/** `chain(scaleByRms({ decay, epsilon, centred }), addMomentum({ momentum }), scaleByLearningRate(learningRate))`. */
export const RmsProp = (options: RmsPropOptions): Optimizer => {
  const { learningRate, decay = 0.99, epsilon = 1e-8, centred = false, momentum = 0 } = options
  return named(
    { _tag: "RmsProp", learningRate: specOf(learningRate), decay, epsilon, centred, momentum },
    scaleByRms({ decay, epsilon, centred }),
    addMomentum({ momentum }),
    scaleByLearningRate(learningRate)
  )
}
