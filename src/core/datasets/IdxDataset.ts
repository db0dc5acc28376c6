/**
 * A dataset of IDX files with pinned checksums, searched for in the data directory, the cache, the mirrors, and the
 * built-in data, in this order.
 *
 * If the data directory has the dataset's subfolder but a file is missing, that is an error: somebody put the folder
 * there.
 */
import { Effect, FileSystem, Layer, Path, type PlatformError } from "effect"
import { HttpClient } from "effect/http"
import {
  DataDirectories,
  Dataset,
  DatasetError,
  type DatasetPlatform,
  type ImageShape,
  type LoadedDataset,
  type Located
} from "../Dataset.ts"
import type { Spec } from "../Spec.ts"
import { cacheFolder, offline } from "./CacheFolder.ts"
import { download } from "./Download.ts"
import { DownloadSettings } from "./Transfer.ts"
import { digestOfFiles, type IdxFile, type IdxFileError, missing, pinnedOf } from "./IdxFiles.ts"

/** Data that needs no network; the last resort. */
export interface BuiltIn {
  /** Where it is, for messages. */
  readonly location: string
  readonly digest: string
  readonly load: Effect.Effect<LoadedDataset, DatasetError, DatasetPlatform>
}

export interface IdxDatasetOptions {
  readonly spec: Spec
  /** For titles and messages, such as `Fashion-MNIST`. */
  readonly name: string
  readonly shape: ImageShape
  /** Name of the subfolder in the data directory and in the cache. */
  readonly folder: string
  /** The files that the folder must contain, in download order. */
  readonly files: ReadonlyArray<IdxFile>
  /** Identifies the examples and their order; default: the files' digest. */
  readonly digest?: string
  /** Reads and verifies the files of a folder. */
  readonly load: (
    folder: string
  ) => Effect.Effect<
    LoadedDataset,
    IdxFileError | DatasetError | PlatformError.PlatformError,
    FileSystem.FileSystem | Path.Path
  >
  /**
   * URLs of folders with all files as `NAME.gz`, ending in `/`, tried in order; empty if no public download is known.
   */
  readonly mirrors: ReadonlyArray<string>
  /** What to do if the data is missing; the end of the error message. */
  readonly advice: string
  readonly builtIn?: BuiltIn
  /** Why the options are invalid, reported when the dataset is located; undefined if they are valid. */
  readonly problem?: string | undefined
}

/** Where the data is, or the cache folder to download it to. */
type Search = { readonly found: Located; readonly cache?: never } | { readonly found?: never; readonly cache: string }

const digestFor = ({ digest, files }: IdxDatasetOptions): string => digest ?? digestOfFiles(files)

/** The dataset's subfolder of the data directory, if it exists. */
const inDataDirectory = Effect.fnUntraced(function* ({ files, folder, name }: IdxDatasetOptions) {
  const { dataDirectory } = yield* DataDirectories
  if (dataDirectory === undefined) return undefined
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (!(yield* fs.exists(dataDirectory))) {
    return yield* new DatasetError({ dataset: name, reason: `the data directory ${dataDirectory} does not exist` })
  }
  const own = path.join(dataDirectory, folder)
  if (!(yield* fs.exists(own))) return undefined
  const [first] = yield* missing(own, files)
  if (first !== undefined) {
    const reason = `${path.join(own, first.file)}.gz is missing; complete the folder, or remove it to look elsewhere`
    return yield* new DatasetError({ dataset: name, reason })
  }
  return own
})

const locatedIn = (builtIn: BuiltIn): Located => ({
  source: "built in",
  location: builtIn.location,
  digest: builtIn.digest
})

/** Searches everywhere except the network. */
const search = Effect.fnUntraced(function* (options: IdxDatasetOptions) {
  const { builtIn, problem, files, folder, mirrors, name } = options
  if (problem !== undefined) return yield* new DatasetError({ dataset: name, reason: problem })
  const path = yield* Path.Path
  const digest = digestFor(options)
  const own = yield* inDataDirectory(options)
  if (own !== undefined) return { found: { source: "data directory", location: own, digest } } satisfies Search
  const caches = yield* cacheFolder
  const cache = caches === undefined ? undefined : path.join(caches, folder)
  if (cache !== undefined && (yield* missing(cache, files)).length === 0) {
    return { found: { source: "cache", location: cache, digest } } satisfies Search
  }
  const forbidden = yield* offline
  if (cache !== undefined && !forbidden && mirrors.length > 0) return { cache } satisfies Search
  if (builtIn !== undefined) return { found: locatedIn(builtIn) } satisfies Search
  const why =
    mirrors.length === 0
      ? "no public download of these files is known"
      : forbidden
        ? "VAE_OFFLINE forbids the download"
        : "without HOME there is no folder to download it to"
  return yield* new DatasetError({
    dataset: name,
    reason: `it is not on this machine and ${why}; ${options.advice}`
  })
})

/** Whether a mirror answers that it has the first missing file. Downloads nothing. */
const isReachable = Effect.fnUntraced(function* ({ files, mirrors }: IdxDatasetOptions, cache: string) {
  const { answerTimeout } = yield* DownloadSettings
  const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  const [wanted] = yield* missing(cache, files)
  const answers = yield* Effect.forEach(
    mirrors,
    (mirror) => Effect.isSuccess(Effect.timeout(client.head(`${mirror}${wanted!.file}.gz`), answerTimeout)),
    { concurrency: "unbounded" }
  )
  return answers.includes(true)
})

/** Predicts the result of `locate` without a download. */
const peek = Effect.fnUntraced(function* (options: IdxDatasetOptions) {
  const { builtIn } = options
  const { cache, found } = yield* search(options)
  if (found !== undefined || builtIn === undefined || (yield* isReachable(options, cache))) return found
  return locatedIn(builtIn)
})

/** Downloads the files that the cache lacks. If that fails, uses the built-in data and logs a warning. */
const fetch = Effect.fnUntraced(function* (options: IdxDatasetOptions, cache: string) {
  const { advice, builtIn, files, mirrors, name } = options
  const path = yield* Path.Path
  yield* Effect.logInfo(`${name}: downloading to ${cache}`)
  const located: Located = { source: "download", location: cache, digest: digestFor(options) }
  return yield* Effect.forEach(yield* missing(cache, files), (wanted) =>
    download({
      target: path.join(cache, `${wanted.file}.gz`),
      addresses: mirrors.map((mirror) => `${mirror}${wanted.file}.gz`),
      content: pinnedOf(wanted)
    })
  ).pipe(
    Effect.as(located),
    Effect.catchTag("DownloadError", (cause) =>
      builtIn === undefined
        ? Effect.fail(new DatasetError({ dataset: name, reason: `${cause.message}; ${advice}`, cause }))
        : Effect.as(
            Effect.logWarning(`${name}: ${cause.message}. Using ${builtIn.location} instead; ${advice}`),
            locatedIn(builtIn)
          )
    )
  )
})

/** Adds the dataset's name to errors of files and settings. */
const named = (dataset: string) =>
  Effect.mapError((error: Error | DatasetError): DatasetError => {
    if (error instanceof DatasetError) return error
    const what = error.name === "ConfigError" ? "an environment variable has an invalid value: " : ""
    return new DatasetError({ dataset, reason: `${what}${error.message.replaceAll(/\s*\n\s*/g, " ")}`, cause: error })
  })

/** Provides the dataset; loads nothing. */
export const layer = (options: IdxDatasetOptions): Layer.Layer<Dataset> => {
  const { builtIn, name } = options
  const digest = digestFor(options)
  return Layer.succeed(Dataset, {
    spec: options.spec,
    name,
    shape: options.shape,
    peek: peek(options).pipe(named(name)),
    locate: Effect.flatMap(search(options), ({ cache, found }) =>
      found === undefined ? fetch(options, cache) : Effect.succeed(found)
    ).pipe(named(name)),
    load: (located) => {
      if (located.digest === digest) return options.load(located.location).pipe(named(name))
      if (located.digest === builtIn?.digest) return builtIn.load
      const known = [digest, ...(builtIn === undefined ? [] : [builtIn.digest])].join(" or ")
      return Effect.fail(
        new DatasetError({ dataset: name, reason: `no data has the digest ${located.digest}; known: ${known}` })
      )
    }
  })
}
