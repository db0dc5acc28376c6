/**
 * Images decoded on a grid over a two-dimensional latent space.
 *
 * Source: Kingma and Welling 2013, figure 4, https://arxiv.org/abs/1312.6114
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { type AxisLabel, imageGrid } from "../figures/ImageGrid.ts"
import { mosaic } from "../figures/Mosaic.ts"
import { niceTicks } from "../figures/NiceTicks.ts"
import { PlanarLatent } from "../Model.ts"
import { PriorQuantiles, type Quantiles } from "../Prior.ts"
import { TrainedModel } from "../TrainedModel.ts"

const evaluation = "Manifold"

/** Minimum and maximum in each dimension. */
export type Range = readonly [low: number, high: number]

/** Quantiles at the midpoints of `count` equally probable intervals, ascending. */
export const centralQuantiles = ({ quantile }: Quantiles, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => quantile((index + 0.5) / count))

/** The spacing of a grid of codes along each latent axis. */
interface Spacing {
  /** Values of the code, ascending, one per column. */
  readonly values: ReadonlyArray<number>
  /** The position of a value along the axis, from 0 to 1. */
  readonly place: (z: number) => number
  /** Values of the axis labels. */
  readonly ticks: ReadonlyArray<number>
  /** How the codes were chosen, for the axes and the caption. */
  readonly axis: string
  readonly caption: string
}

/** Formats a number with the typographic minus sign. */
const signed = (value: number): string => String(Number(value.toPrecision(6))).replace("-", "\u2212")

/** Spacing by quantiles of the prior: each image represents an equal share of its probability mass. */
const byProbability = (columns: number, quantiles: Quantiles): Spacing => {
  const values = centralQuantiles(quantiles, columns)
  const outermost = values.at(-1)!.toFixed(2)
  return {
    values,
    place: quantiles.cumulative,
    ticks: quantiles.ticks,
    axis: "spaced by probability under the prior",
    caption:
      `quantiles of ${quantiles.name} from \u2212${outermost} to ${outermost} in each dimension, ` +
      `so that each image represents an equal share of the prior's mass`
  }
}

/** Equal spacing from `low` to `high`. */
const inEqualSteps = (columns: number, [low, high]: Range): Spacing => ({
  values: Array.from({ length: columns }, (_, index) =>
    columns === 1 ? (low + high) / 2 : low + ((high - low) * index) / (columns - 1)
  ),
  // The first image's centre is at `low`, the last one's at `high`.
  place: (z) => (columns === 1 ? 0.5 : (((z - low) / (high - low)) * (columns - 1) + 0.5) / columns),
  ticks: columns === 1 ? [] : niceTicks([low, high], 8),
  axis: "equal steps",
  caption: `in equal steps from ${signed(low)} to ${signed(high)} in each dimension`
})

/** Codes `[values * values, 2]` in row-major order: z1 increases to the right, z2 upwards. */
const codesOf = (values: ReadonlyArray<number>): Float32Array =>
  Float32Array.from(values.toReversed().flatMap((second) => values.flatMap((first) => [first, second])))

/** Codes of a mesh grid over `range` in both dimensions, `[count * count, 2]`. */
export const meshCodes = (count: number, range: Range): Float32Array => codesOf(inEqualSteps(count, range).values)

/** The figure for the current parameters, at codes spaced evenly over a range or over the prior's mass. */
export const manifoldFigure = Effect.fnUntraced(function* (columns: number, over: Range | Quantiles) {
  const { datasetName, decode, shape } = yield* TrainedModel
  const byMass = "quantile" in over
  const spacing = byMass ? byProbability(columns, over) : inEqualSteps(columns, over)
  const name = byMass ? "manifold" : "manifold-mesh"
  const images = yield* decode(codesOf(spacing.values))
  const grid = yield* mosaic({ name, images, shape, columns, gap: 0 })
  const labels = (place: Spacing["place"]): ReadonlyArray<AxisLabel> =>
    spacing.ticks.map((z) => ({ at: place(z), label: signed(z) }))
  const what = `Means of p(x | z) at ${columns} by ${columns} codes: ${spacing.caption}`
  const figure = imageGrid({
    name,
    title: `${datasetName}: manifold over the latent plane`,
    caption: `${what}.`,
    mosaic: grid,
    x: { orient: "bottom", ticks: true, title: `z1 (${spacing.axis})`, labels: labels(spacing.place) },
    y: { orient: "left", ticks: true, title: `z2 (${spacing.axis})`, labels: labels((z) => 1 - spacing.place(z)) }
  })
  return { figure, what }
})

export interface ManifoldOptions {
  /** Images per row and per column; default: 20. */
  readonly columns?: number
  /** A mesh grid in equal steps over `range` in both dimensions, such as `[-4, 4]`. */
  readonly range?: Range | undefined
}

/** The evaluation's findings: the figure over a range or quantiles. */
const findings = <R>(columns: number, over: Effect.Effect<Range | Quantiles, never, R>) =>
  PlanarLatent.pipe(
    Effect.andThen(over),
    Effect.flatMap((over) => manifoldFigure(columns, over)),
    Effect.map(({ figure }) => ({ metrics: {}, figures: [figure] })),
    Effect.catchTag("FigureError", (cause) => new EvaluationError({ evaluation, reason: cause.message, cause }))
  )

/**
 * A figure `manifold`: images decoded at codes that divide the prior's mass evenly, which needs a prior with known
 * quantiles; or, with a `range`, a figure `manifold-mesh` on a mesh grid, for any prior.
 */
export function Manifold(options?: {
  readonly columns?: number
  readonly range?: undefined
}): Evaluator<PlanarLatent | PriorQuantiles>
export function Manifold(options: ManifoldOptions & { readonly range: Range }): Evaluator<PlanarLatent>
export function Manifold({ columns = 20, range }: ManifoldOptions = {}): Evaluator<PlanarLatent | PriorQuantiles> {
  if (range === undefined) {
    const needs = [PlanarLatent, PriorQuantiles]
    return { spec: { _tag: evaluation, columns }, needs, run: findings(columns, PriorQuantiles) }
  }
  const run = findings(columns, Effect.succeed(range))
  return { spec: { _tag: evaluation, columns, range }, needs: [PlanarLatent], run }
}
