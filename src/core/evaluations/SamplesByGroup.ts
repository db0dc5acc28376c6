/**
 * Samples of a model with several groups of codes that share what the upper groups say: what each group decides.
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { GroupedLatent } from "../Model.ts"
import { TrainedModel } from "../TrainedModel.ts"

const evaluation = "SamplesByGroup"

export interface SamplesByGroupOptions {
  /** Rows, each with codes of its own in the upper groups. Default: 8. */
  readonly rows?: number
  /** Images per row. Default: 10. */
  readonly columns?: number
}

/**
 * A figure `samples-sharing-group2` and so on for each group but the one next to the image: rows of new images whose codes
 * are the same in that group and those above it.
 */
export const SamplesByGroup = (options: SamplesByGroupOptions = {}): Evaluator<GroupedLatent> => {
  const { columns = 10, rows = 8 } = options
  return {
    spec: { _tag: evaluation, rows, columns },
    needs: [GroupedLatent],
    run: Effect.gen(function* () {
      const { groups } = yield* GroupedLatent
      const { datasetName, decode, prior, samplePrior, shape } = yield* TrainedModel
      const figures = yield* Effect.forEach(groups.slice(1), (_, index) =>
        Effect.gen(function* () {
          const group = index + 2
          const from = groups.slice(0, index + 1).reduce((sum, width) => sum + width, 0)
          const codes = yield* samplePrior("evaluation/samples-by-group", rows * columns, { from, each: columns })
          const images = yield* decode(codes)
          const name = `samples-sharing-group${group}`
          const above = group === groups.length ? `group ${group}` : `groups ${group} to ${groups.length}`
          return imageGrid({
            name,
            title: `${datasetName}: new images that share the codes from group ${group} upwards`,
            caption:
              `Means of p(x | z) for codes of the prior, ${prior}, of the model trained on ${datasetName}. The images of a ` +
              `row have the same codes in ${above} of ${groups.length}, counted from the image; the groups below are drawn ` +
              `for each image.`,
            mosaic: yield* mosaic({ name, images, shape, columns, gap: 0.07 })
          })
        })
      )
      return { metrics: {}, figures }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
