import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Path } from "effect"
import { NodeServices } from "@effect/platform-node"
import type { Page } from "playwright-core"
import { Labels } from "../../../src/core/Dataset.ts"
import { InteractiveScatter, type InteractiveScatterOptions } from "../../../src/core/evaluations/InteractiveScatter.ts"
import * as Browser from "../../Browser.ts"
import { needs } from "../../machine/Capability.ts"
import { chromium } from "../../machine/Chromium.ts"
import { type FakeOptions, fakeLayer, kinds } from "./FakeTrainedModel.ts"

const pageOf = (options: InteractiveScatterOptions, kind: FakeOptions = {}, classes?: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { figures, pages } = yield* InteractiveScatter(options).run
    assert.deepStrictEqual(figures, [])
    assert.strictEqual(pages?.length, 1)
    return pages![0]!
  }).pipe(
    Effect.provide(
      classes === undefined
        ? fakeLayer(kind)
        : Layer.merge(fakeLayer({ ...kind, classes: classes.length }), Layer.succeed(Labels, { classes }))
    )
  )

describe("InteractiveScatter", () => {
  it.effect.each(kinds)("makes one self-contained page: $name", (kind) =>
    Effect.gen(function* () {
      for (const dimensions of [2, 3] as const) {
        const { caption, html, name, title } = yield* pageOf({ dimensions }, kind)
        assert.strictEqual(name, `interactive-scatter-${dimensions}d`)
        assert.match(title, /^Fake: encoder means of \d+ test images?$/)
        assert.match(caption, /\.$/)
        assert.notMatch(html.replace(/<script>[^]*?<\/script>/g, ""), /(?:src|href)="(?!data:)/)
        assert.strictEqual(html.match(/<script/g)!.length, html.match(/<\/script>/g)!.length)
      }
    })
  )

  it.effect("reports the shown dimensions", () =>
    Effect.gen(function* () {
      const caption = (latent: number, dimensions: 2 | 3) =>
        Effect.map(pageOf({ dimensions }, { latent }), (page) => page.caption)
      assert.match(yield* caption(5, 2), /in the 2 of 5 dimensions in which they vary most \(z\d, z\d\)/)
      assert.match(yield* caption(5, 3), /in the 3 of 5 dimensions in which they vary most \(z\d, z\d, z\d\)/)
      assert.include(yield* caption(3, 3), "as they are")
      assert.include(yield* caption(2, 3), "as they are")
      assert.include(yield* caption(1, 2), "with their deviations")
    })
  )

  it.effect("accepts a split and a number of points", () =>
    Effect.gen(function* () {
      const { caption, name } = yield* pageOf({ split: "train", count: 12 })
      assert.strictEqual(name, "interactive-scatter-2d-train")
      assert.include(caption, "12 training images of Fake (a stratified subset of the 60)")
    })
  )
})

/** The value of an expression in the page. Programs for the page are texts: this one has no document. */
const ask = <A>(page: Page, expression: string): Effect.Effect<A> =>
  Effect.promise(() => page.evaluate<A>(`(() => { const plot = document.getElementById("plot"); ${expression} })()`))

interface Trace {
  readonly type: string
  readonly count: number
}

const traces = (page: Page) =>
  ask<ReadonlyArray<Trace>>(page, "return plot.data.map(({ type, x }) => ({ type, count: x.length }))")

interface Hover {
  /** Beside the picture. */
  readonly facts: ReadonlyArray<string>
  readonly background: string
  /** Where the picture is in the sprite. */
  readonly position: string
  readonly size: ReadonlyArray<string>
}

/** What is shown of the point under the pointer; null where there is none. */
const hovered = (page: Page) =>
  ask<Hover | null>(
    page,
    `if (document.getElementById("hover").style.display !== "block") return null
    const { backgroundImage, backgroundPosition, height, width } = getComputedStyle(document.getElementById("picture"))
    return {
      facts: [...document.querySelectorAll("#facts dd")].map((element) => element.textContent),
      background: backgroundImage,
      position: backgroundPosition,
      size: [width, height]
    }`
  )

const isPng = ({ background }: Hover): boolean => background.startsWith('url("data:image/png;base64,')

/** Moves the pointer to a point of a plot in the plane and gives what is shown of it. */
const hoverOver = Effect.fnUntraced(function* (page: Page, trace: number, point: number) {
  const { x, y } = yield* ask<{ readonly x: number; readonly y: number }>(
    page,
    `const { xaxis, yaxis } = plot._fullLayout
    const { left, top } = plot.getBoundingClientRect()
    const { x, y } = plot.data[${trace}]
    return { x: left + xaxis._offset + xaxis.l2p(x[${point}]), y: top + yaxis._offset + yaxis.l2p(y[${point}]) }`
  )
  yield* Effect.promise(() => page.mouse.move(x - 5, y))
  yield* Effect.promise(() => page.mouse.move(x, y))
  // An event of an earlier point may come late.
  yield* Effect.promise(() =>
    page.waitForFunction(
      `(([at]) => at?.curveNumber === ${trace} &&
        document.getElementById("hover").style.display === "block")(document.getElementById("plot")._hoverdata ?? [])`
    )
  )
  return (yield* hovered(page))!
})

/** Moves the pointer over a grid until a point is met. */
const search = Effect.fnUntraced(function* (page: Page) {
  for (let y = 150; y < 700; y += 19) {
    for (let x = 100; x < 800; x += 19) {
      yield* Effect.promise(() => page.mouse.move(x, y))
      const found = yield* hovered(page)
      if (found !== null) return found
    }
  }
  return null
})

const hostile = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(2)>",
  '<a href="https://x.invalid">&lt;b&gt;"\''
]

describe("InteractiveScatter in a browser", { ...needs(chromium), timeout: 120_000 }, () => {
  /** Opens the page from the file system. */
  const opened = Effect.fnUntraced(function* (html: string) {
    const fs = yield* FileSystem.FileSystem
    const { join } = yield* Path.Path
    const path = join(yield* fs.makeTempDirectoryScoped(), "page.html")
    yield* fs.writeFileString(path, html)
    return yield* Browser.open(path)
  }, Effect.provide(NodeServices.layer))

  it.live("in 2-D: all points, no errors, no requests; hovering shows the image; the legend hides classes", () =>
    Effect.gen(function* () {
      const shape = { height: 8, width: 8, channels: 1 }
      const { page, offences } = yield* opened((yield* pageOf({}, { count: 300, shape, latent: 4 })).html)
      assert.deepStrictEqual(yield* traces(page), Array(3).fill({ type: "scattergl", count: 100 }))
      assert.isNull(yield* hovered(page))
      const over = yield* hoverOver(page, 2, 7)
      const [name, image] = over.facts
      assert.strictEqual(name, "class 2")
      const index = Number(image)
      assert.strictEqual(index % 3, 2)
      assert.isTrue(isPng(over))
      // 8 pixels enlarged 14 times; 18 thumbnails in a row.
      assert.deepStrictEqual(over.size, ["112px", "112px"])
      assert.strictEqual(over.position, `${-112 * (index % 18)}px ${-112 * Math.floor(index / 18)}px`)
      yield* Effect.promise(() => page.locator(".legendtoggle").first().click())
      yield* Effect.promise(() =>
        page.waitForFunction(`document.getElementById("plot").data[0].visible === "legendonly"`)
      )
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )

  it.live("in 3-D: all points, no errors, no requests; hovering shows the image", () =>
    Effect.gen(function* () {
      const { page, offences } = yield* opened((yield* pageOf({ dimensions: 3 }, { count: 600, latent: 3 })).html)
      assert.deepStrictEqual(yield* traces(page), Array(3).fill({ type: "scatter3d", count: 200 }))
      const over = yield* search(page)
      assert.match(over!.facts[0]!, /^class [012]$/)
      assert.strictEqual(over!.facts.length, 5)
      assert.isTrue(isPng(over!))
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )

  it.live("hostile class names stay text, in the legend and next to the image", () =>
    Effect.gen(function* () {
      const { html } = yield* pageOf({}, { count: 30 }, hostile)
      const { page, offences } = yield* opened(html)
      const legend = yield* Effect.promise(() => page.locator(".legendtext").allTextContents())
      assert.deepStrictEqual(legend, hostile)
      assert.strictEqual(yield* Effect.promise(() => page.locator("#plot a, #plot img, #facts img").count()), 0)
      for (const [label, name] of hostile.entries()) {
        assert.strictEqual((yield* hoverOver(page, label, 0)).facts[0], name)
      }
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )
})
