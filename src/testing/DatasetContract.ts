/**
 * The contract of datasets as tests: `datasetContract("Mine", () => Mine.layer(), { train: 100, test: 20 })`.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer, Option, Stream } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { DataDirectories, Dataset, type DatasetPlatform, type Examples, Labels } from "../core/Dataset.ts"
import { canonicalJson, sha256 } from "../core/Spec.ts"

export interface DatasetContractOptions {
  /** Expected numbers of examples. */
  readonly train: number
  readonly test: number
  /** Expected number of classes; absent for a dataset without labels. */
  readonly classes?: number
  /** Data directories; default: none. */
  readonly directories?: (typeof DataDirectories)["Service"]
  /** File system and HTTP client; default: Node's file system, no network, `VAE_OFFLINE`. */
  readonly platform?: Layer.Layer<DatasetPlatform>
  /** Whether `locate` hashes files, as for a user's files without a pinned checksum. */
  readonly hashes?: boolean
}

/** Node's file system, and an HTTP client without a network. */
const withoutNetwork: Layer.Layer<DatasetPlatform> = Layer.mergeAll(
  NodeServices.layer,
  ConfigProvider.layerAdd(ConfigProvider.fromUnknown({ VAE_OFFLINE: "1" }), { asPrimary: true }),
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.fail(
        new HttpClientError.HttpClientError({
          reason: new HttpClientError.TransportError({ request, description: "this suite has no network" })
        })
      )
    )
  )
)

/** A file system that dies on writes and, unless files are hashed, on reads; existence checks are allowed. */
const onlyLooks = (fs: FileSystem.FileSystem, hashes: boolean): FileSystem.FileSystem => {
  const refuse = (operation: string) => (path: string) => Effect.die(new Error(`${operation} of ${path}`))
  return {
    ...fs,
    ...(!hashes && {
      readFile: refuse("readFile"),
      readFileString: refuse("readFileString"),
      stream: (path: string) => Stream.die(new Error(`stream of ${path}`)),
      open: refuse("open")
    }),
    writeFile: refuse("writeFile"),
    writeFileString: refuse("writeFileString"),
    makeDirectory: refuse("makeDirectory"),
    copyFile: refuse("copyFile"),
    rename: refuse("rename"),
    remove: refuse("remove")
  }
}

/**
 * Registers the tests for a dataset that is available without a network, or with `platform`.
 *
 * The layer is built for every test: building it must be cheap and load nothing.
 */
export const datasetContract = (
  name: string,
  layer: () => Layer.Layer<Dataset>,
  options: DatasetContractOptions
): void => {
  const platform = options.platform ?? withoutNetwork
  const directories = options.directories ?? { dataDirectory: undefined, cacheDirectory: undefined }
  const provide = <A, E>(effect: Effect.Effect<A, E, Dataset | DatasetPlatform>): Effect.Effect<A, E> =>
    effect.pipe(
      Effect.provideService(DataDirectories, directories),
      Effect.provide(layer(), { local: true }),
      Effect.provide(platform)
    )
  const bytesOf = ({ images, labels }: Examples) => [sha256(images), labels === undefined ? "" : sha256(labels)]
  const load = Effect.flatMap(Dataset, (dataset) => Effect.flatMap(dataset.locate, dataset.load))

  describe(`${name} obeys the dataset's laws`, () => {
    it.live("describes itself by a deterministic, tagged JSON value", () =>
      Effect.gen(function* () {
        const spec = yield* provide(Dataset.useSync((dataset) => dataset.spec))
        const again = yield* provide(Dataset.useSync((dataset) => dataset.spec))
        assert.isAbove(spec._tag.length, 0)
        assert.deepStrictEqual(JSON.parse(canonicalJson(spec)), spec)
        assert.strictEqual(canonicalJson(again), canonicalJson(spec))
      })
    )

    it.live("locates without reading or writing contents, and peeking agrees", () =>
      provide(
        Effect.gen(function* () {
          const dataset = yield* Dataset
          const looking = onlyLooks(yield* FileSystem.FileSystem, options.hashes ?? false)
          const peeked = yield* Effect.provideService(dataset.peek, FileSystem.FileSystem, looking)
          const located = yield* peeked === undefined
            ? dataset.locate
            : Effect.provideService(dataset.locate, FileSystem.FileSystem, looking)
          if (peeked !== undefined) assert.deepStrictEqual(located, peeked)
          assert.match(located.digest, /^[0-9a-f]{64}$/)
          assert.isAbove(located.location.length, 0)
          assert.strictEqual((yield* dataset.locate).digest, located.digest)
        })
      )
    )

    it.live("has the expected numbers of images and labels, of the declared shape", () =>
      provide(
        Effect.gen(function* () {
          const { shape } = yield* Dataset
          const labels = yield* Effect.serviceOption(Labels)
          assert.strictEqual(Option.getOrUndefined(labels)?.classes.length, options.classes)
          const { test, train } = yield* load
          for (const [part, count] of [
            [train, options.train],
            [test, options.test]
          ] as const) {
            assert.strictEqual(part.count, count)
            assert.strictEqual(part.images.length, count * shape.height * shape.width * shape.channels)
            assert.strictEqual(part.labels?.length, Option.isSome(labels) ? count : undefined)
            const highest = part.labels?.reduce((most, label) => Math.max(most, label), 0) ?? 0
            assert.isBelow(highest, options.classes ?? 1)
            assert.isTrue(
              part.images.some((value) => value !== part.images[0]),
              "all pixels are equal"
            )
          }
        })
      )
    )

    it.live("gives the same bytes every time", () =>
      Effect.gen(function* () {
        const first = yield* provide(load)
        const second = yield* provide(load)
        assert.deepStrictEqual(bytesOf(second.train), bytesOf(first.train))
        assert.deepStrictEqual(bytesOf(second.test), bytesOf(first.test))
        assert.notStrictEqual(bytesOf(first.test)[0], bytesOf(first.train)[0])
      })
    )

    it.live("refuses an unknown digest", () =>
      provide(
        Effect.gen(function* () {
          const dataset = yield* Dataset
          const located = yield* dataset.locate
          const digest = sha256(`not ${located.digest}`)
          const error = yield* Effect.flip(dataset.load({ ...located, digest }))
          assert.strictEqual(error._tag, "DatasetError")
          assert.include(error.message, digest)
        })
      )
    )
  })
}
