/**
 * Stochastic gradient descent with optional momentum.
 *
 * Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html, without dampening
 */
import { named, type Optimizer } from "../Optimizer.ts"
import { type Numeric, specOf } from "../Schedule.ts"
import { addMomentum, type AddMomentumOptions } from "../transformations/AddMomentum.ts"
import { scaleByLearningRate } from "../transformations/ScaleByLearningRate.ts"

export interface SgdOptions extends Partial<AddMomentumOptions> {
  /** Change of a parameter for a gradient of 1; above 0. */
  readonly learningRate: Numeric
}

/** `chain(addMomentum({ momentum, nesterov }), scaleByLearningRate(learningRate))`; without momentum by default. */
export const Sgd = ({ learningRate, momentum = 0, nesterov = false }: SgdOptions): Optimizer =>
  named(
    { _tag: "Sgd", learningRate: specOf(learningRate), momentum, ...(nesterov && { nesterov }) },
    addMomentum({ momentum, nesterov }),
    scaleByLearningRate(learningRate)
  )
