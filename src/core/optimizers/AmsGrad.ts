/**
 * AMSGrad: Adam with the running maximum of the second moment.
 *
 * Source: Reddi et al. 2018, algorithm 2, https://openreview.net/forum?id=ryQu7f-RZ
 */
import { named, type Optimizer } from "../Optimizer.ts"
import { specOf } from "../Schedule.ts"
import { scaleByAdam } from "../transformations/ScaleByAdam.ts"
import { scaleByLearningRate } from "../transformations/ScaleByLearningRate.ts"
import type { AdamOptions } from "./Adam.ts"

/** `chain(scaleByAdam({ amsgrad: true, beta1, beta2, epsilon }), scaleByLearningRate(learningRate))`. */
export const AmsGrad = ({ learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): Optimizer =>
  named(
    { _tag: "AmsGrad", learningRate: specOf(learningRate), beta1, beta2, epsilon },
    scaleByAdam({ amsgrad: true, beta1, beta2, epsilon }),
    scaleByLearningRate(learningRate)
  )
