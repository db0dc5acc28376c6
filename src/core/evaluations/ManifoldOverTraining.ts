/**
 * An animation of the latent manifold over training.
 */
import { Effect } from "effect"
import { EvaluationError, type TrainingEvaluator } from "../Evaluation.ts"
import { PlanarLatent } from "../Model.ts"
import { epochs, type EpochInterval } from "../EpochInterval.ts"
import { manifoldFigure, type Range } from "./Manifold.ts"
import { overTraining } from "./OverTraining.ts"

const evaluation = "ManifoldOverTraining"

export interface ManifoldOverTrainingOptions {
  /** Images per row and per column; default: 20. */
  readonly columns?: number
  /** Minimum and maximum code in each dimension; default: -4 and 4. */
  readonly range?: Range
  /** Default: every epoch. */
  readonly every?: EpochInterval
}

/** An animation `manifold-over-training`: images decoded on a mesh grid over the latent plane. */
export const ManifoldOverTraining = (options: ManifoldOverTrainingOptions = {}): TrainingEvaluator<PlanarLatent> => {
  const { columns = 20, every = epochs(1), range = [-4, 4] } = options
  return {
    spec: { _tag: evaluation, columns, range, every: every.epochs },
    needs: [PlanarLatent],
    every,
    run: Effect.gen(function* () {
      yield* PlanarLatent
      const { seen, sentence } = yield* overTraining(every, manifoldFigure(columns, range))
      const { figure, what } = seen.at(-1)!.value
      return {
        metrics: {},
        figures: [],
        animations: [
          {
            name: "manifold-over-training",
            title: figure.title,
            caption: `${what}, over training. ${sentence}`,
            frames: seen.map(({ label, value }) => ({ label, view: value.figure.view }))
          }
        ]
      }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
