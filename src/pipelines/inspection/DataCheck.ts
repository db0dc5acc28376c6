/**
 * What a dataset holds, in numbers, and a contact sheet of its first images.
 */
import { Effect, Option } from "effect"
import { Dataset, type Examples, Labels, type LoadedDataset } from "../../core/Dataset.ts"
import { chooseExamples, imagesAt } from "../../core/evaluations/Reconstructions.ts"
import { mosaic } from "../../core/figures/Mosaic.ts"

/** Facts by their names, in the order in which they are printed, and the PNG. */
export interface DataReport {
  readonly facts: ReadonlyArray<readonly [what: string, words: string]>
  readonly sheet: Uint8Array
}

/** Images on a contact sheet. */
const sheetImages = 100

const count = (many: number): string => many.toLocaleString("en-US")

/** Least, greatest, mean and standard deviation of all bytes. */
const statistics = (parts: ReadonlyArray<Examples>) => {
  const histogram = new Float64Array(256)
  for (const { images } of parts) for (const value of images) histogram[value]! += 1
  const total = histogram.reduce((sum, many) => sum + many, 0)
  const mean = histogram.reduce((sum, many, value) => sum + many * value, 0) / total
  const variance = histogram.reduce((sum, many, value) => sum + many * (value - mean) ** 2, 0) / total
  const least = histogram.findIndex((many) => many > 0)
  const greatest = histogram.findLastIndex((many) => many > 0)
  const distinct = histogram.filter((many) => many > 0).length
  return { least, greatest, distinct, mean, deviation: Math.sqrt(variance) }
}

const classCounts = (parts: ReadonlyArray<Examples>, classes: ReadonlyArray<string>): string => {
  const counts = new Float64Array(256)
  for (const { labels } of parts) for (const label of labels ?? []) counts[label]! += 1
  const shown = classes.slice(0, 20).map((name, label) => `${name} ${count(counts[label]!)}`)
  return `${classes.length}: ${shown.join(", ")}${classes.length > 20 ? ", ..." : ""}`
}

/** Loads the dataset of the context and describes it. */
export const describe = Effect.gen(function* () {
  const dataset = yield* Dataset
  const labels = yield* Effect.serviceOption(Labels)
  const { channels, height, width } = dataset.shape
  const { test, train }: LoadedDataset = yield* Effect.flatMap(dataset.locate, dataset.load)
  const { deviation, distinct, greatest, least, mean } = statistics([train, test])
  const bytes = train.images.length + test.images.length
  const facts: Array<readonly [string, string]> = [
    [
      "images",
      `${count(train.count + test.count)} of ${height}x${width} pixels (height x width), ${channels === 1 ? "grey" : "RGB"}: ${count(train.count)} training, ${count(test.count)} test`
    ],
    [
      "values",
      `${least} to ${greatest}, ${distinct} different, mean ${mean.toFixed(1)}, standard deviation ${deviation.toFixed(1)}`
    ]
  ]
  if (Option.isSome(labels)) facts.push(["classes", classCounts([train, test], labels.value.classes)])
  facts.push(["memory", `${(bytes / 1e6).toFixed(1)} MB`])
  const indices = chooseExamples(train, sheetImages)
  const { url } = yield* mosaic({
    name: "contact-sheet",
    images: imagesAt(train, dataset.shape, indices),
    shape: dataset.shape,
    // One column per class where there are few: `chooseExamples` takes the classes in turn.
    columns: Option.match(labels, {
      onNone: () => 10,
      onSome: ({ classes }) => (classes.length >= 4 && classes.length <= 12 ? classes.length : 10)
    }),
    gap: 0.06
  })
  const report: DataReport = { facts, sheet: Buffer.from(url.slice(url.indexOf(",") + 1), "base64") }
  return report
})
