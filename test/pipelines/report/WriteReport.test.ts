import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import { plan } from "../../../src/pipelines/plan/Plan.ts"
import { collect } from "../../../src/pipelines/report/CollectReport.ts"
import { codec } from "../../../src/pipelines/report/ReportData.ts"
import * as Store from "../../../src/pipelines/store/RunStore.ts"
import { Curves, experiment, makeLines, platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

const dataOf = Effect.fnUntraced(function* (html: string) {
  const json = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(html)![1]!
  return yield* Schema.decodeUnknownEffect(codec)(JSON.parse(json), { onExcessProperty: "error" })
})

describe("WriteReport", () => {
  it.effect("a sweep leaves a page with its runs, and what the page needs beside it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const results = yield* temporaryFolder
      const lines = makeLines()
      yield* runExperiment(experiment(Curves()), results, { lines })
      const folder = yield* (yield* storeOf(results)).experiment("small")
      const page = join(folder.directory, "report.html")
      assert.isTrue(lines.printed.some((line) => line.endsWith(page)))
      const html = yield* fs.readFileString(page)
      assert.isBelow(html.length, 3e6)
      const data = yield* dataOf(html)
      const { runs } = Option.getOrThrow(yield* folder.summary)
      assert.deepStrictEqual(
        data.runs.map(({ id, metrics, status }) => ({ id, metrics, status })),
        runs.map(({ id, metrics, status }) => ({ id, metrics, status }))
      )
      assert.deepStrictEqual(
        data.runs.map(({ label }) => label),
        ["β = 0", "β = 4"]
      )
      assert.deepStrictEqual(data.runs[0]!.epochs, { done: 3, of: 3 })
      assert.deepStrictEqual(
        data.runs[0]!.exhibits.map(({ name }) => name),
        ["curves"]
      )
      assert.deepStrictEqual(
        data.figures.map(({ name }) => name),
        ["curves", "rate-distortion"]
      )
      const parts = data.runs.flatMap(({ exhibits, model }) => [
        ...exhibits.map(({ part }) => part),
        model!.encoder,
        model!.decoder,
        model!.codes,
        model!.images!
      ])
      const there = yield* fs.readDirectory(join(folder.directory, "report"))
      assert.sameMembers(
        there,
        [...new Set(["runtime", ...parts])].map((part) => `${part}.js`)
      )
    }).pipe(Effect.provide(platform))
  )

  it.effect("what is there is left alone, what no run of the page has is removed, what is not the report's stays", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const results = yield* temporaryFolder
      yield* runExperiment(experiment(), results)
      const report = join(results, "small", "report")
      const stamps = Effect.gen(function* () {
        const names = (yield* fs.readDirectory(report)).sort()
        return yield* Effect.forEach(names, (name) =>
          Effect.map(fs.stat(join(report, name)), ({ ino, mtime }) => [name, ino, mtime])
        )
      })
      const before = yield* stamps
      yield* fs.writeFileString(join(report, "model-000000000000-decoder.js"), "stale")
      yield* runExperiment(experiment(), results)
      assert.deepStrictEqual(yield* stamps, before)
      yield* fs.writeFileString(join(report, "notes.txt"), "mine")
      yield* runExperiment(experiment(), results)
      assert.strictEqual(yield* fs.readFileString(join(report, "notes.txt")), "mine")
    }).pipe(Effect.provide(platform))
  )

  it.effect("a page that cannot be written is a warning, and the runs are done", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const results = yield* temporaryFolder
      yield* fs.makeDirectory(join(results, "small", "report.html", "in the way"), { recursive: true })
      yield* runExperiment(experiment(), results)
      const folder = yield* (yield* storeOf(results)).experiment("small")
      const { runs } = Option.getOrThrow(yield* folder.summary)
      assert.deepStrictEqual(
        runs.map(({ status }) => status),
        ["done", "done"]
      )
    }).pipe(Effect.provide(platform))
  )

  it.effect("runs that are not begun, failed or damaged are shown as far as they can be", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const results = yield* temporaryFolder
      const swept = experiment()
      const runs = yield* plan(swept, ({ locate }) => locate)
      const gathered = () =>
        collect({ experiment: swept, runs, rows: [], live: true }).pipe(Effect.provide(Store.layer(results)))
      const planned = yield* gathered()
      assert.deepStrictEqual(
        planned.data.runs.map(({ epochs, model, status }) => ({ epochs, model, status })),
        Array(2).fill({ epochs: { done: 0, of: 3 }, model: undefined, status: "planned" })
      )
      yield* runExperiment(swept, results)
      yield* fs.writeFileString(join(results, "small", runs[0]!.id, "manifest.json"), "{}")
      yield* fs.remove(join(results, "small", runs[1]!.id, "model", "decoder.onnx"))
      const { data } = yield* gathered()
      assert.deepStrictEqual(
        data.runs.map(({ model, status }) => ({ model, status })),
        [
          { model: undefined, status: "planned" },
          { model: undefined, status: "done" }
        ]
      )
    }).pipe(Effect.provide(platform))
  )
})
