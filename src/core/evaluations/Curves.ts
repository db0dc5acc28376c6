/**
 * The loss and its terms per epoch, on training and test images.
 */
import { Effect } from "effect"
import type { Evaluator } from "../Evaluation.ts"
import { lineChart } from "../figures/LineChart.ts"
import { type EpochMetrics, TrainedModel } from "../TrainedModel.ts"

const known: Readonly<Record<string, string>> = {
  loss: "loss",
  reconstruction: "reconstruction",
  kl: "KL divergence",
  "kl-estimate": "estimated KL divergence"
}

/** Terms that are not in nats per image. A loss that contains one of them is not either. */
const ownUnits: Readonly<Record<string, string>> = {
  "half-squared-error": "half the squared error (per image)",
  "mean-squared-error": "mean squared error (per pixel)",
  "mean-reconstruction": "mean reconstruction (nats per pixel)",
  "half-mean-squared-code": "half the mean squared code",
  "commitment-loss": "commitment loss (squared distance, weighted)",
  "codebook-loss": "codebook loss (squared distance)",
  "mean-kl": "mean KL divergence, weighted (nats per dimension)"
}

const splits = [
  { prefix: "train/", label: "training" },
  { prefix: "validation/", label: "validation" },
  { prefix: "test/", label: "test" }
]

/** The terms of a history: loss, reconstruction, kl, then the others in order of appearance. */
export const termNames = (history: ReadonlyArray<EpochMetrics>): ReadonlyArray<string> => {
  const names = new Set(
    history.flatMap((epoch) =>
      Object.keys(epoch.metrics).flatMap((key) => /^(?:train|test)\/(.+)$/.exec(key)?.[1] ?? [])
    )
  )
  return [...Object.keys(known).filter((name) => names.has(name)), ...[...names].filter((name) => !(name in known))]
}

/** Whether the loss is in nats per image, according to its terms. */
const lossInNats = (terms: ReadonlyArray<string>): boolean => terms.every((term) => !(term in ownUnits))

/** `dimension-wise-kl` as `dimension-wise KL`, `kl-group2` as `KL, group 2`. */
const inWords = (term: string): string =>
  term
    .replace(/-group(\d+)$/, ", group $1")
    .replace(/-(?!wise\b)/g, " ")
    .replace(/\bkl\b/, "KL")

/** The axis title of one of a history's terms, with its unit. */
export const termTitle = (term: string, terms: ReadonlyArray<string>): string =>
  term === "loss" && !lossInNats(terms)
    ? "loss (the sum of its terms)"
    : (ownUnits[term] ?? `${known[term] ?? inWords(term)} (nats per image)`)

/** One curve: a metric's values by epoch. Epochs without the metric are skipped. */
export const curve = (history: ReadonlyArray<EpochMetrics>, metric: string): ReadonlyArray<readonly [number, number]> =>
  history.flatMap((epoch) => {
    const value = epoch.metrics[metric]
    return value === undefined ? [] : [[epoch.epoch, value] as const]
  })

const amount = (value: number | undefined, unit: string): string =>
  value === undefined ? "unknown" : `${value.toPrecision(4)}${unit}`

/** The schedules whose values are in a history, such as `beta`. */
const scheduleNames = (history: ReadonlyArray<EpochMetrics>): ReadonlyArray<string> => [
  ...new Set(
    history.flatMap(({ metrics }) => Object.keys(metrics).flatMap((key) => /^schedule\/(.+)$/.exec(key)?.[1] ?? []))
  )
]

/**
 * A figure `curves`: one panel per term with a training and a test curve over the epochs, and one panel per schedule.
 */
export const Curves = (): Evaluator => ({
  spec: { _tag: "Curves" },
  needs: [],
  run: Effect.gen(function* () {
    const { datasetName, history } = yield* TrainedModel
    const last = history.at(-1)
    const terms = termNames(history)
    const unit = lossInNats(terms) ? " nats" : ""
    const figure = lineChart({
      name: "curves",
      title: `${datasetName}: loss and its terms over the epochs`,
      caption:
        last === undefined
          ? `No epoch has been trained.`
          : `Means over the images of ${datasetName} after each epoch. After epoch ${last.epoch} the training loss is ` +
            `${amount(last.metrics["train/loss"], unit)} per image, the test loss ${amount(last.metrics["test/loss"], unit)}.`,
      x: "epoch",
      legend: "images",
      panels: [
        ...terms.map((term) => ({
          title: termTitle(term, terms),
          series: splits
            .map(({ label, prefix }) => ({ label, points: curve(history, prefix + term) }))
            .filter((series) => series.points.length > 0)
        })),
        ...scheduleNames(history).map((name) => ({
          title: `${name} (at the last step of the epoch)`,
          series: [{ label: "schedule", points: curve(history, `schedule/${name}`) }]
        }))
      ]
    })
    return { metrics: {}, figures: last === undefined ? [] : [figure] }
  })
})
