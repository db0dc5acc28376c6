/**
 * Test images and their reconstructions.
 */
import { Effect } from "effect"
import type { Examples, ImageShape } from "../Dataset.ts"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { captions, imageGrid, type ImageGridOptions } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { labelsFor, TrainedModel } from "../TrainedModel.ts"

const evaluation = "Reconstructions"

const perRow = 10

/**
 * Indices of at most `count` examples: the first of each class in ascending order, then the second of each, and so on;
 * without labels, the first examples.
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

/** The images at `indices`, `[count, height, width, channels]`, scaled to [0, 1]. */
export const imagesAt = (examples: Examples, shape: ImageShape, indices: Int32Array): Float32Array => {
  const size = shape.height * shape.width * shape.channels
  const images = new Float32Array(indices.length * size)
  indices.forEach((index, place) => {
    for (let offset = 0; offset < size; offset++)
      images[place * size + offset] = examples.images[index * size + offset]! / 255
  })
  return images
}

/** Interleaves rows of images of each source, `rowLength` values per row; unused cells are white. */
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

/** Rows of `side` images of each source side by side, with a white cell between the sources; unused cells are white. */
export const sideBySideRows = (sources: ReadonlyArray<Float32Array>, side: number, size: number): Float32Array => {
  const rows = Math.ceil((sources[0]?.length ?? 0) / (side * size))
  const width = sources.length * (side + 1) - 1
  const result = new Float32Array(rows * width * size).fill(1)
  sources.forEach((images, source) => {
    for (let row = 0; row < rows; row++) {
      const place = (row * width + source * (side + 1)) * size
      result.set(images.subarray(row * side * size, (row + 1) * side * size), place)
    }
  })
  return result
}

/** Where reconstructions are relative to their images. */
export type Layout = "below" | "beside"

/** For each layout: how the images are arranged, the captions of the axes, and the position in words. */
const layouts: Readonly<
  Record<
    Layout,
    (
      count: number,
      size: number
    ) => {
      readonly where: string
      readonly columns: number
      readonly arrange: (images: Float32Array, reconstructions: Float32Array) => Float32Array
      readonly axes: (rows: number) => Pick<ImageGridOptions, "x" | "y">
    }
  >
> = {
  below: (_, size) => ({
    where: "below each",
    // Unused cells stay white, so that images have the same size in the figures of all runs.
    columns: perRow,
    arrange: (images, reconstructions) => stackRows([images, reconstructions], perRow * size),
    axes: (rows) => ({
      y: captions(
        "left",
        Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? "image" : "reconstruction"))
      )
    })
  }),
  beside: (count, size) => {
    const side = Math.ceil(Math.sqrt(count))
    return {
      where: "in the same position on the right",
      columns: 2 * side + 1,
      arrange: (images, reconstructions) => sideBySideRows([images, reconstructions], side, size),
      axes: () => ({ x: captions("top", ["images", "reconstructions"]) })
    }
  }
}

/** Test images and the means of `p(x | z)` at the means of their `q(z | x)`, for the current parameters. */
export const reconstructionsFigure = Effect.fnUntraced(function* (count: number, layout: Layout = "below") {
  const model = yield* TrainedModel
  const { data, datasetName, decode, encode, shape } = model
  const indices = chooseExamples(data.test, count)
  const images = imagesAt(data.test, shape, indices)
  const codes = yield* encode("test", indices)
  const reconstructions = yield* decode(codes.mean, labelsFor(model, "test", indices))
  const { arrange, axes, columns, where } = layouts[layout](indices.length, shape.height * shape.width * shape.channels)
  const grid = yield* mosaic({
    name: "reconstructions",
    images: arrange(images, reconstructions),
    shape,
    columns,
    gap: 0.07
  })
  const squaredError = images.reduce((sum, value, index) => sum + (value - reconstructions[index]!) ** 2, 0)
  const error = (squaredError / images.length).toPrecision(3)
  const what = `${indices.length} test image${indices.length === 1 ? "" : "s"} of ${datasetName} and, ${where}, the mean of p(x | z) at the mean of its code`
  const figure = imageGrid({
    name: "reconstructions",
    title: `${datasetName}: test images and their reconstructions`,
    caption: `${what}; mean squared error ${error} per pixel (pixels from 0 to 1).`,
    mosaic: grid,
    ...axes(grid.rows)
  })
  return { figure, what, error }
})

/**
 * A figure `reconstructions`: test images and the means of `p(x | z)` at the means of their `q(z | x)`.
 *
 * `count` is the number of images, balanced over the classes if there are labels; default: 10. `layout` puts each
 * reconstruction `below` its image, in rows of ten, or all of them as a square `beside` the images; default: `below`.
 */
export const Reconstructions = (options: { readonly count?: number; readonly layout?: Layout } = {}): Evaluator => {
  const { count = 10, layout = "below" } = options
  return {
    spec: { _tag: evaluation, count, ...(layout === "below" ? {} : { layout }) },
    needs: [],
    run: reconstructionsFigure(count, layout).pipe(
      Effect.map(({ figure }) => ({ metrics: {}, figures: [figure] })),
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
