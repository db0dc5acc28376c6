import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp from "sharp"
import { arrange, enlargement, mosaic } from "../../../src/core/figures/Mosaic.ts"
import { pixelRatio } from "../../../src/core/Figure.ts"

const grey = { height: 2, width: 3, channels: 1 }

/** Four grey images: each pixel of image i is i / 4. */
const images = Float32Array.from({ length: 24 }, (_, index) => Math.floor(index / 6) / 4)

const decoded = (url: string) =>
  sharp(Buffer.from(url.slice("data:image/png;base64,".length), "base64"))
    .raw()
    .toBuffer({ resolveWithObject: true })

describe("Mosaic", () => {
  it("arranges images row by row with white gaps and unused cells", () => {
    const grid = arrange({ name: "m", images: images.subarray(0, 18), shape: grey, columns: 2, gap: 0.3 })
    assert.deepStrictEqual([grid.width, grid.height, grid.rows], [7, 5, 2])
    assert.deepStrictEqual([...grid.pixels.subarray(0, 7)], [0, 0, 0, 255, 64, 64, 64])
    assert.deepStrictEqual([...grid.pixels.subarray(14, 21)], [255, 255, 255, 255, 255, 255, 255])
    assert.deepStrictEqual([...grid.pixels.subarray(21, 28)], [128, 128, 128, 255, 255, 255, 255])
  })

  it("clips values outside of 0 to 1", () => {
    const { pixels } = arrange({
      name: "m",
      images: Float32Array.of(-3, 0.5, 7),
      shape: { height: 1, width: 3, channels: 1 },
      columns: 1,
      gap: 0
    })
    assert.deepStrictEqual([...pixels], [0, 128, 255])
  })

  it("enlarges by 1 or an even number and shrinks by a whole number", () => {
    assert.deepStrictEqual([1, 280, 307, 560, 701, 1400, 2560, 5000].map(enlargement), [
      1400,
      4,
      4,
      2,
      1,
      1,
      1 / 2,
      1 / 4
    ])
  })

  it.effect("keeps every pixel sharp: each is a square of one colour in the PNG", () =>
    Effect.gen(function* () {
      const { columns, height, rows, url, width } = yield* mosaic({
        name: "m",
        images,
        shape: grey,
        columns: 2,
        gap: 0
      })
      assert.deepStrictEqual([columns, rows], [2, 2])
      const { data, info } = yield* Effect.promise(() => decoded(url))
      const factor = enlargement(6)
      assert.deepStrictEqual([info.width, info.height], [6 * factor, 4 * factor])
      assert.deepStrictEqual([width, height], [info.width / pixelRatio, info.height / pixelRatio])
      const at = (x: number, y: number) => data[(y * info.width + x) * info.channels]
      for (const [column, row, value] of [
        [0, 0, 0],
        [5, 1, 64],
        [2, 3, 128],
        [3, 2, 191]
      ] as const) {
        for (const offset of [0, factor - 1]) {
          assert.strictEqual(at(column * factor + offset, row * factor + offset), value)
        }
      }
    })
  )

  it.effect("reduces a very wide grid", () =>
    Effect.gen(function* () {
      const shape = { height: 3, width: 500, channels: 1 }
      const { height, url, width } = yield* mosaic({
        name: "m",
        images: new Float32Array(3 * 1500).fill(0.2),
        shape,
        columns: 3,
        gap: 0
      })
      const { data, info } = yield* Effect.promise(() => decoded(url))
      assert.deepStrictEqual([info.width, info.height], [750, 2])
      assert.deepStrictEqual([width, height], [375, 1])
      assert.isTrue(data.every((value) => Math.abs(value - 51) <= 1))
    })
  )

  it.effect("keeps colours", () =>
    Effect.gen(function* () {
      const shape = { height: 1, width: 1, channels: 3 }
      const { url } = yield* mosaic({ name: "m", images: Float32Array.of(1, 0, 0.2), shape, columns: 1, gap: 0.1 })
      const { data, info } = yield* Effect.promise(() => decoded(url))
      assert.strictEqual(info.channels, 3)
      assert.deepStrictEqual([...data.subarray(0, 3)], [255, 0, 51])
    })
  )
})
