/**
 * A scatter plot of the codes of each class.
 */
import { Effect } from "effect"
import { Labels } from "../Dataset.ts"
import type { Embedding } from "../Embedding.ts"
import { type EmbeddingName, embeddingByName } from "../embeddings/EmbeddingByName.ts"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { scatterPlot } from "../figures/ScatterPlot.ts"
import { type Codes, type Split, TrainedModel } from "../TrainedModel.ts"
import { column, deviationAxis, meanAxis, mostVarying } from "./LatentDimensions.ts"
import { describeSubset, labelsAt, stratified } from "./StratifiedSubset.ts"

const evaluation = "LatentScatter"

export interface LatentScatterOptions {
  /** Maximum number of points shown without an embedding; default: 5,000. */
  readonly count?: number
  /**
   * Maximum number of embedded points; default: `count`, limited to what the embedding can process in a few seconds.
   */
  readonly embeddedCount?: number
  /** `auto`: t-SNE for more than two dimensions. `none`: the two dimensions whose means vary most. Default: `auto`. */
  readonly embedding?: "auto" | "none" | EmbeddingName | Embedding
  /** Default: `test`. */
  readonly split?: Split
}

/** Fraction of points `(x, y)` whose nearest neighbour has the same label. */
export const neighbourAgreement = (x: ArrayLike<number>, y: ArrayLike<number>, labels: ArrayLike<number>): number => {
  let agreeing = 0
  for (let point = 0; point < x.length; point++) {
    let nearest = -1
    let least = Infinity
    for (let other = 0; other < x.length; other++) {
      const distance = (x[point]! - x[other]!) ** 2 + (y[point]! - y[other]!) ** 2
      if (other !== point && distance < least) {
        least = distance
        nearest = other
      }
    }
    if (nearest >= 0 && labels[nearest] === labels[point]) agreeing++
  }
  return agreeing / Math.max(x.length, 1)
}

/** The axes of a plot: the two dimensions whose means vary most; for one dimension, its mean and deviation. */
export const plane = (codes: Codes, latent: number) => {
  if (latent === 1) return { x: meanAxis(codes, 1, 0), y: deviationAxis(codes, 1, 0), equalAspect: false }
  const [first, second] = mostVarying(codes, latent, 2)
  return { x: meanAxis(codes, latent, first!), y: meanAxis(codes, latent, second!), equalAspect: true }
}

const embeddingFor = (
  option: NonNullable<LatentScatterOptions["embedding"]>,
  latent: number
): Embedding | undefined => {
  if (option === "auto") return latent > 2 ? embeddingByName["t-sne"] : undefined
  if (option === "none") return undefined
  return typeof option === "string" ? embeddingByName[option] : option
}

/** The codes and their positions in the plot. */
const shown = Effect.fnUntraced(function* (codes: Codes, count: number, embedding: Embedding | undefined) {
  const { latent, seed } = yield* TrainedModel
  if (embedding === undefined) {
    return {
      ...plane(codes, latent),
      heading: "encoder means",
      how: latent > 2 ? `in the two of ${latent} dimensions that vary most` : "as they are",
      bareAxes: false
    }
  }
  const { how, positions } = yield* embedding.embed({ values: codes.mean, count, seed })
  const axis = (dimension: number) => ({
    title: `${embedding.title} ${dimension + 1}`,
    values: column(positions, 2, dimension)
  })
  return {
    x: axis(0),
    y: axis(1),
    equalAspect: true,
    heading: `${embedding.title} of the ${latent}-dimensional codes`,
    how: `embedded ${how}`,
    bareAxes: true
  }
})

/**
 * A figure `latent-scatter`, `latent-scatter-t-sne` and so on, with the suffix `-train` for training images: the means
 * of `q(z | x)` coloured by class, in two latent dimensions or embedded.
 */
export const LatentScatter = (options: LatentScatterOptions = {}): Evaluator<Labels> => {
  const { count = 5_000, embedding = "auto", split = "test" } = options
  const embeddedCount = options.embeddedCount ?? null
  return {
    spec: {
      _tag: evaluation,
      count,
      embeddedCount,
      embedding: typeof embedding === "string" ? embedding : embedding.spec,
      split
    },
    needs: [Labels],
    run: Effect.gen(function* () {
      const { classes } = yield* Labels
      const { data, datasetName, encode, latent } = yield* TrainedModel
      const chosen = embeddingFor(embedding, latent)
      const most = chosen === undefined ? count : (embeddedCount ?? Math.min(count, chosen.maximumPoints))
      const examples = data[split]
      const indices = stratified(examples, most)
      const codes = yield* encode(split, indices)
      const labels = labelsAt(examples, indices)
      const { images, of } = describeSubset(examples, split, indices.length)
      const { heading, how, ...plot } = yield* shown(codes, indices.length, chosen)
      const agreement = neighbourAgreement(plot.x.values, plot.y.values, labels)
      return {
        metrics: {},
        figures: [
          scatterPlot({
            ...plot,
            name: ["latent-scatter", chosen?.name, split === "train" ? split : undefined]
              .filter((part) => part !== undefined)
              .join("-"),
            title: `${datasetName}: ${heading} of ${images}`,
            caption:
              `Means of q(z | x) of ${images} of ${datasetName} (${of}), ${how}, coloured by class. ` +
              `The nearest neighbour of ${Math.round(100 * agreement)} % of the points has the same class.`,
            labels,
            classes,
            legend: "class"
          })
        ]
      }
    }).pipe(
      Effect.catchTag("EmbeddingError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
