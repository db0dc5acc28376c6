/**
 * Linear interpolation between the codes of test images.
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { ContinuousLatent } from "../Model.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { latentLines } from "./LatentLines.ts"

const evaluation = "Interpolation"

export interface InterpolationOptions {
  /** Number of interpolations, one per row; default: 8. */
  readonly lines?: number
  /** Images per interpolation, both ends included; default: 10. */
  readonly steps?: number
}

/** A figure `interpolation`: each row decodes equal steps from one test image's mean code to another's. */
export const Interpolation = (options: InterpolationOptions = {}): Evaluator<ContinuousLatent> => {
  const { lines = 8, steps = 10 } = options
  return {
    spec: { _tag: evaluation, lines, steps },
    needs: [ContinuousLatent],
    run: Effect.gen(function* () {
      const { datasetName, shape } = yield* TrainedModel
      const { images, lines: count } = yield* latentLines(lines, steps)
      const grid = yield* mosaic({ name: "interpolation", images, shape, columns: steps, gap: 0.07 })
      return {
        metrics: {},
        figures: [
          imageGrid({
            name: "interpolation",
            title: `${datasetName}: interpolation between test images`,
            caption:
              `Means of p(x | z) at ${steps} equally spaced codes on ${count} lines, each from the mean code of one test image of ` +
              `${datasetName} to that of another.`,
            mosaic: grid
          })
        ]
      }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
