/**
 * Writes the report's assets: models, codes, images and figures, as scripts that carry JSON text.
 */
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import { chooseExamples } from "../../core/evaluations/Reconstructions.ts"
import { stratified } from "../../core/evaluations/StratifiedSubset.ts"
import type { DatasetError, ImageShape, LoadedDataset } from "../../core/Dataset.ts"
import type { FigureError } from "../../core/Figure.ts"
import { sprite } from "../../core/figures/Sprite.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import { maximumCodes } from "../training/ExportModel.ts"
import * as FigureFolder from "../store/FigureFolder.ts"
import * as ModelFolder from "../store/ModelFolder.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import type { Run } from "../store/Run.ts"
import { fromPlatform, type StoreError } from "../files/StoreError.ts"
import type { CollectedReport, CollectedRun } from "./CollectReport.ts"
import * as AssetName from "./AssetName.ts"
import { CodesData, FigureData, ImagesData, NetworkData } from "./ReportData.ts"

const base64 = ({ buffer, byteLength, byteOffset }: NodeJS.TypedArray): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64")

/** A script that passes a value as JSON text, which the page parses; the value is never executed. */
export const assetScript = (name: string, json: unknown): string =>
  `effectVaePart(${JSON.stringify(name)},${JSON.stringify(JSON.stringify(json))})\n`

/** Number of test images shown at full size: as many as fit into half a megabyte, at least 4 and at most 40. */
const exampleCount = ({ channels, height, width }: ImageShape): number =>
  Math.max(4, Math.min(40, Math.floor(500_000 / (channels * height * width))))

const imagesOf = Effect.fnUntraced(function* ({ test }: LoadedDataset, name: string, shape: ImageShape) {
  const { channels, height, width } = shape
  const size = channels * height * width
  const chosen = chooseExamples(test, exampleCount(shape))
  const pixels = new Uint8Array(chosen.length * size)
  chosen.forEach((index, place) => pixels.set(test.images.subarray(index * size, (index + 1) * size), place * size))
  const data: ImagesData = {
    examples: {
      count: chosen.length,
      indices: [...chosen],
      ...(test.labels !== undefined && { labels: Array.from(chosen, (index) => test.labels![index]!) }),
      pixels: base64(pixels)
    },
    sprite: yield* sprite({ name, images: test.images, shape, indices: stratified(test, maximumCodes) })
  }
  return data
})

/** Writes a file unless it already has this content. */
const writeChanged = Effect.fnUntraced(function* (path: string, content: string | Uint8Array) {
  const fs = yield* FileSystem.FileSystem
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  const present = yield* Effect.option(fs.readFile(path))
  if (Option.isSome(present) && Buffer.compare(present.value, bytes) === 0) return
  yield* AtomicFile.write(path, bytes)
})

/** Writes the assets of one run's model. */
const writeModel = Effect.fnUntraced(function* (
  write: <A, E>(
    name: string,
    schema: Schema.Codec<A, E>,
    value: A
  ) => Effect.Effect<void, StoreError, FileSystem.FileSystem | Path.Path>,
  { directory, id }: Run
) {
  for (const which of ["encoder", "decoder", "prior"] as const) {
    const bytes = yield* ModelFolder.network(directory, which)
    if (Option.isSome(bytes)) yield* write(AssetName.network(id, which), NetworkData, { onnx: base64(bytes.value) })
  }
  const codes = yield* ModelFolder.codes(directory)
  if (Option.isNone(codes)) return
  const { deviation, indices, labels, mean } = codes.value
  yield* write(AssetName.codes(id), CodesData, {
    count: indices!.shape[0]!,
    indices: base64(indices!.values),
    ...(labels !== undefined && { labels: base64(labels.values) }),
    mean: base64(mean!.values),
    deviation: base64(deviation!.values)
  })
})

/** Names of the files that a page needs. */
const wanted = ({ runs }: CollectedReport, scripts: WriteAssetsOptions["scripts"]): ReadonlySet<string> =>
  new Set([
    ...Object.keys(scripts).map((name) => `${name}.js`),
    ...runs.flatMap(({ data: { exhibits, model } }) => [
      ...exhibits.map(({ kind, part }) => (kind === "figure" ? `${part}.js` : part)),
      ...(model === undefined
        ? []
        : [model.encoder, model.decoder, model.prior, model.codes, model.images].flatMap((name) =>
            name === undefined ? [] : [`${name}.js`]
          ))
    ])
  ])

export interface WriteAssetsOptions {
  /** The folder of the assets. */
  readonly folder: string
  readonly report: CollectedReport
  /** Scripts by file name. */
  readonly scripts: Readonly<Record<string, string>>
  readonly load: (planned: PlannedRun) => Effect.Effect<LoadedDataset, DatasetError>
}

/** Writes assets that are missing or have changed, and removes those that are no longer used. */
export const writeAssetFiles = Effect.fn("WriteAssets.writeAssetFiles")(function* (
  options: WriteAssetsOptions
): Effect.fn.Return<void, DatasetError | FigureError | StoreError, FileSystem.FileSystem | Path.Path> {
  const { folder, report, load, scripts } = options
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const write = <A, E>(name: string, schema: Schema.Codec<A, E>, value: A) =>
    AtomicFile.entry(folder, `${name}.js`).pipe(
      Effect.flatMap((path) =>
        Effect.flatMap(Effect.orDie(Schema.encodeEffect(Schema.toCodecJson(schema))(value)), (json) =>
          writeChanged(path, assetScript(name, json))
        )
      )
    )

  const writeRun = Effect.fnUntraced(function* ({ card, data, planned, run }: CollectedRun) {
    if (run === undefined) return
    const figures = join(run.directory, "figures")
    for (const { kind, name, part } of data.exhibits) {
      if (kind === "animation") {
        const source = join(figures, `${name}.gif`)
        const bytes = yield* Effect.mapError(fs.readFile(source), fromPlatform(source, "read"))
        yield* writeChanged(yield* AtomicFile.entry(folder, part), bytes)
      } else {
        const figure = yield* FigureFolder.read(figures, name)
        if (Option.isSome(figure)) yield* write(part, FigureData, figure.value)
      }
    }
    if (card === undefined || data.model === undefined) return
    yield* writeModel(write, run)
    const images = data.model.images!
    const known = yield* Effect.orElseSucceed(fs.exists(join(folder, `${images}.js`)), () => false)
    // The name identifies the data.
    if (!known) yield* write(images, ImagesData, yield* imagesOf(yield* load(planned), images, card.shape))
  })

  for (const [name, script] of Object.entries(scripts)) {
    yield* writeChanged(yield* AtomicFile.entry(folder, `${name}.js`), script)
  }
  yield* Effect.forEach(report.runs, writeRun, { discard: true })
  const keep = wanted(report, scripts)
  const there = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])
  const stale = there.filter((file) => AssetName.isAsset(file) && !keep.has(file))
  yield* Effect.forEach(stale, (file) => Effect.ignore(fs.remove(join(folder, file))), { discard: true })
})
