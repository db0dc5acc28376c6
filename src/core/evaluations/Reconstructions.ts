/**
 * Test images above what the model makes of them.
 */
import { Effect } from "effect"
import type { Examples, ImageShape } from "../Dataset.ts"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { captions, imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { labelsFor, TrainedModel } from "../TrainedModel.ts"

const evaluation = "Reconstructions"

const perRow = 10

/**
 * Indices of `count` examples: in turn the first of each class, the second of each class and so on, classes in
 * ascending order; the first examples where there are no labels; all where there are fewer.
 */
export const chooseExamples = (examples: Examples, count: number): Int32Array => {
  const { labels } = examples
  const all = Array.from({ length: examples.count }, (_, index) => index)
  if (labels === undefined) return Int32Array.from(all.slice(0, count))
  const seen = new Map<number, number>()
  const rounds = all.map((index) => {
    const label = labels[index]!
    const round = seen.get(label) ?? 0
    seen.set(label, round + 1)
    return { index, label, round }
  })
  const ordered = rounds.sort((left, right) => left.round - right.round || left.label - right.label)
  return Int32Array.from(ordered.slice(0, count).map(({ index }) => index))
}

/** Images at these indices, `[count, height, width, channels]`, scaled to [0, 1]. */
export const imagesAt = (examples: Examples, shape: ImageShape, indices: Int32Array): Float32Array => {
  const size = shape.height * shape.width * shape.channels
  const images = new Float32Array(indices.length * size)
  indices.forEach((index, place) => {
    for (let offset = 0; offset < size; offset++)
      images[place * size + offset] = examples.images[index * size + offset]! / 255
  })
  return images
}

/** Rows of images of each source in turn, `rowLength` values a row; places left over are white. */
export const stackRows = (sources: ReadonlyArray<Float32Array>, rowLength: number): Float32Array => {
  const rows = Math.ceil((sources[0]?.length ?? 0) / rowLength)
  const result = new Float32Array(sources.length * rows * rowLength).fill(1)
  sources.forEach((images, source) => {
    for (let row = 0; row < rows; row++) {
      const place = (sources.length * row + source) * rowLength
      result.set(images.subarray(row * rowLength, (row + 1) * rowLength), place)
    }
  })
  return result
}

/** Test images and, below each, the mean of `p(x | z)` at the mean of its `q(z | x)`, as the model makes it now. */
export const reconstructionsFigure = Effect.fnUntraced(function* (count: number) {
  const model = yield* TrainedModel
  const { data, datasetName, decode, encode, shape } = model
  const indices = chooseExamples(data.test, count)
  const images = imagesAt(data.test, shape, indices)
  const codes = yield* encode("test", indices)
  const reconstructions = yield* decode(codes.mean, labelsFor(model, "test", indices))
  const grid = yield* mosaic({
    name: "reconstructions",
    // Few images leave white places, so that images are of one size in the figures of all runs.
    images: stackRows([images, reconstructions], perRow * shape.height * shape.width * shape.channels),
    shape,
    columns: perRow,
    gap: 0.07
  })
  const squaredError = images.reduce((sum, value, index) => sum + (value - reconstructions[index]!) ** 2, 0)
  const error = (squaredError / images.length).toPrecision(3)
  const what = `${indices.length} test image${indices.length === 1 ? "" : "s"} of ${datasetName} and, below each, the mean of p(x | z) at the mean of its code`
  const figure = imageGrid({
    name: "reconstructions",
    title: `${datasetName}: test images and their reconstructions`,
    caption: `${what}; mean squared error ${error} a pixel (pixels from 0 to 1).`,
    mosaic: grid,
    y: captions(
      "left",
      Array.from({ length: grid.rows }, (_, row) => (row % 2 === 0 ? "image" : "reconstruction"))
    )
  })
  return { figure, what, error }
})

/**
 * A figure `reconstructions`: test images and, below each, the mean of `p(x | z)` at the mean of its `q(z | x)`.
 *
 * `count` is a number of images, 10 unless given; with labels each class has its share of them.
 */
export const Reconstructions = (options: { readonly count?: number } = {}): Evaluator => {
  const count = options.count ?? 10
  return {
    spec: { _tag: evaluation, count },
    needs: [],
    run: reconstructionsFigure(count).pipe(
      Effect.map(({ figure }) => ({ metrics: {}, figures: [figure] })),
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
