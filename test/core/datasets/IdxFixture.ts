/**
 * Small IDX files, a dataset of them and its settings for tests.
 */
import { gzipSync } from "node:zlib"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, FileSystem, References } from "effect"
import {
  DataDirectories,
  Dataset,
  DatasetError,
  type DatasetPlatform,
  type LoadedDataset
} from "../../../src/core/Dataset.ts"
import type { BuiltIn } from "../../../src/core/datasets/IdxDataset.ts"
import * as IdxImages from "../../../src/core/datasets/IdxImages.ts"
import { DownloadSettings } from "../../../src/core/datasets/Transfer.ts"
import { bits } from "../../../src/core/Random.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { idxBytes } from "./IdxBytes.ts"
import { testServer } from "./TestServer.ts"

const random = (count: number, step: number) =>
  Uint8Array.from(bits({ seed: 5, stream: "test/images", step }, count), (word) => word & 255)

export const parts = {
  "train-images": idxBytes([12, 3, 4], random(144, 0)),
  "train-labels": idxBytes(
    [12],
    random(12, 1).map((value) => value % 3)
  ),
  "test-images": idxBytes([5, 3, 4], random(60, 2)),
  "test-labels": idxBytes(
    [5],
    random(5, 3).map((value) => value % 3)
  )
}

type Part = keyof typeof parts

export const names = Object.keys(parts) as ReadonlyArray<Part>

const pin = (file: Part) => ({ file, sha256: sha256(parts[file]) })

export const expected: LoadedDataset = {
  train: { count: 12, images: parts["train-images"].slice(16), labels: parts["train-labels"].slice(8) },
  test: { count: 5, images: parts["test-images"].slice(16), labels: parts["test-labels"].slice(8) }
}

export const options: IdxImages.IdxImagesOptions = {
  tag: "Small",
  name: "Small images",
  folder: "small",
  files: {
    height: 3,
    width: 4,
    train: { count: 12, images: pin("train-images"), labels: pin("train-labels") },
    test: { count: 5, images: pin("test-images"), labels: pin("test-labels") }
  },
  classes: ["a", "b", "c"],
  mirrors: ["http://127.0.0.1:1/"],
  advice: "ask a friend"
}

export const builtIn: BuiltIn = { location: "a drawer", digest: "0".repeat(64), load: Effect.succeed(expected) }

interface Setting {
  readonly options?: Partial<IdxImages.IdxImagesOptions>
  readonly environment?: Record<string, string>
}

/** Runs with a temporary folder that has `data`, the data directory, and `cache`, the user's cache folder. */
export const live = <A, E, E2>(
  setting: (folder: string) => Effect.Effect<Setting, E, FileSystem.FileSystem>,
  test: (dataset: Dataset["Service"], folder: string) => Effect.Effect<A, E2, DatasetPlatform>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    yield* fs.makeDirectory(`${folder}/data`)
    const { environment, options: some } = yield* setting(folder)
    const provider = ConfigProvider.fromUnknown({ XDG_CACHE_HOME: `${folder}/cache`, ...environment })
    return yield* Effect.flatMap(Dataset, (dataset) => test(dataset, folder)).pipe(
      Effect.provide(IdxImages.layer({ ...options, ...some }), { local: true }),
      Effect.provide(ConfigProvider.layer(provider)),
      Effect.provideService(DataDirectories, { dataDirectory: `${folder}/data`, cacheDirectory: undefined })
    )
  }).pipe(
    Effect.scoped,
    Effect.provideService(DownloadSettings, {
      answerTimeout: Duration.seconds(2),
      stallTimeout: Duration.seconds(2),
      retries: 1,
      backoff: Duration.millis(5)
    }),
    Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici]),
    Effect.provideService(References.MinimumLogLevel, "None")
  )

/** Writes the files, compressed, into `folder/place`. */
export const write = Effect.fnUntraced(function* (
  folder: string,
  place: string,
  changed: Partial<Record<Part, Uint8Array>> = {}
) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(`${folder}/${place}`, { recursive: true })
  for (const name of names) {
    yield* fs.writeFile(`${folder}/${place}/${name}.gz`, changed[name] ?? gzipSync(parts[name]))
  }
})

export const assertError = Effect.fnUntraced(function* (
  effect: Effect.Effect<unknown, DatasetError, DatasetPlatform>,
  ...texts: ReadonlyArray<string>
) {
  const error = yield* Effect.flip(effect)
  assert.instanceOf(error, DatasetError)
  for (const text of ["Small images", ...texts]) assert.include(error.message, text)
})

/** A mirror that has all files but the ones named. */
export const mirror = (...without: ReadonlyArray<Part>) =>
  testServer((request, response) => {
    const name = names.find((one) => request.url === `/small/${one}.gz`)
    if (name === undefined || without.includes(name)) response.writeHead(404).end()
    else response.end(gzipSync(parts[name]))
  })
