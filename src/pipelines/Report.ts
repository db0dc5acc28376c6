/**
 * What is said of a sweep when its runs are done: the summary's rows, and the figures that compare the runs.
 */
import type { Figure } from "../core/Figure.ts"
import type { EpochMetrics } from "../core/TrainedModel.ts"
import { rateDistortion } from "./figures/RateDistortion.ts"
import { sideBySide } from "./figures/SideBySide.ts"
import { sweepCurves } from "./figures/SweepCurves.ts"

/** A finished run as the report sees it. */
export interface ReportedRun {
  /** What tells it from the others, such as `β = 12`. */
  readonly label: string
  readonly history: ReadonlyArray<EpochMetrics>
  readonly metrics: Readonly<Record<string, number>>
  readonly figures: ReadonlyArray<Figure>
}

const greek: Readonly<Record<string, string>> = { beta: "β", sigma: "σ", gamma: "γ", alpha: "α", lambda: "λ" }

/** `beta=12 seed=1` as `β = 12, seed = 1`. */
export const caption = (label: string): string =>
  label
    .split(" ")
    .filter((part) => part !== "")
    .map((part) => {
      const [name = "", value = ""] = part.split("=")
      return `${greek[name] ?? name} = ${value}`
    })
    .join(", ")

/** Every run's figures of one name, set beside each other; only names that all runs have. */
const comparisons = (experiment: string, runs: ReadonlyArray<ReportedRun>): ReadonlyArray<Figure> => {
  const [first, ...others] = runs
  if (first === undefined) return []
  return first.figures.flatMap((figure) => {
    const same = others.map((run) => run.figures.find(({ name }) => name === figure.name))
    if (same.some((other) => other === undefined)) return []
    const labelled = [figure, ...(same as ReadonlyArray<Figure>)].map((member, index) => ({
      label: runs[index]!.label,
      figure: member
    }))
    return [
      sideBySide(labelled, {
        name: figure.name,
        title: `${experiment} · ${figure.title}`,
        caption: labelled.map(({ figure: { caption }, label }) => `${label}: ${caption}`).join(" ")
      })
    ]
  })
}

/** The figures that compare the runs of a sweep; none for a single run. */
export const figures = (experiment: string, runs: ReadonlyArray<ReportedRun>): ReadonlyArray<Figure> => {
  if (runs.length < 2) return []
  const rows = runs.flatMap(({ label, metrics }) => {
    const rate = metrics["test/kl"]
    const distortion = metrics["test/reconstruction"]
    return rate === undefined || distortion === undefined ? [] : [{ label, rate, distortion }]
  })
  const own = [
    // In the place of the runs' own curves, which it repeats.
    sweepCurves(runs, { name: "curves", title: `${experiment} · test loss and its terms` }),
    ...(rows.length < 2
      ? []
      : [rateDistortion(rows, { title: `${experiment} · rate against distortion on test images` })])
  ]
  return [...comparisons(experiment, runs).filter(({ name }) => own.every((figure) => figure.name !== name)), ...own]
}
