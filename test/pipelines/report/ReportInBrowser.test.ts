import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import type { Page } from "playwright-core"
import { Labels } from "../../../src/core/Dataset.ts"
import { imagesAt } from "../../../src/core/evaluations/Reconstructions.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"
import {
  activation,
  Adam,
  BetaElbo,
  ConditionalVae,
  Curves,
  dense,
  ElboTerms,
  Evaluation,
  Experiment,
  LatentScatter,
  Manifold,
  Parameter,
  DenseVae,
  reshape,
  Synthetic,
  Training
} from "../../../src/index.ts"
import { assetScript } from "../../../src/pipelines/report/WriteAssets.ts"
import * as Browser from "../../Browser.ts"
import { needs } from "../../machine/Capability.ts"
import { chromium } from "../../machine/Chromium.ts"
import { platform, runExperiment, temporaryFolder } from "../Sandbox.ts"

/** What a run makes of codes and of test images, of the class 1 where it takes classes. */
interface Seen {
  readonly images: Float32Array
  readonly mean: Float32Array
}

const codes = [0, 0, 0.7, -1.3, 40, -40]
const label = 1

const seenBy = (seen: Array<Seen>): Evaluation.Evaluator =>
  Evaluation.make({
    spec: { _tag: "Probe" },
    run: Effect.gen(function* () {
      const { data, decode, encodeImages, latent, shape } = yield* TrainedModel
      const probe = Float32Array.from({ length: 3 * latent }, (_, index) => codes[index % codes.length]!)
      const images = yield* decode(probe, new Int32Array(3).fill(label))
      const { mean } = yield* encodeImages(imagesAt(data.test, shape, Int32Array.of(0)), [label])
      seen.push({ images, mean })
      return { metrics: {}, figures: [] }
    })
  })

const training = Training.layer({ epochs: 2, batchSize: 32, optimizer: Adam({ learningRate: 1e-2 }) })

const planar = (seen: Array<Seen>) =>
  Experiment.make("planar", {
    description: "Two runs on a plane.",
    parameters: { beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }) },
    run: ({ beta }) => ({
      dataset: Synthetic.layer({ train: 100, test: 40 }),
      model: DenseVae.layer({ hidden: [16], latent: 2 }),
      objective: BetaElbo.layer({ beta }),
      training,
      evaluation: Evaluation.layer(ElboTerms(), Curves(), LatentScatter(), Manifold({ columns: 4 }), seenBy(seen))
    })
  }).pipe(Experiment.grid({ beta: [0, 4] }))

const hostile = `<img src=x onerror=alert(1)>"'</script><script>alert(2)</script>`

/** A view with `hostile` wherever a text may stand. */
const texts = {
  width: 200,
  height: 100,
  data: { values: [{ x: 1, y: 2, name: hostile, link: "javascript:alert(3)" }] },
  mark: { type: "point", tooltip: true, size: 20000, filled: true },
  encoding: {
    x: { field: "x", type: "quantitative", title: hostile },
    y: { field: "y", type: "quantitative" },
    color: { field: "name", type: "nominal" },
    tooltip: { field: "name", type: "nominal", title: hostile }
  }
} as const

const hostileFigure = Evaluation.make({
  spec: { _tag: "Hostile" },
  run: Effect.succeed({
    metrics: { [`test/${hostile}`]: 1, ["__proto__"]: 2 },
    figures: [{ name: "hostile", title: hostile, caption: hostile, view: texts }]
  })
})

/** What no evaluation makes, but somebody could put into the folder. */
const links = {
  title: hostile,
  caption: hostile,
  view: {
    ...texts,
    mark: { ...texts.mark, href: "javascript:alert(4)" },
    encoding: {
      ...texts.encoding,
      href: { field: "link", type: "nominal" },
      size: { value: { expr: "alert(5)" } },
      opacity: { condition: { test: "this.constructor.constructor('alert(6)')()", value: 1 }, value: 1 }
    }
  }
}
const fetching = {
  title: "fetches",
  caption: "Addresses.",
  view: {
    layer: [
      { data: { url: "https://example.invalid/data.json" }, mark: "point", encoding: {} },
      {
        data: { values: [{ x: 1 }] },
        mark: { type: "image", url: "https://example.invalid/image.png", width: 9, height: 9 },
        encoding: { x: { field: "x", type: "quantitative" } }
      }
    ]
  }
}

const hostileRun = (seen: Array<Seen>) =>
  Experiment.make("hostile", {
    description: hostile,
    parameters: {
      word: Parameter.Choice([hostile, "tame"], { default: "tame", description: hostile }),
      [hostile]: Parameter.NonNegative({ default: 1, description: "a number" })
    },
    reference: () => ({ "test/loss": hostile }),
    run: () => ({
      dataset: Layer.merge(
        Synthetic.layer({ train: 100, test: 40, classes: 3 }),
        Layer.succeed(Labels, { classes: [hostile, "two", "__proto__"] })
      ),
      model: ConditionalVae.layer({
        encoder: [dense(16), activation("relu")],
        decoder: [dense(64), reshape([8, 8, 1])],
        latent: 3
      }),
      objective: BetaElbo.layer({ beta: 1 }),
      training,
      evaluation: Evaluation.layer(hostileFigure, seenBy(seen))
    })
  }).pipe(Experiment.override<any>([{ word: hostile }], ["word"]))

interface InPage {
  readonly effectVae: {
    readonly decode: (id: string, codes: ReadonlyArray<number>, label: number) => Promise<Float32Array>
    readonly encode: (
      id: string,
      image: ReadonlyArray<number>,
      label: number
    ) => Promise<{ readonly mean: Float32Array }>
  }
  readonly document: any
}

/** What a function makes of the page's globals. It is read as text, since it runs in the page. */
const ask = <A, Argument = undefined>(
  page: Page,
  f: (argument: Argument) => A | Promise<A>,
  argument?: Argument
): Effect.Effect<A> => Effect.promise(() => page.evaluate(f as never, argument as never) as Promise<A>)

const decodeInPage = (page: Page, id: string, values: ReadonlyArray<number>) =>
  ask(
    page,
    async ({ id, label, values }: { id: string; label: number; values: ReadonlyArray<number> }) =>
      Array.from(await (globalThis as unknown as InPage).effectVae.decode(id, values, label)),
    { id, label, values }
  )

const encodeInPage = (page: Page, id: string, image: ReadonlyArray<number>) =>
  ask(
    page,
    async ({ id, image, label }: { id: string; image: ReadonlyArray<number>; label: number }) =>
      Array.from((await (globalThis as unknown as InPage).effectVae.encode(id, image, label)).mean),
    { id, image, label }
  )

/** The red channel of a canvas's pixels, 0 to 255. */
const pixelsOf = (page: Page, selector: string) =>
  ask(
    page,
    (selector: string) => {
      const canvas = (globalThis as unknown as InPage).document.querySelector(selector)
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
      return Array.from({ length: data.length / 4 }, (_, pixel) => data[4 * pixel] as number)
    },
    selector
  )

const toBytes = (values: ReadonlyArray<number>): ReadonlyArray<number> => [
  ...Uint8ClampedArray.from(values, (v) => 255 * v)
]

const eventually = Effect.fnUntraced(function* <A>(look: Effect.Effect<A>, fits: (found: A) => boolean) {
  for (let tries = 0; tries < 300; tries++) {
    if (fits(yield* look)) return
    yield* Effect.sleep(100)
  }
  assert.fail(`it never came to be; last seen: ${JSON.stringify(yield* look)}`)
})

const equal =
  <A>(expected: A) =>
  (found: A): boolean =>
    JSON.stringify(found) === JSON.stringify(expected)

interface Summarised {
  readonly id: string
}

interface Swept {
  readonly folder: string
  readonly runs: readonly [Summarised, ...Array<Summarised>]
  readonly seen: ReadonlyArray<Seen>
}

/** An experiment's folder, when its runs are done. */
const swept = Effect.fnUntraced(function* (
  make: (seen: Array<Seen>) => Experiment.Experiment<any>,
  results: string
): Effect.fn.Return<Swept, unknown> {
  const seen: Array<Seen> = []
  const experiment = make(seen)
  yield* runExperiment(experiment, results)
  const folder = `${results}/${experiment.name}`
  const summary = yield* Effect.promise(() => readFile(`${folder}/summary.json`, "utf8"))
  return { folder, runs: JSON.parse(summary).runs, seen }
})

const temporary: Array<string> = []
afterAll(() => Promise.all(temporary.map((folder) => rm(folder, { recursive: true }))))

/** The runs of an experiment, trained once. */
const once = (experiment: (seen: Array<Seen>) => Experiment.Experiment<any>) =>
  Effect.runSync(
    Effect.cached(
      Effect.gen(function* () {
        const results = yield* Effect.promise(() => mkdtemp(`${tmpdir()}/report-`))
        temporary.push(results)
        return yield* swept(experiment, results)
      })
    )
  )

/** Two runs on a plane. */
const onPlane = once(planar)

/** A run whose every text is hostile. */
const hostileOnes = once(hostileRun)

/** Opens a page from the file system. */
const opened = Effect.fnUntraced(function* (made: Swept, options: Browser.OpenOptions = {}) {
  const beside = `file://${made.folder}/report/`
  const browser = yield* Browser.open(`${made.folder}/report.html`, {
    ...options,
    mayAskFor: (address) => address.startsWith(beside)
  })
  return { ...made, ...browser }
})

const decoder = (id: string): string => `.result[data-run="${id}"] canvas`

describe("The report in a browser", needs(chromium), () => {
  it.live("what the page's models give is what the runs give, to 1e-4", () =>
    Effect.gen(function* () {
      const { offences, page, runs, seen } = yield* opened(yield* onPlane)
      for (const [index, { id }] of runs.entries()) {
        const decoded = yield* decodeInPage(page, id, codes)
        assert.strictEqual(decoded.length, 3 * 64)
        decoded.forEach((value, place) => assert.approximately(value, seen[index]!.images[place]!, 1e-4))
      }
      // The page begins in the middle of the prior.
      yield* Effect.promise(() => page.locator("#play").scrollIntoViewIfNeeded())
      yield* eventually(pixelsOf(page, decoder(runs[0]!.id)), equal(toBytes([...seen[0]!.images.subarray(0, 64)])))
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )

  it.live("the slider goes from run to run: figure, table and decoder follow", () =>
    Effect.gen(function* () {
      const { offences, page, runs, seen } = yield* opened(yield* onPlane)
      const [first, second] = runs.map(({ id }) => id) as [string, string]
      const shown = ask(page, () =>
        Array.from(
          (globalThis as unknown as InPage).document.querySelectorAll("#figures .member[data-run]"),
          (member: any) => member.dataset.run as string
        )
      )
      yield* eventually(shown, equal([first]))
      const slider = page.locator('.bar input[name="beta"]')
      yield* Effect.promise(() => slider.press("ArrowRight"))
      yield* eventually(shown, equal([second]))
      assert.strictEqual(yield* Effect.promise(() => slider.getAttribute("aria-valuetext")), "4")
      assert.isTrue(yield* Effect.promise(() => page.locator(`tr[data-run="${second}"] input[type=radio]`).isChecked()))
      yield* Effect.promise(() => page.locator("#play").scrollIntoViewIfNeeded())
      yield* eventually(pixelsOf(page, decoder(second)), equal(toBytes([...seen[1]!.images.subarray(0, 64)])))
      // Both beside each other, by the same code.
      yield* Effect.promise(() => page.locator('.bar select[name="second"]').selectOption(first))
      yield* eventually(shown, equal([second, first]))
      yield* eventually(pixelsOf(page, decoder(first)), equal(toBytes([...seen[0]!.images.subarray(0, 64)])))
      // And by the same test image, of which each has a code of its own.
      yield* Effect.promise(() => page.locator(".examples button").nth(1).click())
      const image = (yield* pixelsOf(page, ".examples button:nth-child(2) canvas")).map((value) => value / 255)
      for (const id of [second, first]) {
        const made = yield* decodeInPage(page, id, yield* encodeInPage(page, id, image))
        yield* eventually(pixelsOf(page, decoder(id)), equal(toBytes(made)))
      }
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )

  it.live("the pointer's place on the map is a code, and the decoder's image follows it", () =>
    Effect.gen(function* () {
      const { offences, page, runs } = yield* opened(yield* onPlane)
      const { id } = runs[0]!
      const plane = page.locator(".plane")
      yield* Effect.promise(() => plane.scrollIntoViewIfNeeded())
      yield* eventually(pixelsOf(page, decoder(id)), (pixels) => pixels.some((value) => value > 0))
      // The prior's region: from -3.2 to 3.2 in both dimensions.
      yield* Effect.promise(() => page.locator('input[name="prior"]').check())
      /** Moves the pointer to a place of the map, wherever the map is by now. */
      const moveTo = (right: number, up: number) =>
        Effect.promise(async () => {
          const { height, width, x, y } = (await plane.boundingBox())!
          await page.mouse.move(x + width * right, y + height * (1 - up))
        })
      const slider = (name: string) => Effect.promise(() => page.locator(`.sliders input[name="${name}"]`).inputValue())
      const codeAt = (right: number, up: number) => [6.4 * right - 3.2, 6.4 * up - 3.2]
      for (const [right, up] of [
        [0.25, 0.75],
        [0.9, 0.1]
      ] as const) {
        const expected = toBytes(yield* decodeInPage(page, id, codeAt(right, up)))
        const near = (found: ReadonlyArray<number>) => found.every((value, at) => Math.abs(value - expected[at]!) <= 5)
        yield* eventually(Effect.andThen(moveTo(right, up), pixelsOf(page, decoder(id))), near)
        assert.approximately(Number(yield* slider("z1")), codeAt(right, up)[0]!, 0.05)
        assert.approximately(Number(yield* slider("z2")), codeAt(right, up)[1]!, 0.05)
      }
      // Where nothing was chosen, the code before comes back.
      yield* Effect.promise(() => page.mouse.move(2, 2))
      yield* eventually(slider("z1"), equal("0"))
      // The keyboard goes the same ways.
      yield* Effect.promise(() => plane.press("Shift+ArrowRight"))
      yield* eventually(slider("z1"), (value) => Math.abs(Number(value) - 0.32) < 0.05)
      // A code that is chosen stays.
      yield* moveTo(0.25, 0.75)
      yield* Effect.promise(() => page.mouse.down())
      yield* Effect.promise(() => page.mouse.up())
      yield* Effect.promise(() => page.mouse.move(2, 2))
      yield* eventually(slider("z1"), (value) => Math.abs(Number(value) + 1.6) < 0.05)
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )

  it.live("a test image, a drawing and a file become codes and reconstructions; a line joins two codes", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder, offences, page, runs } = yield* opened(yield* onPlane)
      const { id } = runs[0]!
      yield* Effect.promise(() => page.locator("#play").scrollIntoViewIfNeeded())
      const example = page.locator(".examples button").nth(2)
      yield* Effect.promise(() => example.click())
      const pixels = yield* pixelsOf(page, ".examples button:nth-child(3) canvas")
      const image = pixels.map((value) => value / 255)
      const mean = yield* encodeInPage(page, id, image)
      yield* eventually(pixelsOf(page, decoder(id)), equal(toBytes(yield* decodeInPage(page, id, mean))))
      assert.deepStrictEqual(yield* pixelsOf(page, ".result canvas"), pixels)
      // The line: as many images as steps, the first that of its beginning.
      yield* Effect.promise(() => page.getByRole("button", { name: "Begin at this code" }).click())
      const strip = ".strip canvas:first-of-type"
      yield* eventually(pixelsOf(page, strip), equal(toBytes(yield* decodeInPage(page, id, mean))))
      assert.strictEqual(yield* Effect.promise(() => page.locator(".strip canvas").count()), 11)
      // A drawing.
      const pad = page.locator(".pad canvas")
      yield* Effect.promise(() => pad.scrollIntoViewIfNeeded())
      const box = (yield* Effect.promise(() => pad.boundingBox()))!
      yield* Effect.promise(() => page.mouse.move(box.x + 60, box.y + 60))
      yield* Effect.promise(() => page.mouse.down())
      yield* Effect.promise(() => page.mouse.move(box.x + 200, box.y + 200, { steps: 5 }))
      yield* Effect.promise(() => page.mouse.up())
      yield* eventually(
        Effect.promise(() => page.locator(".result figcaption").first().textContent()),
        equal<string | null>("your drawing")
      )
      const drawn = yield* pixelsOf(page, ".result canvas")
      // White along the diagonal, black beside it.
      assert.isAbove(drawn[4 * 8 + 4]!, 150)
      assert.strictEqual(drawn[7], 0)
      // The drawing as a file, dropped somewhere on the page: the same image.
      yield* Effect.promise(() => pad.evaluate((canvas: any) => canvas.toBlob((blob: any) => (canvas.blob = blob))))
      yield* eventually(
        Effect.promise(() => pad.evaluate((canvas: any) => canvas.blob !== undefined)),
        equal(true)
      )
      yield* ask(page, () => {
        const { DataTransfer, document, DragEvent, File } = globalThis as any
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([document.querySelector(".pad canvas").blob], "mine.png"))
        document
          .querySelector("h1")
          .dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }))
      })
      yield* eventually(
        Effect.promise(() => page.locator(".result figcaption").first().textContent()),
        equal<string | null>("mine.png")
      )
      assert.deepStrictEqual(yield* pixelsOf(page, ".result canvas"), drawn)
      const given = yield* encodeInPage(
        page,
        id,
        drawn.map((value) => value / 255)
      )
      yield* eventually(pixelsOf(page, decoder(id)), (found) => found.some((value) => value > 0))
      assert.approximately(
        Number(yield* Effect.promise(() => page.locator('.sliders input[name="z1"]').inputValue())),
        given[0]!,
        0.1
      )
      // Ink on paper.
      yield* Effect.promise(() => page.locator("input[name=inverted]").check())
      yield* eventually(
        pixelsOf(page, ".result canvas"),
        equal<ReadonlyArray<number>>(drawn.map((value) => 255 - value))
      )
      // A file that is no image.
      const file = `${folder}/${"not an image".replaceAll(" ", "-")}.png`
      yield* fs.writeFileString(file, "no image")
      yield* Effect.promise(() => page.locator("input[name=image]").setInputFiles(file))
      yield* eventually(
        Effect.promise(() =>
          page
            .locator(".pad .error")
            .textContent({ timeout: 1000 })
            .catch(() => "")
        ),
        (text) => text === "not-an-image.png is no image that this browser can read."
      )
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    }).pipe(Effect.provide(platform))
  )

  it.live("tables are sorted and saved, figures are saved, all with their texts", () =>
    Effect.gen(function* () {
      const { offences, page, runs } = yield* opened(yield* onPlane)
      const order = ask(page, () =>
        Array.from(
          (globalThis as unknown as InPage).document.querySelectorAll("tbody tr"),
          (row: any) => row.dataset.run as string
        )
      )
      const ids = runs.map(({ id }) => id)
      const head = page.locator("th", { hasText: "beta" })
      yield* Effect.promise(() => head.locator("button").click())
      assert.strictEqual(yield* Effect.promise(() => head.getAttribute("aria-sort")), "ascending")
      assert.deepStrictEqual(yield* order, ids)
      yield* Effect.promise(() => head.locator("button").click())
      assert.strictEqual(yield* Effect.promise(() => head.getAttribute("aria-sort")), "descending")
      assert.deepStrictEqual(yield* order, ids.toReversed())

      const saved = Effect.fnUntraced(function* (button: string, within: string) {
        const downloading = page.waitForEvent("download")
        yield* Effect.promise(() => page.locator(within).getByRole("button", { name: button }).first().click())
        const download = yield* Effect.promise(() => downloading)
        const path = yield* Effect.promise(() => download.path())
        return { name: download.suggestedFilename(), bytes: yield* Effect.promise(() => readFile(path)) }
      })
      const table = yield* saved("Save CSV", "#runs")
      assert.strictEqual(table.name, "planar.csv")
      assert.match(table.bytes.toString(), new RegExp(`^id,seed,status,beta,.*\r\n${ids[0]},0,done,0,`))
      const svg = yield* saved("Save SVG", "#sweep")
      assert.strictEqual(svg.name, "curves.svg")
      assert.match(svg.bytes.toString(), /^<svg[^]*planar · test loss and its terms/)
      const png = yield* saved("Save PNG", "#sweep")
      assert.deepStrictEqual(
        [...png.bytes.subarray(1, 4)],
        [..."PNG"].map((letter) => letter.charCodeAt(0))
      )
      // The command that made the run.
      const copying = page.locator("tbody tr").first().getByRole("button")
      yield* Effect.promise(() => copying.click())
      yield* eventually(
        Effect.promise(() => copying.textContent()),
        equal<string | null>("Copied")
      )
      yield* ask(page, () => {
        const { document } = globalThis as unknown as InPage
        document.body.append(document.createElement("textarea"))
      })
      const area = page.locator("body > textarea")
      yield* Effect.promise(() => area.press("Control+V"))
      assert.match(yield* Effect.promise(() => area.inputValue()), /^pnpm run exp planar --beta 4 --seed 0$/)
      // Every picture says what it shows.
      yield* Effect.promise(() => page.locator("#play").scrollIntoViewIfNeeded())
      const silent = yield* ask(page, () =>
        Array.from(
          (globalThis as unknown as InPage).document.querySelectorAll("canvas, img, [role=img]"),
          (element: any) => element.closest("[aria-label], [alt]")?.outerHTML.slice(0, 400) ?? element.outerHTML
        ).filter((text) => !/aria-label|alt=/.test(text))
      )
      assert.deepStrictEqual(silent, [])
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )

  it.live("hostile names stay text, and nothing is fetched or followed", () =>
    Effect.gen(function* () {
      const { offences, page, runs, seen } = yield* opened(yield* hostileOnes, { colorScheme: "dark" })
      const { id } = runs[0]!
      yield* eventually(
        Effect.promise(() => page.locator("#figures .chart h4").first().textContent()),
        equal<string | null>(hostile)
      )
      const text = (selector: string) => Effect.promise(() => page.locator(selector).first().textContent())
      assert.strictEqual(yield* text(".lead"), hostile)
      assert.include(yield* text("thead"), hostile)
      assert.include((yield* text("tbody"))!, `reported ${hostile}`)
      // Under the pointer.
      yield* Effect.promise(() => page.locator("#figures").scrollIntoViewIfNeeded())
      const drawn = page.locator("#figures .drawn")
      yield* eventually(
        Effect.promise(() => drawn.locator("path[aria-roledescription=point]").count()),
        equal(1)
      )
      const point = drawn.locator("path[aria-roledescription=point]")
      yield* Effect.promise(() => point.hover())
      yield* eventually(
        Effect.promise(() => page.locator("#figures .tooltip dd").first().textContent()),
        equal<string | null>(hostile)
      )
      yield* Effect.promise(() => point.click())
      yield* Effect.promise(() => page.locator("#figures").getByRole("button", { name: "Save SVG" }).click())
      // Classes, on the map and as choices.
      yield* Effect.promise(() => page.locator("#play").scrollIntoViewIfNeeded())
      yield* eventually(text(".legend button"), (label) => label?.trim() === hostile)
      assert.strictEqual((yield* text(".classes label"))?.trim(), hostile)
      // A class is typed, and chosen.
      const checked = (which: number) => Effect.promise(() => page.locator(".classes input").nth(which).isChecked())
      yield* Effect.promise(() => page.locator(".plane").press("2"))
      assert.isTrue(yield* checked(2))
      yield* Effect.promise(() => page.locator(".plane").press("7"))
      assert.isTrue(yield* checked(2))
      yield* Effect.promise(() => page.locator(".classes input").nth(label).check())
      yield* Effect.promise(() => page.getByRole("button", { name: "Middle of the prior" }).click())
      yield* eventually(pixelsOf(page, decoder(id)), equal(toBytes(yield* decodeInPage(page, id, [0, 0, 0]))))
      const decoded = yield* decodeInPage(page, id, [0, 0, 0.7])
      decoded.forEach((value, place) => assert.approximately(value, seen[0]!.images[place]!, 1e-4))
      // In space.
      yield* Effect.promise(() => page.locator("#space").scrollIntoViewIfNeeded())
      yield* Effect.promise(() => page.waitForSelector(".plot[data-drawn]", { timeout: 60_000 }))
      assert.include(yield* Effect.promise(() => page.locator(".plot .legendtext").allTextContents()), hostile)
      // A point under the pointer shows its picture.
      yield* ask(page, () =>
        (globalThis as unknown as InPage).document
          .querySelector(".plot")
          .emit("plotly_hover", { points: [{ curveNumber: 0, pointNumber: 0 }] })
      )
      yield* eventually(text(".told p"), (told) => told !== null && new RegExp("^test image \\d+").test(told))
      assert.include(yield* text(".told p"), hostile)
      assert.match(
        (yield* Effect.promise(() => page.locator(".told .picture").getAttribute("style"))) ?? "",
        /background-image: url\("data:image\/png/
      )
      const strangers = yield* ask(page, () =>
        Array.from(
          (globalThis as unknown as InPage).document.querySelectorAll("a, img, iframe, object, [onerror], [onclick]"),
          (element: any) => element.getAttribute("href") ?? element.outerHTML
        )
      )
      assert.deepStrictEqual(
        strangers.filter((address) => !/^#(?:glance|runs|sweep|figures|play|space)$/.test(address)),
        []
      )
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
      assert.strictEqual(yield* ask(page, () => Object.hasOwn(Object.prototype, "polluted")), false)
    })
  )

  it.live("can be used by everybody: light and dark colours, names, keyboard (axe-core)", () =>
    Effect.gen(function* () {
      const program = yield* Effect.promise(() => readFile(createRequire(import.meta.url).resolve("axe-core"), "utf8"))
      const { page } = yield* opened(yield* hostileOnes, { program })
      for (const id of ["figures", "play", "space"]) {
        yield* Effect.promise(() => page.locator(`#${id}`).scrollIntoViewIfNeeded())
      }
      yield* Effect.promise(() => page.waitForSelector(".plot[data-drawn]", { timeout: 60_000 }))
      yield* Effect.promise(() => page.waitForSelector(".sliders"))
      for (const colorScheme of ["light", "dark"] as const) {
        yield* Effect.promise(() => page.emulateMedia({ colorScheme }))
        yield* Effect.promise(() => page.waitForSelector(`html[data-mode="${colorScheme}"]`))
        const violations = yield* ask(page, async () => {
          const { violations } = await (globalThis as any).axe.run()
          return violations.map(({ id, nodes }: any) => [id, ...nodes.map(({ html }: any) => html.slice(0, 200))])
        })
        assert.deepStrictEqual(violations, [], colorScheme)
      }
    })
  )

  it.live("opens with the figure that compares the runs, and a picture and a sentence for each", () =>
    Effect.gen(function* () {
      const { folder, offences, page, runs } = yield* opened(yield* onPlane)
      const sections = yield* Effect.promise(() =>
        page.locator("main > section").evaluateAll((all) => all.map((one: any) => one.id as string))
      )
      assert.deepStrictEqual(sections.slice(0, 3), ["glance", "runs", "sweep"])
      assert.strictEqual(
        yield* Effect.promise(() => page.locator("#glance figure").getAttribute("data-figure")),
        "rate-distortion"
      )
      const sentences = yield* Effect.promise(() => page.locator("#glance li p").allTextContents())
      assert.match(
        sentences[0]!,
        /^β = 0 .*ELBO −[\d.]+ nats per image \(reconstruction [\d.]+, KL divergence [\d.]+\)/
      )
      assert.match(sentences[1]!, /^β = 4 .*ELBO −/)
      assert.strictEqual(sentences.filter((text) => text.includes("Best of 2: ELBO")).length, 1)
      // The picture of a run is that of its manifold.
      const figure = JSON.parse(
        yield* Effect.promise(() => readFile(`${folder}/${runs[1]!.id}/figures/manifold.vl.json`, "utf8"))
      )
      const picture = /data:image\/png;base64,[^"]+/.exec(JSON.stringify(figure))![0]
      yield* eventually(
        Effect.promise(() => page.locator(`#glance li[data-run="${runs[1]!.id}"] img`).getAttribute("src")),
        equal<string | null>(picture)
      )
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )

  it.live("is printed as a PDF with all tables and figures, and nothing that needs a pointer", () =>
    Effect.gen(function* () {
      const { page } = yield* opened(yield* onPlane)
      const drawn = Effect.promise(() => page.locator("#glance svg, #sweep svg, #figures svg").count())
      // Everything that is printed is drawn soon, visible or not.
      yield* eventually(drawn, (count) => count >= 3)
      yield* Effect.promise(() => page.emulateMedia({ media: "print" }))
      for (const selector of ["#glance svg", "#runs table", "#sweep svg", "#figures svg"]) {
        assert.isTrue(yield* Effect.promise(() => page.locator(selector).first().isVisible()), selector)
      }
      for (const selector of ["#play", ".bar", ".actions", "nav", "input[type=radio]", "button.copy"]) {
        assert.isFalse(yield* Effect.promise(() => page.locator(selector).first().isVisible()), selector)
      }
      const pdf = yield* Effect.promise(() => page.pdf({ format: "A4", preferCSSPageSize: true }))
      assert.strictEqual(pdf.subarray(0, 5).toString(), "%PDF-")
      const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0
      assert.isAtLeast(pages, 1)
      assert.isAtMost(pages, 4)
      // Nothing is cut off at the right edge of the paper: 182 mm at 96 dots per inch.
      yield* Effect.promise(() => page.setViewportSize({ width: 688, height: 1000 }))
      const width = yield* ask(
        page,
        () => (globalThis as unknown as InPage).document.documentElement.scrollWidth as number
      )
      assert.isAtMost(width, 688)
    })
  )

  it.live("a figure that somebody changed runs nothing, fetches nothing and leads nowhere", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const original = yield* hostileOnes
      const made = { ...original, folder: `${yield* temporaryFolder}/hostile` }
      yield* fs.copy(original.folder, made.folder)
      for (const [name, changed] of Object.entries({ links, fetching })) {
        const part = `figure-${made.runs[0].id}-hostile`
        yield* fs.writeFileString(`${made.folder}/report/${part}.js`, assetScript(part, { name, ...changed }))
        const { offences, page } = yield* opened(made)
        const figure = page.locator("#figures")
        yield* eventually(
          Effect.promise(() => figure.locator("h4, .error").first().textContent()),
          (text) => text !== null && text.includes(changed.title)
        )
        yield* Effect.sleep(1000)
        for (const mark of yield* Effect.promise(() => figure.locator("svg path").all())) {
          yield* Effect.promise(() => mark.click({ force: true, timeout: 500 }).catch(() => {}))
        }
        yield* Effect.promise(() => figure.getByRole("button", { name: "Save SVG" }).first().click())
        yield* Effect.sleep(500)
        assert.match(page.url(), /report\.html$/)
        assert.deepStrictEqual(offences, { errors: [], requests: [] })
      }
    }).pipe(Effect.scoped, Effect.provide(platform))
  )

  it.live("a page without what belongs beside it shows its tables and curves, and says what is missing", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder } = yield* onPlane
      const alone = yield* temporaryFolder
      yield* fs.copyFile(`${folder}/report.html`, `${alone}/report.html`)
      const { page } = yield* Browser.open(`${alone}/report.html`, { mayAskFor: () => true })
      yield* Effect.promise(() => page.waitForSelector("#sweep svg"))
      yield* Effect.promise(() => page.locator("#play").scrollIntoViewIfNeeded())
      yield* eventually(
        Effect.promise(() => page.locator("#play .error").allTextContents()),
        (texts) => texts.some((text) => /report\/runtime\.js is not there; it belongs beside the page/.test(text))
      )
    }).pipe(Effect.scoped, Effect.provide(platform))
  )

  it.live("on a phone nothing is wider than the screen", () =>
    Effect.gen(function* () {
      const { offences, page } = yield* opened(yield* onPlane, { viewport: { width: 360, height: 740 } })
      yield* Effect.promise(() => page.locator("#play").scrollIntoViewIfNeeded())
      yield* Effect.promise(() => page.waitForSelector("#sweep svg"))
      const widths = yield* ask(page, () => {
        const { body, documentElement } = (globalThis as unknown as InPage).document
        return [body.scrollWidth as number, documentElement.scrollWidth as number]
      })
      assert.deepStrictEqual(widths, [360, 360])
      assert.deepStrictEqual(offences, { errors: [], requests: [] })
    })
  )
})
