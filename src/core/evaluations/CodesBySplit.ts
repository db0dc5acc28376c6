/**
 * A scatter plot of the codes of training and test images, coloured by split: for images without classes, and to
 * compare the two splits.
 */
import { Effect } from "effect"
import type { Evaluator } from "../Evaluation.ts"
import { scatterPlot } from "../figures/ScatterPlot.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { plane } from "./LatentScatter.ts"
import { describeSubset, stratified } from "./StratifiedSubset.ts"

const splits = ["train", "test"] as const

const joined = (parts: ReadonlyArray<Float32Array>): Float32Array =>
  Float32Array.from(parts.flatMap((part) => [...part]))

/**
 * A figure `codes-by-split`: means of `q(z | x)` of at most `count` images (default: 5,000) of each split, coloured by
 * split. With more than two latent dimensions, the two whose means vary most are shown.
 */
export const CodesBySplit = (options: { readonly count?: number } = {}): Evaluator => {
  const { count = 5_000 } = options
  return {
    spec: { _tag: "CodesBySplit", count },
    needs: [],
    run: Effect.gen(function* () {
      const { data, datasetName, encode, latent } = yield* TrainedModel
      const parts = yield* Effect.forEach(splits, (split) =>
        Effect.gen(function* () {
          const indices = stratified(data[split], count)
          const codes = yield* encode(split, indices)
          return { codes, count: indices.length, ...describeSubset(data[split], split, indices.length) }
        })
      )
      const codes = {
        mean: joined(parts.map((part) => part.codes.mean)),
        deviation: joined(parts.map((part) => part.codes.deviation))
      }
      const images = parts.map((part) => part.images).join(" and ")
      return {
        metrics: {},
        figures: [
          scatterPlot({
            ...plane(codes, latent),
            name: "codes-by-split",
            title: `${datasetName}: encoder means of ${images}`,
            caption: `Means of q(z | x) of ${parts.map((part) => `${part.images} (${part.of})`).join(" and ")} of ${datasetName}, coloured by split.`,
            labels: parts.flatMap((part, split) => Array.from({ length: part.count }, () => split)),
            classes: ["training", "test"],
            legend: "images"
          })
        ]
      }
    })
  }
}
