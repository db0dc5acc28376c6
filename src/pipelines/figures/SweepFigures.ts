/**
 * The figures that compare the runs of a sweep.
 */
import type { Figure } from "../../core/Figure.ts"
import { canonicalJson, type Json } from "../../core/Spec.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import { rateDistortion } from "./RateDistortion.ts"
import { sideBySide } from "./SideBySide.ts"
import { sweepCurves } from "./SweepCurves.ts"

/** A finished run for the figures. */
export interface ReportedRun {
  /** What distinguishes it from the others, such as `β = 12`. */
  readonly label: string
  readonly history: ReadonlyArray<EpochMetrics>
  readonly metrics: Readonly<Record<string, number>>
  readonly figures: ReadonlyArray<Figure>
  /** The likelihood's spec: reconstructions are comparable only for equal likelihoods. */
  readonly likelihood: Json
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

const seedPart = /(?:^|, )seed = \d+$/

/**
 * The group of each run, the setting that it shares with runs of other seeds, such as `β = 12, 3 seeds`. All undefined
 * if no two runs, or all runs, differ only in their seeds.
 */
export const groupsOf = (labels: ReadonlyArray<string>): ReadonlyArray<string | undefined> => {
  const settings = labels.map((label) => label.replace(seedPart, ""))
  const distinct = new Set(settings)
  if (distinct.size === labels.length || distinct.size === 1) return labels.map(() => undefined)
  return settings.map((setting) => {
    const count = settings.filter((other) => other === setting).length
    return count === 1 ? setting : `${setting}, ${count} seeds`
  })
}

/** Length of the common prefix of these lists. */
const commonLength = (lists: ReadonlyArray<ReadonlyArray<string>>): number => {
  const [first = []] = lists
  const end = first.findIndex((word, place) => lists.some((list) => list[place] !== word))
  return end < 0 ? first.length : end
}

/**
 * The common part of the figures' titles, such as `MNIST: codes of 500 test images`: the dataset if it is the same, and
 * the common words at the beginning and at the end of the rest; without common words, the first title's rest.
 */
export const commonTitle = (titles: ReadonlyArray<string>): string => {
  const parts = titles.map((title) => /^([^:]*: )?(.*)$/s.exec(title)!)
  const datasets = new Set(parts.map(([, dataset = ""]) => dataset))
  const rests = parts.map(([, , rest = ""]) => rest.split(" "))
  const beginning = commonLength(rests)
  const end = commonLength(rests.map((words) => words.slice(beginning).toReversed()))
  const [first = []] = rests
  const words = [...first.slice(0, beginning), ...first.slice(first.length - end)]
  return (datasets.size === 1 ? [...datasets].join("") : "") + (words.length === 0 ? first : words).join(" ")
}

/** The figures of one name side by side, if at least two runs have one. */
const comparisons = (experiment: string, runs: ReadonlyArray<ReportedRun>): ReadonlyArray<Figure> => {
  const names = [...new Set(runs.flatMap(({ figures }) => figures.map(({ name }) => name)))]
  return names.flatMap((name) => {
    const labelled = runs.flatMap(({ figures, label }) => {
      const figure = figures.find((one) => one.name === name)
      return figure === undefined ? [] : [{ label, figure }]
    })
    if (labelled.length < 2) return []
    return [
      sideBySide(labelled, {
        name,
        title: `${experiment} · ${commonTitle(labelled.map(({ figure }) => figure.title))}`,
        caption: labelled.map(({ figure: { caption }, label }) => `${label}: ${caption}`).join(" ")
      })
    ]
  })
}

/**
 * The figures that compare the runs of a sweep; none for a single run. The rate-distortion plot requires equal
 * likelihoods.
 */
export const figures = (experiment: string, runs: ReadonlyArray<ReportedRun>): ReadonlyArray<Figure> => {
  if (runs.length < 2) return []
  const groups = groupsOf(runs.map(({ label }) => label))
  const grouped = runs.map((run, index) => ({ ...run, ...(groups[index] !== undefined && { group: groups[index] }) }))
  const comparable = new Set(runs.map(({ likelihood }) => canonicalJson(likelihood))).size === 1
  const rows = (comparable ? grouped : []).flatMap(({ group, label, metrics }) => {
    const rate = metrics["test/kl"] ?? metrics["test/kl-estimate"]
    const distortion = metrics["test/reconstruction"]
    return rate === undefined || distortion === undefined
      ? []
      : [{ label, ...(group !== undefined && { group }), rate, distortion }]
  })
  const own = [
    // Replaces the runs' own curves.
    sweepCurves(grouped, { name: "curves", title: `${experiment} · test loss and its terms` }),
    ...(rows.length < 2
      ? []
      : [rateDistortion(rows, { title: `${experiment} · rate against distortion on test images` })])
  ]
  return [...comparisons(experiment, runs).filter(({ name }) => own.every((figure) => figure.name !== name)), ...own]
}
