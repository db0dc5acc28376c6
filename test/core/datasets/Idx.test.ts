import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as Idx from "../../../src/core/datasets/Idx.ts"
import { idxBytes } from "./IdxBytes.ts"

const values = Uint8Array.from({ length: 24 }, (_, index) => (index * 37) % 256)

const images = idxBytes([2, 3, 4], values)

const read = (bytes: Uint8Array, dimensions = 3, maxBytes?: number) =>
  Effect.result(Idx.read(bytes, { dimensions, ...(maxBytes !== undefined && { maxBytes }) }))

const refused = (bytes: Uint8Array, expected: string, found: string, dimensions = 3) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Idx.read(bytes, { dimensions }))
    assert.strictEqual(error._tag, "IdxError")
    assert.include(error.expected, expected)
    assert.include(error.found, found)
  })

describe("Idx", () => {
  it.effect("reads labels and images, compressed or not", () =>
    Effect.gen(function* () {
      for (const bytes of [images, new Uint8Array(gzipSync(images))]) {
        assert.deepStrictEqual(yield* Idx.read(bytes, { dimensions: 3 }), { shape: [2, 3, 4], values })
      }
      const labels = idxBytes([24], values)
      assert.deepStrictEqual(yield* Idx.read(labels, { dimensions: 1 }), { shape: [24], values })
    })
  )

  it.effect("reads from a view of a larger buffer", () =>
    Effect.gen(function* () {
      const larger = new Uint8Array(images.length + 7)
      larger.set(images, 5)
      const view = larger.subarray(5, 5 + images.length)
      assert.deepStrictEqual(yield* Idx.read(view, { dimensions: 3 }), { shape: [2, 3, 4], values })
    })
  )

  it.effect("reads an array without values", () =>
    Effect.gen(function* () {
      const array = yield* Idx.read(idxBytes([0, 28, 28], new Uint8Array(0)), { dimensions: 3 })
      assert.deepStrictEqual(array, { shape: [0, 28, 28], values: new Uint8Array(0) })
    })
  )

  it.effect("reports the expected and the found values", () =>
    Effect.gen(function* () {
      yield* refused(new Uint8Array(0), "an IDX header of 16 bytes", "0 bytes")
      yield* refused(images.subarray(0, 9), "an IDX header of 16 bytes", "9 bytes")
      yield* refused(Uint8Array.from([0x50, 0x4b, 3, 4]), "00 00 08", "50 4b 03")
      yield* refused(images.with(2, 0x0d), "00 00 08", "00 00 0d")
      yield* refused(images, "1 dimensions", "3", 1)
      yield* refused(images.with(3, 255), "3 dimensions", "255")
      yield* refused(images.subarray(0, images.length - 1), "24 values of shape [2, 3, 4]", "23 bytes")
      yield* refused(Uint8Array.from([...images, 0]), "24 values of shape [2, 3, 4]", "25 bytes")
      yield* refused(new Uint8Array(gzipSync(images)).subarray(0, 20), "gzip", "unexpected end of file")
    })
  )

  it.effect("allocates nothing for absurd sizes", () =>
    Effect.gen(function* () {
      const absurd = images.slice()
      absurd.fill(255, 4, 16)
      yield* refused(absurd, "shape [4294967295, 4294967295, 4294967295]", "24 bytes")
    })
  )

  it.effect("stops a decompression bomb", () =>
    Effect.gen(function* () {
      const bomb = new Uint8Array(gzipSync(new Uint8Array(10_000_000)))
      const error = yield* Effect.flip(Idx.read(bomb, { dimensions: 3, maxBytes: 1000 }))
      assert.include(error.message, "more than 1000 bytes")
      assert.isTrue(Result.isFailure(yield* read(images, 3, images.length - 1)))
      assert.isTrue(Result.isSuccess(yield* read(images, 3, images.length)))
    })
  )
})
