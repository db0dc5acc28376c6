/**
 * A run of long epochs, and an evaluation that no interrupt stops for ten minutes, as a picture that takes long to draw.
 */
import { Effect } from "effect"
import { Adam, BetaElbo, DenseVae, Evaluation, Experiment, Parameter, Synthetic, Training } from "../../../src/index.ts"

const Stubborn = Evaluation.make({
  spec: { _tag: "Stubborn" },
  run: Effect.log("stubborn").pipe(
    Effect.andThen(Effect.sleep("10 minutes")),
    Effect.as({ metrics: {}, figures: [] }),
    Effect.uninterruptible
  )
})

const evaluations = { none: Evaluation.layer(), stubborn: Evaluation.layer(Stubborn) }

export default Experiment.make("slow", {
  description: "A slow run.",
  parameters: {
    evaluation: Parameter.Choice(["none", "stubborn"], { default: "none", description: "what is looked at" }),
    epochs: Parameter.PositiveInt({ default: 2, description: "passes over the training images" })
  },
  run: ({ epochs, evaluation }) => ({
    dataset: Synthetic.layer({ train: 20_000, test: 20 }),
    model: DenseVae.layer({ hidden: [16], latent: 2 }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs, batchSize: 50, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: evaluations[evaluation]
  })
})
