/**
 * The whole run that the bench measures: `beta-sweep` with one β and without figures.
 */
import {
  Adam,
  BetaElbo,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  NumpyImages,
  Parameter,
  Training
} from "effect-vae"

export default Experiment.make("bench", {
  description: "A dense VAE on digits, timed from the start of the process to the summary.",
  parameters: {
    epochs: Parameter.PositiveInt({ default: 2, description: "passes over the training images" })
  },
  run: ({ epochs }) => ({
    // The last 10,000 of 70,000 are the test images.
    dataset: NumpyImages.layer({ file: "images.npy", height: 28, width: 28, testFraction: 1 / 7, heldOut: "last" }),
    model: DenseVae.layer({ hidden: [512, 256], latent: 2 }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs, batchSize: 128, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
})
