import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp from "sharp"
import { arrangeThumbnails, reduction, sprite } from "../../../src/core/figures/Sprite.ts"

const pixel = { height: 1, width: 1, channels: 1 }

describe("Sprite", () => {
  it("arranges the chosen images row by row in a square", () => {
    const images = Uint8Array.of(10, 20, 30, 40, 50)
    const { columns, pixels, rows } = arrangeThumbnails(images, pixel, Int32Array.of(4, 0, 3))
    assert.deepStrictEqual([columns, rows], [2, 2])
    assert.deepStrictEqual([...pixels], [50, 10, 40, 0])
  })

  it("keeps small images and averages large ones", () => {
    assert.strictEqual(reduction({ height: 28, width: 28, channels: 1 }, 265), 1)
    assert.strictEqual(reduction({ height: 128, width: 128, channels: 3 }, 10), 2)
    assert.strictEqual(reduction({ height: 28, width: 28, channels: 1 }, 1000), 4)
    const shape = { height: 2, width: 130, channels: 3 }
    const images = Uint8Array.from({ length: 2 * 130 * 3 }, (_, place) =>
      place % 3 === 0 ? 90 : Math.floor(place / 390)
    )
    const { height, pixels, width } = arrangeThumbnails(images, shape, Int32Array.of(0))
    assert.deepStrictEqual([height, width], [1, 43])
    assert.deepStrictEqual([...pixels.subarray(0, 6)], [90, 1, 1, 90, 1, 1])
  })

  it.effect("is a PNG of that size, in grey and in colour, of no images too", () =>
    Effect.gen(function* () {
      for (const [channels, count] of [
        [1, 5],
        [3, 5],
        [1, 0]
      ] as const) {
        const shape = { height: 3, width: 4, channels }
        const { columns, rows, url } = yield* sprite({
          name: "sprite",
          images: new Uint8Array(12 * channels * count).fill(200),
          shape,
          indices: Int32Array.from({ length: count }, (_, index) => index)
        })
        const png = Buffer.from(url.slice("data:image/png;base64,".length), "base64")
        const { channels: stored, height, width } = yield* Effect.promise(() => sharp(png).metadata())
        assert.strictEqual(stored, channels)
        assert.deepStrictEqual([width, height], [4 * columns, 3 * rows])
        assert.isAtLeast(columns * rows, count)
      }
    })
  )
})
