import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as IdxImages from "../../../src/core/datasets/IdxImages.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { idxBytes } from "./IdxBytes.ts"
import { parts, names, expected, options, builtIn, live, write, assertError } from "./IdxFixture.ts"

describe("IdxImages", () => {
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
})

datasetContract("built-in data", () => IdxImages.layer({ ...options, builtIn }), { train: 12, test: 5, classes: 3 })
