import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as IdxFiles from "../../../src/core/datasets/IdxFiles.ts"
import * as OlivettiFaces from "../../../src/core/datasets/OlivettiFaces.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { loadFrom, needsItsFiles } from "./OnlyOnDisk.ts"
import { needs } from "../../machine/Capability.ts"
import { realImages } from "../../machine/RealImages.ts"

needsItsFiles("Olivetti faces", OlivettiFaces.layer, "olivetti", [
  "olivetti-images-idx3-ubyte.gz",
  "olivetti-labels-idx1-ubyte.gz"
])

const real = realImages("olivetti")
const dataDirectory = real.value

describe("Olivetti faces", needs(real), () => {
  datasetContract("Olivetti faces", OlivettiFaces.layer, {
    train: 320,
    test: 80,
    classes: 40,
    directories: { dataDirectory, cacheDirectory: undefined }
  })

  it.live("have every person in both parts equally often", () =>
    Effect.gen(function* () {
      for (const [testFraction, held] of [
        [0.1, 1],
        [0.2, 2],
        [0.3, 3],
        [0.9, 9]
      ] as const) {
        const { test, train } = yield* loadFrom(dataDirectory, OlivettiFaces.layer({ testFraction }))
        for (let person = 0; person < 40; person++) {
          assert.strictEqual(test.labels?.filter((label) => label === person).length, held)
          assert.strictEqual(train.labels?.filter((label) => label === person).length, 10 - held)
        }
      }
    })
  )

  it.live("are the file's images, each with its own label", () =>
    Effect.gen(function* () {
      const images = yield* IdxFiles.read(`${dataDirectory}/olivetti`, OlivettiFaces.images)
      const hashes = (values: Uint8Array) =>
        Array.from({ length: values.length / 4096 }, (_, index) =>
          sha256(values.subarray(index * 4096, (index + 1) * 4096))
        )
      const places = new Map(hashes(images).map((hash, index) => [hash, index]))
      const { test, train } = yield* loadFrom(dataDirectory, OlivettiFaces.layer())
      const found = [train, test].flatMap((part) =>
        hashes(part.images).map((hash, index) => ({ place: places.get(hash) ?? -1, label: part.labels?.[index] }))
      )
      assert.lengthOf(new Set(found.map(({ place }) => place)), 400)
      for (const { label, place } of found) assert.strictEqual(label, Math.floor(place / 10))
      // scikit-learn's copy of the images, divided by their maximum, has this mean
      assert.closeTo(images.reduce((sum, value) => sum + value, 0) / images.length / 242, 0.54704, 5e-6)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("are split by the seed, and refuse a fraction that omits a person", () =>
    Effect.gen(function* () {
      const one = yield* loadFrom(dataDirectory, OlivettiFaces.layer({ seed: 1 }))
      const other = yield* loadFrom(dataDirectory, OlivettiFaces.layer({ seed: 2 }))
      assert.notStrictEqual(sha256(one.test.images), sha256(other.test.images))
      assert.notStrictEqual(one.located.digest, other.located.digest)
      for (const options of [
        { testFraction: 0.05 },
        { testFraction: 0.95 },
        { testFraction: Number.NaN },
        { seed: -1 }
      ]) {
        const error = yield* Effect.flip(loadFrom(dataDirectory, OlivettiFaces.layer(options)))
        assert.include(error.message, `found ${Object.values(options)[0]}`)
      }
    })
  )
})
