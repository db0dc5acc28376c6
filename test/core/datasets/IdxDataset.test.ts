import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Logger, References } from "effect"
import { expected, builtIn, live, write, assertError, mirror } from "./IdxFixture.ts"

describe("IdxDataset", () => {
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
