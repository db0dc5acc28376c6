/**
 * Where the encoder puts images of each class.
 */
import { Effect } from "effect"
import { type Examples, Labels } from "../Dataset.ts"
import * as Tsne from "../embeddings/Tsne.ts"
import type { Evaluator } from "../Evaluation.ts"
import { scatterPlot } from "../figures/ScatterPlot.ts"
import { type Codes, type Split, TrainedModel } from "../TrainedModel.ts"

const evaluation = "LatentScatter"

export interface LatentScatterOptions {
  /** Most points that are shown as they are; 5,000 unless given. */
  readonly count?: number
  /** Most points that are embedded by t-SNE, whose time grows with their square; 1,000 unless given. */
  readonly embeddedCount?: number
  /** `auto`: t-SNE where there are more than two dimensions. `none`: the two dimensions whose means vary most. */
  readonly embedding?: "auto" | "t-sne" | "none"
  /** `test` unless given. */
  readonly split?: Split
}

/** Up to `count` indices in ascending order, each class in its proportion. */
export const stratified = (examples: Examples, count: number): Int32Array => {
  const { labels } = examples
  const indices = Int32Array.from({ length: examples.count }, (_, index) => index)
  if (examples.count <= count) return indices
  const byClass = labels === undefined ? indices : indices.toSorted((a, b) => labels[a]! - labels[b]! || a - b)
  return Int32Array.from(
    { length: count },
    (_, place) => byClass[Math.floor(((place + 0.5) * indices.length) / count)]!
  ).sort()
}

/** Share of points `(x, y)` whose nearest other point has the same label. */
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

/** One dimension of codes `[count, latent]`. */
const column = (values: Float32Array, latent: number, dimension: number): Float32Array =>
  Float32Array.from({ length: values.length / latent }, (_, index) => values[index * latent + dimension]!)

const variance = (values: Float32Array): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
}

/** Two latent dimensions to look at: those whose means vary most; of a single one, the mean and the deviation. */
const dimensionsOf = (codes: Codes, latent: number) => {
  if (latent === 1) {
    const x = { title: "z1, posterior mean", values: codes.mean }
    return { x, y: { title: "\u03c31, posterior standard deviation", values: codes.deviation }, equalAspect: false }
  }
  const ranked = Array.from({ length: latent }, (_, dimension) => dimension)
    .map((dimension) => ({ dimension, spread: variance(column(codes.mean, latent, dimension)) }))
    .sort((left, right) => right.spread - left.spread)
  const [first, second] = ranked
    .slice(0, 2)
    .map(({ dimension }) => dimension)
    .sort((left, right) => left - right)
  const axis = (dimension: number) => ({
    title: `z${dimension + 1}, posterior mean`,
    values: column(codes.mean, latent, dimension)
  })
  return { x: axis(first!), y: axis(second!), equalAspect: true }
}

const number = (value: number): string => value.toLocaleString("en-US")

/** A figure `latent-scatter`: the means of `q(z | x)` coloured by class, in their plane or embedded by t-SNE. */
export const LatentScatter = (options: LatentScatterOptions = {}): Evaluator<Labels> => {
  const { count = 5_000, embeddedCount = 1_000, embedding = "auto", split = "test" } = options
  return {
    spec: { _tag: evaluation, count, embeddedCount, embedding, split },
    needs: [Labels],
    run: Effect.gen(function* () {
      const { classes } = yield* Labels
      const { data, datasetName, encode, latent, seed } = yield* TrainedModel
      const embeds = embedding === "t-sne" || (embedding === "auto" && latent > 2)
      const examples = data[split]
      const indices = stratified(examples, embeds ? embeddedCount : count)
      const codes = yield* encode(split, indices)
      const labels = Array.from(indices, (index) => examples.labels?.[index] ?? 0)
      const images = `${number(indices.length)} ${split === "test" ? "test" : "training"} images`
      const of =
        indices.length < examples.count
          ? `a subset of the ${number(examples.count)}, classes in proportion`
          : "all of them"

      const shown = yield* embeds
        ? Effect.map(Tsne.embed(codes.mean, indices.length, { seed }), ({ divergence, perplexity, positions }) => ({
            title: `${datasetName}: t-SNE of ${images}' codes (${latent} dimensions)`,
            how: `laid out by t-SNE (perplexity ${Math.round(perplexity)}, KL divergence ${divergence.toFixed(2)} nats)`,
            x: { title: "t-SNE 1", values: column(positions, 2, 0) },
            y: { title: "t-SNE 2", values: column(positions, 2, 1) },
            equalAspect: true,
            bareAxes: true
          }))
        : Effect.succeed({
            ...dimensionsOf(codes, latent),
            title: `${datasetName}: encoder means of ${images}`,
            how: latent > 2 ? `in the two of ${latent} dimensions that vary most` : "as they are",
            bareAxes: false
          })
      const agreement = neighbourAgreement(shown.x.values, shown.y.values, labels)
      const { how, ...plot } = shown
      return {
        metrics: {},
        figures: [
          scatterPlot({
            ...plot,
            name: "latent-scatter",
            caption:
              `Means of q(z | x) of ${images} of ${datasetName} (${of}), ${how}, coloured by class. ` +
              `The nearest neighbour of ${Math.round(100 * agreement)} % of the points has the same class.`,
            labels,
            classes,
            legend: "class"
          })
        ]
      }
    })
  }
}
