/**
 * A dataset in pinned IDX files: looked for in the data directory, in the cache, at the mirrors, and at last in what is
 * built in.
 *
 * A subfolder of the data directory that lacks a file is an error, not a reason to look elsewhere: a person put it there.
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

/** Data that needs no network, for when nothing else is left. */
export interface BuiltIn {
  /** For people. */
  readonly location: string
  readonly digest: string
  readonly load: Effect.Effect<LoadedDataset, DatasetError, DatasetPlatform>
}

export interface IdxDatasetOptions {
  readonly spec: Spec
  /** For people, such as `Fashion-MNIST`. */
  readonly name: string
  readonly shape: ImageShape
  /** Subfolder of the data directory and of the cache. */
  readonly folder: string
  /** All that the folder must hold, in the order of a download. */
  readonly files: ReadonlyArray<IdxFile>
  /** Names the examples and their order; default: the files' digest. */
  readonly digest?: string
  /** Reads and verifies the files of a folder that holds them. */
  readonly load: (
    folder: string
  ) => Effect.Effect<
    LoadedDataset,
    IdxFileError | DatasetError | PlatformError.PlatformError,
    FileSystem.FileSystem | Path.Path
  >
  /** Addresses of folders with all files as `NAME.gz`, ending in `/`, tried in order; none where no public download is known. */
  readonly mirrors: ReadonlyArray<string>
  /** What a person can do where the data is missing. */
  readonly advice: string
  readonly builtIn?: BuiltIn
  /** Why the dataset's options are impossible, said where it is located; undefined where they are not. */
  readonly fault?: string | undefined
}

/** Where the data is, or the folder that a download would fill. */
type Search = { readonly found: Located; readonly cache?: never } | { readonly found?: never; readonly cache: string }

const digestFor = ({ digest, files }: IdxDatasetOptions): string => digest ?? digestOfFiles(files)

/** The data directory's subfolder, where there is one. */
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

/** Looks everywhere but in the network. */
const search = Effect.fnUntraced(function* (options: IdxDatasetOptions) {
  const { builtIn, fault, files, folder, mirrors, name } = options
  if (fault !== undefined) return yield* new DatasetError({ dataset: name, reason: fault })
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
        ? "VAE_OFFLINE forbids to download it"
        : "HOME names no folder to download it to"
  return yield* new DatasetError({
    dataset: name,
    reason: `it is not on this machine and ${why}; ${options.advice}`
  })
})

/** Whether a mirror says that it has the first missing file. Downloads nothing. */
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

/** What `locate` will find, as far as that can be known without a download. */
const peek = Effect.fnUntraced(function* (options: IdxDatasetOptions) {
  const { builtIn } = options
  const { cache, found } = yield* search(options)
  if (found !== undefined || builtIn === undefined || (yield* isReachable(options, cache))) return found
  return locatedIn(builtIn)
})

/** Downloads what the cache lacks; without success, uses what is built in and says so. */
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
            Effect.logWarning(`${name}: ${cause.message}. Going on with ${builtIn.location}; ${advice}`),
            locatedIn(builtIn)
          )
    )
  )
})

/** Names the dataset in whatever went wrong with files and settings. */
const named = (dataset: string) =>
  Effect.mapError((error: Error | DatasetError): DatasetError => {
    if (error instanceof DatasetError) return error
    const what = error.name === "ConfigError" ? "an environment variable cannot be understood: " : ""
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
