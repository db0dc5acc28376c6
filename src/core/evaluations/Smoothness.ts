/**
 * Measures how smoothly the decoded image changes along straight lines in the latent space.
 *
 * In a smooth latent space the image never jumps: along a line the largest change per step is close to the mean change.
 * The change per unit of code depends on the scale of the codes, which a loss without a KL divergence does not
 * determine; the ratio does not.
 */
import { Effect } from "effect"
import type { Evaluator } from "../Evaluation.ts"
import { lineChart } from "../figures/LineChart.ts"
import { ContinuousLatent } from "../Model.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { latentLines } from "./LatentLines.ts"
import { mean } from "./Mean.ts"

export interface SmoothnessOptions {
  /** Number of lines; default: 50. */
  readonly lines?: number
  /** Steps per line; default: 32. */
  readonly steps?: number
}

/** Number of lines in the figure. */
const shown = 5

/** Euclidean distance of each image from the previous one, for `count` images of `size` values. */
export const changes = (images: Float32Array, count: number, size: number): ReadonlyArray<number> =>
  Array.from({ length: count - 1 }, (_, step) => {
    let sum = 0
    for (let place = step * size; place < (step + 1) * size; place++)
      sum += (images[place + size]! - images[place]!) ** 2
    return Math.sqrt(sum)
  })

/**
 * `smoothness/change-per-unit`: the mean Euclidean change of the image per unit of code.
 * `smoothness/largest-over-mean`: the largest change per step divided by the mean change, averaged over the lines; 1 is
 * perfectly even. Lines without length or change are skipped; if none remains, there are no metrics.
 *
 * A figure `smoothness`: the change at each step of some lines, divided by the line's mean.
 */
export const Smoothness = (options: SmoothnessOptions = {}): Evaluator<ContinuousLatent> => {
  const { lines = 50, steps = 32 } = options
  return {
    spec: { _tag: "Smoothness", lines, steps },
    needs: [ContinuousLatent],
    run: Effect.gen(function* () {
      const { datasetName, shape } = yield* TrainedModel
      const size = shape.height * shape.width * shape.channels
      const { images, lengths, lines: count } = yield* latentLines(lines, steps + 1)
      const profiles = Array.from({ length: count }, (_, line) => {
        const from = line * (steps + 1) * size
        const found = changes(images.subarray(from, from + (steps + 1) * size), steps + 1, size)
        return { changes: found, mean: mean(found), perUnit: (mean(found) * steps) / lengths[line]! }
      }).filter((profile) => profile.mean > 0 && Number.isFinite(profile.perUnit))
      if (profiles.length === 0) return { metrics: {}, figures: [] }
      const perUnit = mean(profiles.map((profile) => profile.perUnit))
      const ratio = mean(profiles.map((profile) => Math.max(...profile.changes) / profile.mean))
      return {
        metrics: { "smoothness/change-per-unit": perUnit, "smoothness/largest-over-mean": ratio },
        figures: [
          lineChart({
            name: "smoothness",
            title: `${datasetName}: change of the image along lines between codes`,
            caption:
              `Euclidean distance of each decoded image from the previous one, divided by the line's mean, in ${steps} steps along ` +
              `${Math.min(shown, profiles.length)} lines between the codes of test images. Over ${profiles.length} lines the ` +
              `largest change is ${ratio.toFixed(2)} times the mean, and an image changes by ${perUnit.toPrecision(3)} per unit of code.`,
            x: "step along the line",
            legend: "line",
            panels: [
              {
                title: "change / mean change",
                series: profiles.slice(0, shown).map((profile, line) => ({
                  label: String(line + 1),
                  points: profile.changes.map((change, step) => [step + 1, change / profile.mean] as const)
                }))
              }
            ]
          })
        ]
      }
    })
  }
}
