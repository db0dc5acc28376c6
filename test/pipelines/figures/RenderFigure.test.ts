import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import sharp from "sharp"
import { type Figure, FigureError, pixelRatio } from "../../../src/core/Figure.ts"
import { scatterPlot } from "../../../src/core/figures/ScatterPlot.ts"
import { compile, render } from "../../../src/pipelines/figures/RenderFigure.ts"

const figure = (title: string): Figure => ({
  name: "plain",
  title,
  caption: "C.",
  view: { width: 100, height: 50, data: { values: [{}] }, mark: "point" }
})

const clipped: Figure = {
  ...figure("clipped"),
  view: {
    width: 100,
    height: 100,
    data: {
      values: [
        { x: 1, y: 2 },
        { x: 3, y: 4 }
      ]
    },
    mark: { type: "line", clip: true },
    encoding: { x: { field: "x", type: "quantitative" }, y: { field: "y", type: "quantitative" } }
  }
}

const pixels = (png: Uint8Array) =>
  Effect.promise(() => sharp(png).greyscale().raw().toBuffer({ resolveWithObject: true }))

/** Number of dark pixels. */
const ink = Effect.fnUntraced(function* (of: Figure) {
  const { data } = yield* pixels((yield* render(of)).png)
  return data.reduce((sum, value) => sum + (value < 128 ? 1 : 0), 0)
})

describe("RenderFigure", () => {
  it.effect("gives an SVG and a PNG of twice its size, on white", () =>
    Effect.gen(function* () {
      const { png, svg } = yield* render(figure("T"))
      const [, width, height] = /<svg[^>]* width="(\d+)" height="(\d+)"/.exec(svg)!
      const { data, info } = yield* pixels(png)
      assert.deepStrictEqual([info.width, info.height], [Number(width) * pixelRatio, Number(height) * pixelRatio])
      assert.strictEqual(data[0], 255)
      assert.isAbove(info.width, 100 * pixelRatio)
    })
  )

  it.effect("draws text without system fonts, Greek and mathematical signs included", () =>
    Effect.gen(function* () {
      const empty = yield* ink(figure(" "))
      const missing = yield* ink(figure("\u{e123}\u{e123}\u{e123}"))
      const drawn = yield* Effect.forEach(["β β β", "σ σ σ", "− − −", "abc"], (title) => ink(figure(title)))
      for (const count of drawn) assert.isAbove(count, empty + 10)
      assert.notInclude(drawn, missing)
      assert.strictEqual(new Set(drawn).size, drawn.length)
    })
  )

  it.effect("reserves space for a title wider than its plot", () =>
    Effect.gen(function* () {
      const { png } = yield* render(figure("A title that is several times as wide as the plot below it"))
      const { data, info } = yield* pixels(png)
      const column = (x: number) => Array.from({ length: info.height }, (_, y) => data[y * info.width + x]!)
      assert.isAbove(info.width, 800)
      for (const x of [0, 1, info.width - 2, info.width - 1]) assert.isTrue(column(x).every((value) => value === 255))
    })
  )

  it.effect("gives equal bytes for equal figures, independent of other renderings", () =>
    Effect.gen(function* () {
      const first = yield* render(clipped)
      const many = yield* Effect.all([render(clipped), render(figure("other")), render(clipped)], { concurrency: 3 })
      for (const again of [many[0], many[2]]) {
        assert.strictEqual(again.svg, first.svg)
        assert.deepStrictEqual(again.png, first.png)
      }
      assert.include(first.svg, "clip1")
    })
  )

  it.effect("does not modify the figure", () =>
    Effect.gen(function* () {
      const before = structuredClone(clipped)
      yield* render(clipped)
      assert.deepStrictEqual(clipped, before)
    })
  )

  it.effect("reports the error of an invalid view", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(render({ ...figure("bad"), view: { nothing: "to see" } }))
      assert.instanceOf(error, FigureError)
      assert.include(error.message, "figure plain: it is not a valid Vega-Lite view")
    })
  )

  it.effect("logs Vega-Lite's warnings and draws nevertheless", () =>
    Effect.gen(function* () {
      const doubtful: Figure = {
        ...figure("log"),
        view: {
          data: { values: [{ y: 1 }, { y: 10 }] },
          mark: "point",
          encoding: { y: { field: "y", type: "quantitative", scale: { type: "log", zero: true } } }
        }
      }
      assert.strictEqual((yield* compile(doubtful)).warnings.length, 1)
      const logged: Array<string> = []
      const capture = Logger.make(({ message }) => void logged.push(String(message)))
      const { png } = yield* render(doubtful).pipe(Effect.provide(Logger.layer([capture])))
      assert.isAbove(png.length, 100)
      assert.match(logged.join(), /figure plain: .*zero/)
    })
  )

  it.effect("draws ten thousand points", () =>
    Effect.gen(function* () {
      const values = Float32Array.from({ length: 10_000 }, (_, index) => Math.sin(index * index))
      const labels = values.map((_, index) => index % 10)
      const classes = Array.from({ length: 10 }, (_, index) => String(index))
      const { svg } = yield* render(
        scatterPlot({
          name: "many",
          title: "many",
          caption: "C.",
          x: { title: "x", values },
          y: { title: "y", values: values.toReversed() },
          labels,
          classes,
          legend: "class",
          equalAspect: true
        })
      )
      assert.isAtLeast(svg.split("<path").length, 10_000)
    })
  )
})
