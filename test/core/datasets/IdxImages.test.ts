import { gzipSync } from "node:zlib"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, FileSystem, Logger, References } from "effect"
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
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { idxBytes } from "./IdxBytes.ts"
import { testServer } from "./TestServer.ts"

const random = (count: number, step: number) =>
  Uint8Array.from(bits({ seed: 5, stream: "test/images", step }, count), (word) => word & 255)

const parts = {
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

const names = Object.keys(parts) as ReadonlyArray<Part>

const pin = (file: Part) => ({ file, sha256: sha256(parts[file]) })

const expected: LoadedDataset = {
  train: { count: 12, images: parts["train-images"].slice(16), labels: parts["train-labels"].slice(8) },
  test: { count: 5, images: parts["test-images"].slice(16), labels: parts["test-labels"].slice(8) }
}

const options: IdxImages.IdxImagesOptions = {
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

const builtIn: BuiltIn = { location: "a drawer", digest: "0".repeat(64), load: Effect.succeed(expected) }

interface Setting {
  readonly options?: Partial<IdxImages.IdxImagesOptions>
  readonly environment?: Record<string, string>
}

/** Runs with a temporary folder that has `data`, the data directory, and `cache`, the user's cache folder. */
const live = <A, E, E2>(
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
const write = Effect.fnUntraced(function* (
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

const assertError = Effect.fnUntraced(function* (
  effect: Effect.Effect<unknown, DatasetError, DatasetPlatform>,
  ...texts: ReadonlyArray<string>
) {
  const error = yield* Effect.flip(effect)
  assert.instanceOf(error, DatasetError)
  for (const text of ["Small images", ...texts]) assert.include(error.message, text)
})

/** A mirror that has all files but the ones named. */
const mirror = (...without: ReadonlyArray<Part>) =>
  testServer((request, response) => {
    const name = names.find((one) => request.url === `/small/${one}.gz`)
    if (name === undefined || without.includes(name)) response.writeHead(404).end()
    else response.end(gzipSync(parts[name]))
  })

describe("IdxImages", () => {
  it.live("prefers the data directory to the cache", () =>
    live(
      (folder) => Effect.as(Effect.all([write(folder, "data/small"), write(folder, "cache/effect-vae/small")]), {}),
      Effect.fnUntraced(function* (dataset, folder) {
        const located = yield* dataset.locate
        assert.strictEqual(located.source, "data directory")
        assert.strictEqual(located.location, `${folder}/data/small`)
        assert.deepStrictEqual(yield* dataset.peek, located)
        assert.deepStrictEqual(yield* dataset.load(located), expected)
      })
    )
  )

  it.live("falls back to the cache if the data directory lacks the subfolder", () =>
    live(
      (folder) => Effect.as(write(folder, "cache/effect-vae/small"), {}),
      Effect.fnUntraced(function* (dataset, folder) {
        const located = yield* dataset.locate
        assert.strictEqual(located.source, "cache")
        assert.strictEqual(located.location, `${folder}/cache/effect-vae/small`)
        assert.deepStrictEqual(yield* dataset.load(located), expected)
      })
    )
  )

  it.live("reads uncompressed files, and has one digest for both", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const fs = yield* FileSystem.FileSystem
        yield* write(folder, "data/small")
        yield* fs.remove(`${folder}/data/small/train-images.gz`)
        yield* fs.writeFile(`${folder}/data/small/train-images`, parts["train-images"])
        yield* write(folder, "cache/effect-vae/small")
        return {}
      }),
      Effect.fnUntraced(function* (dataset, folder) {
        const located = yield* dataset.locate
        assert.deepStrictEqual(yield* dataset.load(located), expected)
        const fs = yield* FileSystem.FileSystem
        yield* fs.remove(`${folder}/data/small`, { recursive: true })
        const cached = yield* dataset.locate
        assert.strictEqual(cached.source, "cache")
        assert.strictEqual(cached.digest, located.digest)
      })
    )
  )

  for (const name of names) {
    it.live(`names ${name} if the data directory lacks it, whatever else exists`, () =>
      live(
        Effect.fnUntraced(function* (folder) {
          const fs = yield* FileSystem.FileSystem
          yield* write(folder, "data/small")
          yield* write(folder, "cache/effect-vae/small")
          yield* fs.remove(`${folder}/data/small/${name}.gz`)
          return { options: { builtIn } }
        }),
        Effect.fnUntraced(function* (dataset, folder) {
          yield* assertError(dataset.locate, `${folder}/data/small/${name}.gz is missing`)
          yield* assertError(dataset.peek, `${folder}/data/small/${name}.gz is missing`)
        })
      )
    )

    it.live(`names ${name} with both checksums if it is corrupt`, () => {
      const other = parts[name].with(parts[name].length - 1, parts[name].at(-1)! ^ 1)
      return live(
        (folder) => Effect.as(write(folder, "data/small", { [name]: gzipSync(other) }), { options: { builtIn } }),
        Effect.fnUntraced(function* (dataset, folder) {
          const load = Effect.flatMap(dataset.locate, dataset.load)
          yield* assertError(load, `${folder}/data/small/${name}.gz`, sha256(other), sha256(parts[name]))
        })
      )
    })
  }

  it.live("refuses a file that is far too large without reading it", () =>
    live(
      (folder) => Effect.as(write(folder, "data/small", { "test-labels": new Uint8Array(1_000_000) }), {}),
      Effect.fnUntraced(function* (dataset) {
        const load = Effect.flatMap(dataset.locate, dataset.load)
        yield* assertError(load, "test-labels.gz is too large", "1000000")
      })
    )
  )

  it.live("refuses a file with the right checksum and a wrong shape", () => {
    const turned = idxBytes([12, 4, 3], parts["train-images"].slice(16))
    const images = { file: "train-images", sha256: sha256(turned) }
    return live(
      (folder) =>
        Effect.as(write(folder, "data/small", { "train-images": turned }), {
          options: { files: { ...options.files, train: { ...options.files.train, images } } }
        }),
      Effect.fnUntraced(function* (dataset) {
        const load = Effect.flatMap(dataset.locate, dataset.load)
        yield* assertError(load, "train-images.gz", "[12, 3, 4]", "[12, 4, 3]")
      })
    )
  })

  it.live("reports a missing data directory", () =>
    live(
      Effect.fnUntraced(function* (folder) {
        const fs = yield* FileSystem.FileSystem
        yield* fs.remove(`${folder}/data`, { recursive: true })
        return { options: { builtIn } }
      }),
      (dataset, folder) => assertError(dataset.locate, `${folder}/data does not exist`)
    )
  )

  it.live("downloads missing files once; peeking downloads nothing", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* mirror()
        yield* live(
          Effect.fnUntraced(function* (folder) {
            const fs = yield* FileSystem.FileSystem
            yield* write(folder, "cache/effect-vae/small")
            yield* fs.remove(`${folder}/cache/effect-vae/small/train-images.gz`)
            yield* fs.remove(`${folder}/cache/effect-vae/small/test-labels.gz`)
            return { options: { mirrors: [`${server.address}/nothing/`, `${server.address}/small/`], builtIn } }
          }),
          Effect.fnUntraced(function* (dataset) {
            assert.isUndefined(yield* dataset.peek)
            const asked = server.requests.length
            assert.isTrue(server.requests.every(({ method }) => method === "HEAD"))
            const located = yield* dataset.locate
            assert.strictEqual(located.source, "download")
            assert.deepStrictEqual(
              server.requests.slice(asked).map(({ path }) => path),
              ["nothing/test-labels", "small/test-labels", "nothing/train-images", "small/train-images"].map(
                (path) => `/${path}.gz`
              )
            )
            assert.deepStrictEqual(yield* dataset.load(located), expected)
            assert.deepStrictEqual(yield* dataset.locate, { ...located, source: "cache" })
            assert.lengthOf(server.requests, asked + 4)
          })
        )
      })
    )
  )

  it.live("fails with all addresses and advice, and keeps complete files", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* mirror("train-images")
        const mirrors = [`${server.address}/nothing/`, `${server.address}/small/`]
        yield* live(
          () => Effect.succeed({ options: { mirrors } }),
          Effect.fnUntraced(function* (dataset, folder) {
            const fs = yield* FileSystem.FileSystem
            const addresses = mirrors.map((address) => `${address}train-images.gz: status 404`)
            yield* assertError(dataset.locate, ...addresses, "ask a friend")
            const kept = yield* fs.readDirectory(`${folder}/cache/effect-vae/small`)
            assert.deepStrictEqual(kept.toSorted(), ["test-images.gz", "test-labels.gz", "train-labels.gz"])
          })
        )
      })
    )
  )

  it.live("falls back to the built-in data, with its own digest", () =>
    live(
      () => Effect.succeed({ options: { builtIn } }),
      Effect.fnUntraced(function* (dataset) {
        const peeked = yield* dataset.peek
        const lines: Array<string> = []
        const located = yield* dataset.locate.pipe(
          Effect.provide(Logger.layer([Logger.make(({ logLevel, message }) => lines.push(`${logLevel} ${message}`))])),
          Effect.provideService(References.MinimumLogLevel, "Warn")
        )
        assert.lengthOf(lines, 1)
        for (const text of [
          "Warn",
          "http://127.0.0.1:1/test-labels.gz",
          "cannot be reached",
          "a drawer",
          "ask a friend"
        ]) {
          assert.include(lines[0], text)
        }
        assert.deepStrictEqual(located, { source: "built in", location: "a drawer", digest: builtIn.digest })
        assert.deepStrictEqual(peeked, located)
        assert.strictEqual(yield* dataset.load(located), expected)
      })
    )
  )

  it.live("sends no request if VAE_OFFLINE forbids it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* mirror()
        const mirrors = [`${server.address}/small/`]
        const environment = { VAE_OFFLINE: "1" }
        yield* live(
          () => Effect.succeed({ environment, options: { mirrors, builtIn } }),
          Effect.fnUntraced(function* (dataset) {
            assert.strictEqual((yield* dataset.peek)?.source, "built in")
            assert.strictEqual((yield* dataset.locate).source, "built in")
          })
        )
        yield* live(
          () => Effect.succeed({ environment, options: { mirrors } }),
          (dataset) => assertError(dataset.locate, "VAE_OFFLINE", "ask a friend")
        )
        assert.lengthOf(server.requests, 0)
      })
    )
  )

  it.live("names an invalid setting", () =>
    live(
      () => Effect.succeed({ environment: { VAE_OFFLINE: "perhaps" } }),
      (dataset) => assertError(dataset.locate, "VAE_OFFLINE")
    )
  )

  it.live("needs a folder for downloads", () =>
    live(
      () => Effect.succeed({ environment: { XDG_CACHE_HOME: "" } }),
      (dataset) => assertError(dataset.locate, "HOME", "ask a friend")
    )
  )
})

datasetContract("built-in data", () => IdxImages.layer({ ...options, builtIn }), { train: 12, test: 5, classes: 3 })
