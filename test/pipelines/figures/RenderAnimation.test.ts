import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp from "sharp"
import type { Animation } from "../../../src/core/Figure.ts"
import { FigureError, pixelRatio } from "../../../src/core/Figure.ts"
import { imageGrid } from "../../../src/core/figures/ImageGrid.ts"
import { mosaic } from "../../../src/core/figures/Mosaic.ts"
import { uniform } from "../../../src/core/Random.ts"
import { delays, maximumBytes, renderAnimation } from "../../../src/pipelines/figures/RenderAnimation.ts"

/** A bar that grows from frame to frame. */
const bars = (count: number): Animation => ({
  name: "bars",
  title: "A bar",
  caption: "It grows.",
  frames: Array.from({ length: count }, (_, index) => ({
    label: `epoch ${10 ** index}`,
    view: {
      width: 100,
      height: 60,
      data: { values: [{ x: index + 1 }] },
      mark: { type: "bar", color: "#3517ec" },
      encoding: { x: { field: "x", type: "quantitative", scale: { domain: [0, 3] } } }
    }
  }))
})

const blueOf = (data: Buffer) => {
  let count = 0
  for (let place = 0; place < data.length; place += 4) {
    if (data[place + 2]! > 200 && data[place]! < 100) count++
  }
  return count
}

describe("RenderAnimation", () => {
  it.effect("renders a GIF with the frames in order, and a PNG of the last", () =>
    Effect.gen(function* () {
      const { gif, png } = yield* renderAnimation(bars(3))
      const { pages, delay, loop, pageHeight, width } = yield* Effect.promise(() =>
        sharp(gif, { animated: true }).metadata()
      )
      assert.deepStrictEqual([pages, loop], [3, 0])
      assert.deepStrictEqual(delay, [500, 500, 2000])
      const inks = yield* Effect.forEach([0, 1, 2], (page) =>
        Effect.promise(() => sharp(gif, { page }).ensureAlpha().raw().toBuffer()).pipe(Effect.map(blueOf))
      )
      assert.isAbove(inks[0]!, 500)
      assert.approximately(inks[1]! / inks[0]!, 2, 0.2)
      assert.approximately(inks[2]! / inks[0]!, 3, 0.2)
      const still = yield* Effect.promise(() => sharp(png).metadata())
      // The last title is the longest, so that the last frame gives the size of all.
      assert.deepStrictEqual([still.width, still.height], [pixelRatio * width, pixelRatio * pageHeight!])
    })
  )

  it.effect("gives equal bytes for equal animations, and accepts a single frame", () =>
    Effect.gen(function* () {
      const [first, again] = [yield* renderAnimation(bars(2)), yield* renderAnimation(bars(2))]
      assert.deepStrictEqual(again, first)
      const alone = yield* renderAnimation(bars(1))
      assert.strictEqual(Buffer.from(alone.gif.subarray(0, 3)).toString(), "GIF")
    })
  )

  it.effect("refuses an animation without frames", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(renderAnimation(bars(0)))
      assert.instanceOf(error, FigureError)
      assert.include(error.message, "figure bars: it has no frames")
    })
  )

  it.effect(
    "keeps twenty frames of noise, the worst case of compression, below 5 MB",
    () =>
      Effect.gen(function* () {
        const shape = { height: 28, width: 28, channels: 3 }
        const frames = yield* Effect.forEach(Array.from({ length: 20 }).keys(), (step) =>
          Effect.gen(function* () {
            const images = uniform({ seed: 1, stream: "test", step }, 100 * 28 * 28 * 3)
            const grid = yield* mosaic({ name: "noise", images, shape, columns: 10, gap: 0 })
            return {
              label: `epoch ${step}`,
              view: imageGrid({ name: "noise", title: "Noise", caption: "Noise.", mosaic: grid }).view
            }
          })
        )
        const { gif } = yield* renderAnimation({ name: "noise", title: "Noise", caption: "Noise.", frames })
        assert.isBelow(gif.length, maximumBytes)
        assert.strictEqual((yield* Effect.promise(() => sharp(gif, { animated: true }).metadata())).pages, 20)
      }),
    120_000
  )

  it("shows frames equally long, the last one longer, for at most ten seconds in all", () => {
    for (const count of [1, 2, 16, 40]) {
      const times = delays(count)
      assert.strictEqual(times.length, count)
      assert.isAtMost(
        times.reduce((sum, time) => sum + time, 0),
        10_000
      )
      assert.strictEqual(times.at(-1), 2_000)
      assert.strictEqual(new Set(times.slice(0, -1)).size, count === 1 ? 0 : 1)
    }
  })
})
