/**
 * Measures how similar images decoded from the prior are to held-out images.
 *
 * All metrics use nearest neighbours in pixel space, and each has a baseline of real images: training images for
 * distances and coverage, test images for the votes of neighbours. Distances alone favour blurred samples, because an
 * average image is close to many images. Coverage and the number of classes do not.
 *
 * Source: coverage is from Naeem et al. 2020, eq. 9, here in pixel space, https://arxiv.org/abs/2002.09797
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { captions, imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { cyclicLabels, TrainedModel } from "../TrainedModel.ts"
import * as NearestNeighbours from "./NearestNeighbours.ts"
import { imagesAt, stackRows } from "./Reconstructions.ts"
import { stratified } from "./StratifiedSubset.ts"
import { mean } from "./Mean.ts"

const evaluation = "SampleQuality"

/** Maximum number of values of one set of images: 200 MB. */
const mostValues = 5e7

/** Number of neighbours that vote on the class of an image. */
const voters = 10

/** A test image is covered if a sample is nearer than its k-th nearest other test image; this is k. */
const coverageNeighbour = 5

const shown = 10

/** Effective number of classes: `exp` of the entropy of the labels' frequencies. */
export const effectiveClasses = (labels: ReadonlyArray<number>): number => {
  const counts = new Map<number, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  return Math.exp(-[...counts.values()].reduce((sum, n) => sum + (n / labels.length) * Math.log(n / labels.length), 0))
}

/** Each row's distance to its `count`-th nearest other row, or to the farthest if there are fewer. */
export const radii = (within: NearestNeighbours.Distances, count: number): ReadonlyArray<number> => {
  const values = within.values.map((value, place) =>
    Math.floor(place / within.columns) === place % within.columns ? Infinity : value
  )
  return NearestNeighbours.nearest({ ...within, values }, Math.min(count, within.rows - 1)).map((columns, row) =>
    columns.length === 0 ? 0 : values[row * within.columns + columns.at(-1)!]!
  )
}

/** Fraction of columns with a row nearer than the column's radius. */
export const coverage = (to: NearestNeighbours.Distances, radius: ReadonlyArray<number>): number =>
  mean(
    radius.map((limit, column) =>
      Array.from({ length: to.rows }, (_, row) => to.values[row * to.columns + column]!).some((value) => value < limit)
        ? 1
        : 0
    )
  )

export interface SampleQualityOptions {
  /** Number of samples, and of test and training images to compare them with; default: 1,000. */
  readonly count?: number
}

/**
 * Metrics of `count` samples, the means of `p(x | z)` for codes from the model's prior:
 *
 * - `samples/nearest-distance`: mean Euclidean distance to the nearest of `count` test images;
 *   `training/nearest-distance` is the same for `count` training images.
 * - `samples/coverage`: fraction of test images with a sample nearer than their fifth nearest other test image;
 *   `training/coverage` likewise.
 *
 * With labels, by a vote of the ten nearest of `5 count` training images:
 *
 * - `samples/agreement`: mean fraction of the neighbours that have the same class, near 1 for recognisable images;
 *   `test/agreement` likewise.
 * - `samples/classes`: effective number of classes among the samples; `test/classes` likewise.
 * - `test/vote-accuracy`: accuracy of the vote on test images, a measure of how far to trust it.
 *
 * A figure `sample-neighbours`: samples, and below each the nearest training image. Fewer images are used if five times
 * `count` of them would exceed 50 million values.
 */
export const SampleQuality = (options: SampleQualityOptions = {}): Evaluator => {
  const asked = options.count ?? 1_000
  return {
    spec: { _tag: evaluation, count: asked },
    needs: [],
    run: Effect.gen(function* () {
      const model = yield* TrainedModel
      const { data, datasetName, decode, samplePrior, shape } = model
      const size = shape.height * shape.width * shape.channels
      const room = Math.max(1, Math.floor(mostValues / size / 5))
      const count = Math.min(asked, room, data.test.count, data.train.count)
      const imagesOf = (split: "train" | "test", indices: Int32Array) => imagesAt(data[split], shape, indices)

      const codes = yield* samplePrior("evaluation/sample-quality", count)
      const samples = yield* decode(codes, cyclicLabels(model, count))
      const testIndices = stratified(data.test, count)
      const test = imagesOf("test", testIndices)
      const training = imagesOf("train", stratified(data.train, count))
      const referenceIndices = stratified(data.train, 5 * count)
      const references = imagesOf("train", referenceIndices)

      const samplesToTest = yield* NearestNeighbours.distances(samples, test, size)
      const trainingToTest = yield* NearestNeighbours.distances(training, test, size)
      const radius = radii(yield* NearestNeighbours.distances(test, test, size), coverageNeighbour)
      const metrics: Record<string, number> = {
        "samples/nearest-distance": mean(NearestNeighbours.minimum(samplesToTest)),
        "training/nearest-distance": mean(NearestNeighbours.minimum(trainingToTest)),
        "samples/coverage": coverage(samplesToTest, radius),
        "training/coverage": coverage(trainingToTest, radius)
      }

      const neighbours = NearestNeighbours.nearest(
        yield* NearestNeighbours.distances(samples, references, size),
        voters
      )
      const { train, test: held } = data
      if (train.labels !== undefined && held.labels !== undefined) {
        const labels = referenceIndices.map((index) => train.labels![index]!)
        const testNeighbours = NearestNeighbours.nearest(
          yield* NearestNeighbours.distances(test, references, size),
          voters
        )
        for (const [name, found] of [
          ["samples", NearestNeighbours.votes(neighbours, labels)],
          ["test", NearestNeighbours.votes(testNeighbours, labels)]
        ] as const) {
          metrics[`${name}/agreement`] = mean(found.map(({ agreement }) => agreement))
          metrics[`${name}/classes`] = effectiveClasses(found.map(({ label }) => label))
          if (name === "test") {
            metrics["test/vote-accuracy"] = mean(
              found.map(({ label }, place) => (label === held.labels![testIndices[place]!] ? 1 : 0))
            )
          }
        }
      }

      const columns = Math.min(shown, count)
      const nearestImages = imagesOf(
        "train",
        Int32Array.from(neighbours.slice(0, columns), ([first]) => referenceIndices[first!]!)
      )
      const grid = yield* mosaic({
        name: "sample-neighbours",
        images: stackRows([samples.subarray(0, columns * size), nearestImages], columns * size),
        shape,
        columns,
        gap: 0.07
      })
      const percent = (name: string) => `${Math.round(100 * metrics[name]!)} %`
      return {
        metrics,
        figures: [
          imageGrid({
            name: "sample-neighbours",
            title: `${datasetName}: samples and their nearest training images`,
            caption:
              `Images decoded from the prior and, below each, the nearest of ${referenceIndices.length} training images of ` +
              `${datasetName}. ${count} samples lie ${metrics["samples/nearest-distance"]!.toFixed(2)} from the nearest test ` +
              `image on average and cover ${percent("samples/coverage")} of the test images; as many training images lie ` +
              `${metrics["training/nearest-distance"]!.toFixed(2)} away and cover ${percent("training/coverage")}.`,
            mosaic: grid,
            y: captions("left", ["sample", "nearest"])
          })
        ]
      }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
