/**
 * An interactive scatter plot of the codes of each class, as an HTML page.
 */
import { Effect } from "effect"
import { Labels } from "../Dataset.ts"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { scatterPage } from "../figures/ScatterPage.ts"
import { sprite } from "../figures/Sprite.ts"
import { type Codes, type Split, TrainedModel } from "../TrainedModel.ts"
import { deviationAxis, meanAxis, mostVarying } from "./LatentDimensions.ts"
import { describeSubset, labelsAt, stratified } from "./StratifiedSubset.ts"

const evaluation = "InteractiveScatter"

export interface InteractiveScatterOptions {
  /** Dimensions of the plot, limited to the latent dimensions; default: 2. */
  readonly dimensions?: 2 | 3
  /** Default: `test`. */
  readonly split?: Split
  /** Maximum number of points; default: all. */
  readonly count?: number
}

/** The axes, and how they were chosen. */
const axesOf = (codes: Codes, latent: number, dimensions: number) => {
  if (latent === 1) {
    return { axes: [meanAxis(codes, 1, 0), deviationAxis(codes, 1, 0)], how: "with their deviations" }
  }
  const chosen = mostVarying(codes, latent, dimensions)
  const names = chosen.map((dimension) => `z${dimension + 1}`).join(", ")
  return {
    axes: chosen.map((dimension) => meanAxis(codes, latent, dimension)),
    how:
      chosen.length === latent
        ? "as they are"
        : `in the ${chosen.length} of ${latent} dimensions in which they vary most (${names})`
  }
}

/**
 * A page `interactive-scatter-2d` or `interactive-scatter-3d`, with the suffix `-train` for training images: the means
 * of `q(z | x)` coloured by class, each with its image.
 */
export const InteractiveScatter = (options: InteractiveScatterOptions = {}): Evaluator<Labels> => {
  const { dimensions = 2, split = "test" } = options
  const count = options.count ?? null
  return {
    spec: { _tag: evaluation, dimensions, split, count },
    needs: [Labels],
    run: Effect.gen(function* () {
      const { classes } = yield* Labels
      const { data, datasetName, encode, latent, shape } = yield* TrainedModel
      const examples = data[split]
      const indices = stratified(examples, count ?? examples.count)
      const codes = yield* encode(split, indices)
      const { images, of } = describeSubset(examples, split, indices.length)
      const { axes, how } = axesOf(codes, latent, dimensions)
      const name = `interactive-scatter-${dimensions}d${split === "train" ? "-train" : ""}`
      const page = yield* scatterPage({
        name,
        title: `${datasetName}: encoder means of ${images}`,
        caption:
          `Means of q(z | x) of ${images} of ${datasetName} (${of}), ${how}, coloured by class. Point at a code ` +
          `to see its image; click a class in the legend to hide it, double-click to show only that class.`,
        axes,
        equalAspect: latent > 1,
        labels: labelsAt(examples, indices),
        classes,
        legend: "class",
        item: split === "test" ? "test image" : "training image",
        indices,
        sprite: yield* sprite({ name, images: examples.images, shape, indices })
      })
      return { metrics: {}, figures: [], pages: [page] }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
