/**
 * Every optimiser with its options, for tests of what all have in common.
 */
import {
  Adagrad,
  Adam,
  AdamW,
  addDecayedWeights,
  addMomentum,
  AmsGrad,
  clipByGlobalNorm,
  Lion,
  maskedBy,
  Optimizer,
  RmsProp,
  scaleByAdam,
  scaleByLearningRate,
  Schedule,
  Sgd
} from "../../../src/index.ts"

const learningRate = 0.1

export const optimizers: Readonly<Record<string, Optimizer.Optimizer>> = {
  Adam: Adam({ learningRate }),
  AdamW: AdamW({ learningRate, decay: 0.1 }),
  AmsGrad: AmsGrad({ learningRate }),
  RmsProp: RmsProp({ learningRate }),
  "RmsProp, centred, with momentum": RmsProp({ learningRate, decay: 0.9, centred: true, momentum: 0.5 }),
  Sgd: Sgd({ learningRate }),
  "Sgd with momentum": Sgd({ learningRate, momentum: 0.9 }),
  "Sgd with Nesterov's momentum": Sgd({ learningRate, momentum: 0.9, nesterov: true }),
  Adagrad: Adagrad({ learningRate }),
  Lion: Lion({ learningRate, decay: 0.1 }),
  "no decay on biases": Optimizer.chain(
    scaleByAdam(),
    maskedBy(/kernel$/, addDecayedWeights(0.1)),
    scaleByLearningRate(learningRate)
  ),
  "clipped Adam": Optimizer.chain(clipByGlobalNorm(2), scaleByAdam(), scaleByLearningRate(learningRate)),
  "L2 penalty before momentum": Optimizer.chain(
    addDecayedWeights(0.1),
    addMomentum({ momentum: 0.9 }),
    scaleByLearningRate(learningRate)
  ),
  "Adam with a cosine schedule": Adam({ learningRate: Schedule.cosine({ from: learningRate, to: 0, steps: 4 }) })
}
