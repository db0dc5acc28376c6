/**
 * A grid of class-conditional samples: one class per row, one style per column.
 *
 * Source: Kingma et al. 2014, figure 1b, https://arxiv.org/abs/1406.5298
 */
import { Effect } from "effect"
import { Labels } from "../Dataset.ts"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { captions, imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { ClassConditional } from "../Model.ts"
import { TrainedModel } from "../TrainedModel.ts"

const evaluation = "ConditionalGrid"

/**
 * A figure `conditional-grid`: means of `p(x | z, y)` for every class `y` and `styles` codes drawn from the model's
 * prior, the same codes in every row; default: 10 codes.
 */
export const ConditionalGrid = (options: { readonly styles?: number } = {}): Evaluator<Labels | ClassConditional> => {
  const styles = options.styles ?? 10
  return {
    spec: { _tag: evaluation, styles },
    needs: [Labels, ClassConditional],
    run: Effect.gen(function* () {
      yield* ClassConditional
      const { classes } = yield* Labels
      const { datasetName, decode, prior, samplePrior, shape } = yield* TrainedModel
      const codes = yield* samplePrior("evaluation/conditional-grid", styles)
      const rows = classes.length
      const images = yield* decode(
        Float32Array.from({ length: rows * codes.length }, (_, place) => codes[place % codes.length]!),
        Int32Array.from({ length: rows * styles }, (_, place) => Math.floor(place / styles))
      )
      const grid = yield* mosaic({ name: "conditional-grid", images, shape, columns: styles, gap: 0.07 })
      return {
        metrics: {},
        figures: [
          imageGrid({
            name: "conditional-grid",
            title: `${datasetName}: one class per row, one style per column`,
            caption:
              `Means of p(x | z, y) for each of the ${rows} classes y of ${datasetName} (rows) and ${styles} codes z drawn ` +
              `from the prior, ${prior} (columns, the same in every row).`,
            mosaic: grid,
            y: captions("left", classes)
          })
        ]
      }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
