/**
 * Corrupted test images, their reconstructions, and the clean images.
 *
 * Source: Vincent et al. 2010, section 4.3, https://jmlr.org/papers/v11/vincent10a.html
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { captions, imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { corrupt, probabilityProblem } from "../networks/SaltAndPepper.ts"
import { uniform } from "../Random.ts"
import { labelsFor, TrainedModel } from "../TrainedModel.ts"
import { chooseExamples, imagesAt, stackRows } from "./Reconstructions.ts"

const evaluation = "Denoising"

const perRow = 10

/** Maximum number of images over which the errors are averaged. */
const measured = 1_000

const rowNames = ["corrupted", "restored", "clean"]

export interface DenoisingOptions {
  /** Fraction of the pixels that is replaced by 0 or 1 with equal probability; from 0 to 1. */
  readonly probability: number
  /** Number of images shown, balanced over the classes if there are labels; default: 10. */
  readonly count?: number
}

/** Mean of `(a - b)²` over all pixels. */
const meanSquaredError = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0) / a.length

/**
 * A figure `denoising` with rows of corrupted, restored and clean test images. The metrics are the mean squared errors
 * per pixel over at most 1,000 test images: `denoising/mean-squared-error` of restored and clean images, and
 * `denoising/corrupted-mean-squared-error` of corrupted and clean ones. A restored image is the mean of `p(x | z)` at
 * the mean of the corrupted image's `q(z | x)`.
 */
export const Denoising = (options: DenoisingOptions): Evaluator => {
  const { count = 10, probability } = options
  return {
    spec: { _tag: evaluation, probability, count },
    needs: [],
    run: Effect.gen(function* () {
      const problem = probabilityProblem(probability)
      if (problem !== undefined) return yield* new EvaluationError({ evaluation, reason: problem })
      const model = yield* TrainedModel
      const { data, datasetName, decode, encodeImages, seed, shape } = model
      const size = shape.height * shape.width * shape.channels
      // The images shown are the first of those measured.
      const indices = chooseExamples(data.test, Math.max(count, measured))
      const shown = Math.min(count, indices.length)
      const clean = imagesAt(data.test, shape, indices)
      const noise = uniform({ seed, stream: "evaluation/denoising", step: 0 }, clean.length)
      const corrupted = clean.map((value, index) => corrupt(value, noise[index]!, probability))
      const labels = labelsFor(model, "test", indices)
      const codes = yield* encodeImages(corrupted, labels)
      const restored = yield* decode(codes.mean, labels)
      const [error, corruptedError] = [meanSquaredError(restored, clean), meanSquaredError(corrupted, clean)]

      const columns = Math.max(1, Math.min(perRow, shown))
      const grid = yield* mosaic({
        name: "denoising",
        images: stackRows(
          [corrupted, restored, clean].map((images) => images.subarray(0, shown * size)),
          columns * size
        ),
        shape,
        columns,
        gap: 0.07
      })
      return {
        metrics: {
          "denoising/mean-squared-error": error,
          "denoising/corrupted-mean-squared-error": corruptedError
        },
        figures: [
          imageGrid({
            name: "denoising",
            title: `${datasetName}: restored from salt-and-pepper noise`,
            caption:
              `${shown} test images of ${datasetName} with ${Math.round(100 * probability)} % of their pixels replaced by ` +
              `black or white, the model's reconstructions, and the clean images. Mean squared error per pixel over ` +
              `${indices.length} test images: ${error.toPrecision(3)} restored, ${corruptedError.toPrecision(3)} corrupted.`,
            mosaic: grid,
            y: captions(
              "left",
              Array.from({ length: grid.rows }, (_, row) => rowNames[row % rowNames.length]!)
            )
          })
        ]
      }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
