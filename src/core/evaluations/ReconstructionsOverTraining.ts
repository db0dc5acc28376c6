/**
 * An animation of the reconstructions of the same test images over training.
 */
import { Effect } from "effect"
import { EvaluationError, type TrainingEvaluator } from "../Evaluation.ts"
import { epochs, type EpochInterval } from "../EpochInterval.ts"
import { overTraining } from "./OverTraining.ts"
import { reconstructionsFigure } from "./Reconstructions.ts"

const evaluation = "ReconstructionsOverTraining"

export interface ReconstructionsOverTrainingOptions {
  /** Number of test images, balanced over the classes if there are labels; default: 10. */
  readonly count?: number
  /** Default: every epoch. */
  readonly every?: EpochInterval
}

/** An animation `reconstructions-over-training`: the figure `reconstructions` at several epochs. */
export const ReconstructionsOverTraining = (options: ReconstructionsOverTrainingOptions = {}): TrainingEvaluator => {
  const { count = 10, every = epochs(1) } = options
  return {
    spec: { _tag: evaluation, count, every: every.epochs },
    needs: [],
    every,
    run: Effect.gen(function* () {
      const { seen, sentence } = yield* overTraining(every, reconstructionsFigure(count))
      const [first, last] = [seen[0]!.value, seen.at(-1)!.value]
      return {
        metrics: {},
        figures: [],
        animations: [
          {
            name: "reconstructions-over-training",
            title: last.figure.title,
            caption:
              `${last.what}, over training: mean squared error ${first.error} per pixel at first, ${last.error} at the ` +
              `end (pixels from 0 to 1). ${sentence}`,
            frames: seen.map(({ label, value }) => ({ label, view: value.figure.view }))
          }
        ]
      }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
