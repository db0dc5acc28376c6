import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { domainOf, pointStyle, scatterPlot, type ScatterPlotOptions } from "../../../src/core/figures/ScatterPlot.ts"
import { compiles, textOf } from "./compiles.ts"

const plot = (options: Partial<ScatterPlotOptions>) =>
  scatterPlot({
    name: "scatter",
    title: "T",
    caption: "C.",
    x: { title: "z1", values: [0, 10] },
    y: { title: "z2", values: [0, 1] },
    labels: [0, 1],
    classes: ["cat", "dog"],
    legend: "class",
    equalAspect: true,
    ...options
  })

interface Encoded {
  readonly width: number
  readonly height: number
  readonly data: { readonly values: ReadonlyArray<{ readonly x: number; readonly y: number; readonly class: string }> }
  readonly encoding: Record<"x" | "y", { readonly scale: { readonly domain: readonly [number, number] } }>
}

const viewOf = (options: Partial<ScatterPlotOptions>) => plot(options).view as unknown as Encoded

describe("ScatterPlot", () => {
  it("has equal units on both axes on request, and contains all points", () => {
    const { encoding, height, width } = viewOf({})
    const [x, y] = [encoding.x.scale.domain, encoding.y.scale.domain]
    assert.approximately((x[1] - x[0]) / width, (y[1] - y[0]) / height, 1e-12)
    assert.isBelow(x[0], 0)
    assert.isAbove(x[1], 10)
    assert.approximately((y[0] + y[1]) / 2, 0.5, 1e-12)
    const free = viewOf({ equalAspect: false }).encoding
    assert.isBelow(free.y.scale.domain[1], 1.1)
  })

  it("moves points only invisibly", () => {
    const values = Float32Array.from({ length: 50 }, (_, index) => 1e-4 * Math.sin(index))
    const { data, encoding } = viewOf({
      x: { title: "x", values },
      y: { title: "y", values },
      labels: new Uint8Array(50)
    })
    const span = encoding.x.scale.domain[1] - encoding.x.scale.domain[0]
    data.values.forEach((point, index) => assert.approximately(point.x, values[index]!, span / 4000))
  })

  it("omits points that are not finite", () => {
    const { data, encoding } = viewOf({ x: { title: "x", values: [NaN, 3] }, y: { title: "y", values: [1, 2] } })
    assert.deepStrictEqual(data.values, [{ x: 3, y: 2, class: "dog" }])
    assert.isTrue(encoding.x.scale.domain.every(Number.isFinite))
  })

  it.effect("names every class in the legend, also those without a point", () =>
    Effect.gen(function* () {
      const text = yield* textOf(plot({ classes: ["cat", "dog", "owl"] }))
      assert.includeMembers(text, ["class", "cat", "dog", "owl", "z1", "z2", "T"])
    })
  )

  it.effect("compiles for forty classes, for no points, for equal points and without numbers on the axes", () =>
    Effect.gen(function* () {
      const classes = Array.from({ length: 40 }, (_, index) => `person ${index}`)
      const values = classes.map((_, index) => index)
      yield* compiles(plot({ classes, labels: values, x: { title: "x", values }, y: { title: "y", values } }))
      const nothing = { title: "x", values: [] }
      yield* compiles(plot({ x: nothing, y: nothing, labels: [] }))
      const same = { title: "x", values: [2, 2] }
      yield* compiles(plot({ x: same, y: same }))
      const bare = yield* textOf(plot({ bareAxes: true }))
      assert.deepStrictEqual(
        bare.filter((piece) => /\d/.test(piece)),
        ["z1", "z2"]
      )
    })
  )

  it("draws many points smaller and fainter than few", () => {
    assert.isAbove(pointStyle(100).size, pointStyle(10_000).size)
    assert.isAbove(pointStyle(100).opacity, pointStyle(10_000).opacity)
    assert.isAtLeast(pointStyle(1e6).opacity, 0.4)
    assert.isAtMost(pointStyle(0).opacity, 1)
  })

  it("uses the given domain", () => {
    const domain = domainOf([-3, 3], [0, 1], true)
    const { encoding } = viewOf({ domain })
    assert.deepStrictEqual([encoding.x.scale.domain, encoding.y.scale.domain], [domain.x, domain.y])
    assert.approximately(domain.y[1] - domain.y[0], domain.x[1] - domain.x[0], 1e-12)
    assert.isAtMost(domain.x[0], -3)
    assert.deepStrictEqual(domainOf([], [], false), { x: [-1, 1], y: [-1, 1] })
  })
})
