/**
 * Writes the report of a sweep: `report.html` and the asset folder `report`.
 */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Effect, type FileSystem, Path, Schema } from "effect"
import type { DatasetError, DatasetPlatform } from "../../core/Dataset.ts"
import type { FigureError } from "../../core/Figure.ts"
import type { Json } from "../../core/Spec.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as LoadData from "../plan/LoadData.ts"
import { RunStore } from "../store/RunStore.ts"
import type { StoreError } from "../files/StoreError.ts"
import { type CollectedReport, collect, type CollectOptions } from "./CollectReport.ts"
import * as Page from "./Page.ts"
import * as AssetName from "./AssetName.ts"
import { codec } from "./ReportData.ts"
import { ReportError } from "./ReportError.ts"
import * as Scripts from "./Scripts.ts"
import { writeAssetFiles } from "./WriteAssets.ts"

/** The page's name in an experiment's folder. */
export const fileName = "report.html"

const style = Effect.tryPromise({
  try: () => readFile(createRequire(import.meta.url).resolve("#report-style"), "utf8"),
  catch: (cause) => new ReportError({ reason: "the page's style could not be read", cause })
})

/** The page as a document. */
export const documentOf = Effect.fn("WriteReport.documentOf")(function* ({ data }: CollectedReport) {
  const encoded = yield* Effect.orDie(Schema.encodeEffect(codec)(data))
  return Page.document({
    title: data.experiment,
    lead: data.description,
    data: encoded as Json,
    program: yield* Scripts.page,
    style: yield* style,
    live: data.live
  })
})

/** The libraries that the runs' models need: one to run them, one to plot codes in 3-D. */
const libraries = Effect.fnUntraced(function* ({ data }: CollectedReport) {
  const models = data.runs.flatMap(({ model }) => (model === undefined ? [] : [model]))
  return {
    ...(models.length > 0 && { [AssetName.runtime]: yield* Scripts.runtime }),
    ...(models.some(({ latent }) => latent > 2) && { [AssetName.plotly]: yield* Scripts.plotly })
  }
})

/** Writes the report's assets. */
export const writeAssets = Effect.fn("WriteReport.writeAssets")(function* (directory: string, report: CollectedReport) {
  const { join } = yield* Path.Path
  yield* writeAssetFiles({
    folder: join(directory, AssetName.folder),
    report,
    scripts: yield* libraries(report),
    load: yield* LoadData.make
  })
})

/** Writes the page and its assets; returns the page's path. */
export const write = Effect.fn("WriteReport.write")(function* (
  options: Omit<CollectOptions, "live">
): Effect.fn.Return<
  string,
  DatasetError | FigureError | ReportError | StoreError,
  RunStore | DatasetPlatform | FileSystem.FileSystem
> {
  const store = yield* RunStore
  const { directory } = yield* store.experiment(options.experiment.name)
  const report = yield* collect({ ...options, live: false })
  yield* writeAssets(directory, report)
  const path = (yield* Path.Path).join(directory, fileName)
  yield* AtomicFile.write(path, yield* documentOf(report))
  return path
})
