/**
 * What the decoder makes of each region of a latent plane.
 *
 * Source: Kingma and Welling 2013, figure 4, https://arxiv.org/abs/1312.6114
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { type AxisLabel, imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { PlanarLatent } from "../Model.ts"
import { cumulative, quantile } from "../NormalDistribution.ts"
import { TrainedModel } from "../TrainedModel.ts"

const evaluation = "Manifold"

/** Quantiles of N(0, 1) at the middles of `count` equally probable intervals, ascending. */
export const centralQuantiles = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => quantile((index + 0.5) / count))

/** Codes `[count * count, 2]` row by row: z1 grows to the right, z2 upwards. */
export const planeCodes = (count: number): Float32Array => {
  const values = centralQuantiles(count)
  return Float32Array.from(values.toReversed().flatMap((second) => values.flatMap((first) => [first, second])))
}

/** Labels at round values of z, at the places that these have in the grid. */
const ticks = (place: (z: number) => number): ReadonlyArray<AxisLabel> =>
  [-2, -1, -0.5, 0, 0.5, 1, 2].map((z) => ({ at: place(z), label: String(z).replace("-", "\u2212") }))

/**
 * A figure `manifold`: images decoded at `columns` by `columns` codes (20 unless given) that split the prior's mass on
 * the latent plane evenly.
 */
export const Manifold = (options: { readonly columns?: number } = {}): Evaluator<PlanarLatent> => {
  const columns = options.columns ?? 20
  return {
    spec: { _tag: evaluation, columns },
    needs: [PlanarLatent],
    run: Effect.gen(function* () {
      yield* PlanarLatent
      const { datasetName, decode, shape } = yield* TrainedModel
      const images = yield* decode(planeCodes(columns))
      const grid = yield* mosaic({ name: "manifold", images, shape, columns, gap: 0 })
      const outermost = centralQuantiles(columns).at(-1)!.toFixed(2)
      return {
        metrics: {},
        figures: [
          imageGrid({
            name: "manifold",
            title: `${datasetName}: manifold over the latent plane`,
            caption:
              `Means of p(x | z) at ${columns} by ${columns} codes: quantiles of N(0, 1) from \u2212${outermost} to ` +
              `${outermost} in each dimension, so that each image stands for an equal share of the prior's mass.`,
            mosaic: grid,
            x: {
              orient: "bottom",
              ticks: true,
              title: "z1 (spaced by probability under the prior)",
              labels: ticks(cumulative)
            },
            y: {
              orient: "left",
              ticks: true,
              title: "z2 (spaced by probability under the prior)",
              labels: ticks((z) => 1 - cumulative(z))
            }
          })
        ]
      }
    }).pipe(
      Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
    )
  }
}
