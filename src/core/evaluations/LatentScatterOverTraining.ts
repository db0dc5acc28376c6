/**
 * An animation of the codes of each class over training.
 *
 * Source: after Kingma and Welling 2013, figure 4, https://arxiv.org/abs/1312.6114
 */
import { Effect } from "effect"
import { Labels } from "../Dataset.ts"
import type { TrainingEvaluator } from "../Evaluation.ts"
import { domainOf, scatterPlot } from "../figures/ScatterPlot.ts"
import { PlanarLatent } from "../Model.ts"
import { epochs, type EpochInterval } from "../EpochInterval.ts"
import { type Split, TrainedModel } from "../TrainedModel.ts"
import { meanAxis } from "./LatentDimensions.ts"
import { neighbourAgreement } from "./LatentScatter.ts"
import { overTraining } from "./OverTraining.ts"
import { describeSubset, labelsAt, stratified } from "./StratifiedSubset.ts"

const evaluation = "LatentScatterOverTraining"

export interface LatentScatterOverTrainingOptions {
  /** Maximum number of points; default: 5,000. */
  readonly count?: number
  /** Default: `test`. */
  readonly split?: Split
  /** Default: every epoch. */
  readonly every?: EpochInterval
}

const encoded = Effect.fnUntraced(function* (split: Split, indices: Int32Array) {
  const { encode } = yield* TrainedModel
  const codes = yield* encode(split, indices)
  return { x: meanAxis(codes, 2, 0), y: meanAxis(codes, 2, 1) }
})

/** All values of one axis, of all frames. */
const joined = (axes: ReadonlyArray<{ readonly values: Float32Array }>): ReadonlyArray<number> =>
  axes.flatMap(({ values }) => Array.from(values))

/**
 * An animation `latent-scatter-over-training`, with the suffix `-train` for training images: the means of `q(z | x)` of
 * the same images, coloured by class, with fixed axes.
 */
export const LatentScatterOverTraining = (
  options: LatentScatterOverTrainingOptions = {}
): TrainingEvaluator<Labels | PlanarLatent> => {
  const { count = 5_000, every = epochs(1), split = "test" } = options
  return {
    spec: { _tag: evaluation, count, split, every: every.epochs },
    needs: [Labels, PlanarLatent],
    every,
    run: Effect.gen(function* () {
      yield* PlanarLatent
      const { classes } = yield* Labels
      const { data, datasetName } = yield* TrainedModel
      const indices = stratified(data[split], count)
      const labels = labelsAt(data[split], indices)
      const { images, of } = describeSubset(data[split], split, indices.length)
      const { seen, sentence } = yield* overTraining(every, encoded(split, indices))
      const domain = domainOf(joined(seen.map(({ value }) => value.x)), joined(seen.map(({ value }) => value.y)), true)
      const name = split === "train" ? "latent-scatter-over-training-train" : "latent-scatter-over-training"
      const title = `${datasetName}: encoder means of ${images}`
      const { x, y } = seen.at(-1)!.value
      const agreement = Math.round(100 * neighbourAgreement(x.values, y.values, labels))
      const caption =
        `Means of q(z | x) of ${images} of ${datasetName} (${of}), coloured by class, over training. At the end ` +
        `the nearest neighbour of ${agreement} % of the points has the same class. ${sentence}`
      const plot = { name, title, caption, labels, classes, legend: "class", equalAspect: true, domain }
      return {
        metrics: {},
        figures: [],
        animations: [
          {
            name,
            title,
            caption,
            frames: seen.map(({ label, value }) => ({ label, view: scatterPlot({ ...plot, ...value }).view }))
          }
        ]
      }
    })
  }
}
