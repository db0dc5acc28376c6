import { readFileSync } from "node:fs"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as IdxFiles from "../../../src/core/datasets/IdxFiles.ts"
import * as MaskedFaces from "../../../src/core/datasets/MaskedFaces.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { loadFrom, needsItsFiles } from "./OnlyOnDisk.ts"
import { needs } from "../../machine/Capability.ts"
import { realImages } from "../../machine/RealImages.ts"

needsItsFiles("masked faces", MaskedFaces.layer, "fasseg", [
  "fasseg-rgb-128-images-idx4-ubyte.gz",
  "fasseg-mask-128-labels-idx3-ubyte.gz"
])

describe("blackenBackground", () => {
  it("blackens the pixels of class 0 and changes no other", () => {
    const rgb = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    const masked = MaskedFaces.blackenBackground(rgb, Uint8Array.of(0, 5, 0, 1))
    assert.deepStrictEqual(masked, Uint8Array.of(0, 0, 0, 4, 5, 6, 0, 0, 0, 10, 11, 12))
    assert.strictEqual(rgb[0], 1)
  })
})

const real = realImages("fasseg")
const dataDirectory = real.value

const size = 128 * 128 * 3

describe("masked faces", needs(real), () => {
  datasetContract("masked faces", MaskedFaces.layer, {
    train: 202,
    test: 142,
    directories: { dataDirectory, cacheDirectory: undefined }
  })

  it.live("are split according to their index", () =>
    Effect.gen(function* () {
      const folder = `${dataDirectory}/fasseg`
      const rgb = yield* IdxFiles.read(folder, MaskedFaces.photographs)
      const masked = MaskedFaces.blackenBackground(rgb, yield* IdxFiles.read(folder, MaskedFaces.masks))
      const lines = readFileSync(`${folder}/fasseg-index.tsv`, "utf8").trim().split("\n").slice(1)
      const { test, train } = yield* loadFrom(dataDirectory, MaskedFaces.layer())
      for (const [part, word] of [
        [train, "train"],
        [test, "test"]
      ] as const) {
        const places = lines.map((line) => line.split("\t")).filter(([, subset]) => subset?.endsWith(word))
        assert.lengthOf(places, part.count)
        places.forEach(([place], index) => {
          const expected = masked.subarray(Number(place) * size, (Number(place) + 1) * size)
          assert.strictEqual(sha256(part.images.subarray(index * size, (index + 1) * size)), sha256(expected))
        })
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("are black in the corners and not in the centre", () =>
    Effect.gen(function* () {
      const { train } = yield* loadFrom(dataDirectory, MaskedFaces.layer())
      const meanAt = (row: number, column: number) => {
        let sum = 0
        for (let index = 0; index < train.count; index++) sum += train.images[index * size + (row * 128 + column) * 3]!
        return sum / train.count
      }
      assert.isBelow(meanAt(0, 0) + meanAt(0, 127), 10)
      assert.isAbove(meanAt(72, 64), 100)
    })
  )
})
