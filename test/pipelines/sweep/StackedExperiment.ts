/**
 * A sweep whose runs share their graph but for β = 0: short last batches, validation images, early stopping, and an
 * optimiser that can be made to explode.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Optimizer } from "../../../src/core/Optimizer.ts"
import {
  Adam,
  BetaElbo,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Parameter,
  Synthetic,
  Training,
  ValidationSplit
} from "../../../src/index.ts"

/** Adam whose steps are `explosion` times as long from step 11 on. */
const exploding = (learningRate: number, explosion: number): Optimizer => {
  const adam = Adam({ learningRate })
  return {
    ...adam,
    spec: { _tag: "ExplodingAdam", learningRate, explosion },
    update: (args) => {
      const { parameters, state } = adam.update(args)
      const factor = tf.add(tf.mul(tf.clipByValue(tf.sub(args.step, 10), 0, 1), explosion), 1)
      const next = Record.map(parameters, (parameter, name) => {
        const before = args.parameters[name]!
        return tf.add(before, tf.mul(tf.sub(parameter, before), factor))
      })
      return { parameters: next, state }
    }
  }
}

export default Experiment.make("stacked", {
  description: "A small sweep that trains as one program.",
  parameters: {
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }),
    hidden: Parameter.PositiveInt({ default: 16, description: "hidden units" }),
    epochs: Parameter.PositiveInt({ default: 4, description: "passes over the training images" }),
    patience: Parameter.PositiveInt({ default: 50, description: "epochs without an improvement" }),
    learningRate: Parameter.Positive({ default: 1e-2, description: "Adam's step size" }),
    explosion: Parameter.NonNegative({ default: 0, description: "how much longer the steps after the tenth are" })
  },
  run: ({ beta, epochs, explosion, hidden, learningRate, patience }) => ({
    dataset: ValidationSplit.layer(Synthetic.layer({ train: 120, test: 30 }), { fraction: 0.2 }),
    model: DenseVae.layer({ hidden: [hidden], latent: 2 }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({
      epochs,
      batchSize: 20,
      optimizer: exploding(learningRate, explosion),
      stopping: Training.earlyStopping({ metric: "validation/loss", patience })
    }),
    evaluation: Evaluation.layer(ElboTerms())
  })
}).pipe(Experiment.grid({ beta: [1, 4] }))
