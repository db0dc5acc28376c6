import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as FreyFaces from "../../../src/core/datasets/FreyFaces.ts"
import * as IdxFiles from "../../../src/core/datasets/IdxFiles.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { loadFrom, needsItsFiles } from "./OnlyOnDisk.ts"
import { needs } from "../../machine/Capability.ts"
import { realImages } from "../../machine/RealImages.ts"

needsItsFiles("Frey faces", FreyFaces.layer, "frey", ["frey-images-idx3-ubyte.gz"])

const real = realImages("frey")
const dataDirectory = real.value

describe("Frey faces", needs(real), () => {
  datasetContract("Frey faces", FreyFaces.layer, {
    train: 1572,
    test: 393,
    directories: { dataDirectory, cacheDirectory: undefined }
  })

  it.live("are split by time", () =>
    Effect.gen(function* () {
      const film = yield* IdxFiles.read(`${dataDirectory}/frey`, FreyFaces.images)
      for (const [testFraction, held] of [
        [0.2, 393],
        [0.5, 983]
      ] as const) {
        const { test, train } = yield* loadFrom(dataDirectory, FreyFaces.layer({ testFraction }))
        assert.strictEqual(test.count, held)
        assert.strictEqual(sha256(train.images), sha256(film.subarray(0, (1965 - held) * 560)))
        assert.strictEqual(sha256(test.images), sha256(film.subarray((1965 - held) * 560)))
      }
      // measured on an independent copy of the same images
      assert.strictEqual(
        film.reduce((least, value) => Math.min(least, value), 255),
        8
      )
      assert.strictEqual(
        film.reduce((most, value) => Math.max(most, value), 0),
        238
      )
      assert.closeTo(film.reduce((sum, value) => sum + value, 0) / film.length / 255, 0.6057, 5e-5)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("are upright: rows of 20 pixels are more similar than rows of any other length", () =>
    Effect.gen(function* () {
      const { train } = yield* loadFrom(dataDirectory, FreyFaces.layer())
      const difference = (width: number) => {
        let sum = 0
        for (let index = width; index < 560; index++)
          sum += Math.abs(train.images[index]! - train.images[index - width]!)
        return sum / (560 - width)
      }
      for (const width of [14, 16, 18, 19, 21, 22, 24, 28]) assert.isBelow(difference(20), difference(width))
    })
  )

  it.live("have a spec and a digest for each fraction, and refuse invalid ones", () =>
    Effect.gen(function* () {
      const one = yield* loadFrom(dataDirectory, FreyFaces.layer())
      const other = yield* loadFrom(dataDirectory, FreyFaces.layer({ testFraction: 0.1 }))
      assert.notStrictEqual(one.located.digest, other.located.digest)
      assert.notDeepEqual(one.spec, other.spec)
      for (const [testFraction, text] of [
        [2, "found 2"],
        [Number.NaN, "found NaN"],
        [0.0001, "0 of 1965 images"]
      ] as const) {
        const error = yield* Effect.flip(loadFrom(dataDirectory, FreyFaces.layer({ testFraction })))
        assert.include(error.message, text)
      }
    })
  )
})
