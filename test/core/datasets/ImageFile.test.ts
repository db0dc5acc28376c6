import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp, { type Sharp } from "sharp"
import { decode, decoder } from "../../../src/core/datasets/ImageFile.ts"
import { bits } from "../../../src/core/Random.ts"

const random = (count: number) =>
  Uint8Array.from(bits({ seed: 1, stream: "test/image", step: 0 }, count), (word) => word & 255)

const raw = (pixels: Uint8Array, height: number, width: number, channels: 1 | 2 | 3 | 4) =>
  sharp(pixels, { raw: { width, height, channels } })

const bytesOf = (image: Sharp) => Effect.promise(() => image.toBuffer())

const pixelsOf = Effect.fnUntraced(function* (...options: Parameters<typeof decode>) {
  const decoded = yield* decode(...options)
  assert.strictEqual(decoded._tag, "Pixels")
  return decoded._tag === "Pixels" ? new Uint8Array(decoded.pixels) : new Uint8Array(0)
})

const colour = { height: 4, width: 5, channels: 3 }
const grey = { height: 4, width: 5, channels: 1 }

describe("ImageFile", () => {
  it.live("decodes lossless files exactly", () =>
    Effect.gen(function* () {
      const rgb = random(60)
      for (const image of [raw(rgb, 4, 5, 3).png(), raw(rgb, 4, 5, 3).webp({ lossless: true })]) {
        assert.deepStrictEqual(yield* pixelsOf(yield* bytesOf(image), colour, undefined), rgb)
      }
      const values = random(20)
      const png = yield* bytesOf(raw(values, 4, 5, 1).toColourspace("b-w").png())
      assert.deepStrictEqual(yield* pixelsOf(png, grey, undefined), values)
      // grey made coloured, and made grey again
      const repeated = Uint8Array.from(rgb, (_, index) => values[Math.floor(index / 3)]!)
      assert.deepStrictEqual(yield* pixelsOf(png, colour, undefined), repeated)
      const coloured = yield* bytesOf(raw(repeated, 4, 5, 3).png())
      assert.deepStrictEqual(yield* pixelsOf(coloured, grey, undefined), values)
    })
  )

  it.live("decodes a JPEG approximately", () =>
    Effect.gen(function* () {
      const flat = new Uint8Array(60).fill(130)
      const found = yield* pixelsOf(yield* bytesOf(raw(flat, 4, 5, 3).jpeg({ quality: 95 })), colour, undefined)
      for (const value of found) assert.closeTo(value, 130, 2)
    })
  )

  it.live("scales 16 bits to 8, and composites transparency on black", () =>
    Effect.gen(function* () {
      const deep = Uint16Array.from({ length: 20 }, (_, index) => index * 13 * 257)
      const png = sharp(deep, { raw: { width: 5, height: 4, channels: 1 } })
        .toColourspace("grey16")
        .png()
      const found = yield* pixelsOf(yield* bytesOf(png), grey, undefined)
      assert.deepStrictEqual(
        found,
        Uint8Array.from({ length: 20 }, (_, index) => index * 13)
      )
      const clear = Uint8Array.from({ length: 80 }, (_, index) => (index % 4 < 3 ? 200 : index < 40 ? 0 : 255))
      const laid = yield* pixelsOf(yield* bytesOf(raw(clear, 4, 5, 4).png()), colour, undefined)
      assert.deepStrictEqual(
        laid,
        Uint8Array.from({ length: 60 }, (_, index) => (index < 30 ? 0 : 200))
      )
    })
  )

  it.live("applies the orientation before checking the size", () =>
    Effect.gen(function* () {
      const lying = yield* bytesOf(raw(random(60), 5, 4, 3).png().withMetadata({ orientation: 6 }))
      assert.lengthOf(yield* pixelsOf(lying, colour, undefined), 60)
      const turned = yield* decode(lying, { ...colour, height: 5, width: 4 }, undefined)
      assert.deepStrictEqual(turned, { _tag: "OtherSize", height: 4, width: 5 })
    })
  )

  it.live("reports another size, and crops or stretches on request", () =>
    Effect.gen(function* () {
      // 4 x 12: black, then white in its middle third, then black
      const wide = Uint8Array.from({ length: 48 }, (_, index) => (Math.floor((index % 12) / 4) === 1 ? 255 : 0))
      const png = yield* bytesOf(raw(wide, 4, 12, 1).toColourspace("b-w").png())
      const shape = { height: 4, width: 4, channels: 1 }
      assert.deepStrictEqual(yield* decode(png, shape, undefined), { _tag: "OtherSize", height: 4, width: 12 })
      assert.deepStrictEqual(yield* pixelsOf(png, shape, "crop"), new Uint8Array(16).fill(255))
      const stretched = yield* pixelsOf(png, shape, "stretch")
      assert.isBelow(stretched[0]!, 60)
      assert.isAbove(stretched[1]!, 100)
      assert.isBelow(stretched[3]!, 60)
    })
  )

  it.live("refuses other files, damaged images and other formats", () =>
    Effect.gen(function* () {
      const png = yield* bytesOf(raw(random(3 * 64 * 64), 64, 64, 3).png())
      const shape = { height: 64, width: 64, channels: 3 }
      const gif = yield* bytesOf(raw(random(60), 4, 5, 3).gif())
      for (const [bytes, text] of [
        [new Uint8Array(0), "empty"],
        [Buffer.from("not an image"), "unsupported image format"],
        [png.subarray(0, 6000), ""],
        [gif, "found gif"]
      ] as const) {
        const error = yield* Effect.flip(decode(bytes, shape, "stretch"))
        assert.strictEqual(error._tag, "ImageFileError")
        assert.include(error.message, text)
        assert.isAbove(error.message.length, 0)
      }
    })
  )

  it.live("names the decoding library", () =>
    Effect.gen(function* () {
      assert.match(yield* decoder, /^libvips \d+\.\d+\.\d+$/)
    })
  )
})
