/**
 * Images decoded from codes drawn from the prior.
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { cyclicLabels, TrainedModel } from "../TrainedModel.ts"

const evaluation = "Samples"

/** A figure `samples`: means of `p(x | z)` for `count` codes drawn from the model's prior; default: 100 codes. */
export const Samples = (options: { readonly count?: number } = {}): Evaluator => {
  const count = options.count ?? 100
  return {
    spec: { _tag: evaluation, count },
    needs: [],
    run: Effect.gen(function* () {
      const model = yield* TrainedModel
      const { classes, datasetName, decode, latent, prior, samplePrior, shape } = model
      const codes = yield* samplePrior("evaluation/samples", count)
      const images = yield* decode(codes, cyclicLabels(model, count))
      const grid = yield* mosaic({ name: "samples", images, shape, columns: Math.ceil(Math.sqrt(count)), gap: 0.07 })
      return {
        metrics: {},
        figures: [
          imageGrid({
            name: "samples",
            title: `${datasetName}: samples from the prior`,
            caption:
              `Means of p(x | z) for ${count} codes drawn from the prior, ${prior}, of ` +
              `${latent} latent dimension${latent === 1 ? "" : "s"}, model trained on ${datasetName}.` +
              (classes === undefined ? "" : " The classes alternate."),
            mosaic: grid
          })
        ]
      }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
