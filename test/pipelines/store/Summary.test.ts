import { NodeServices } from "@effect/platform-node"
import { assert, describe, it as test, layer } from "@effect/vitest"
import { Effect, FileSystem, Option, Path, Stream } from "effect"
import { Csv } from "effect/encoding"
import * as Summary from "../../../src/pipelines/store/Summary.ts"
import type { SweepSummary, SummaryRow } from "../../../src/pipelines/store/SummaryRow.ts"
import * as SummaryTable from "../../../src/pipelines/store/SummaryTable.ts"
import * as Faulty from "../FaultyFileSystem.ts"

const row = (beta: number, changes: Partial<SummaryRow> = {}): SummaryRow => ({
  id: `${beta}`.padStart(12, "0"),
  parameters: { latent: 2, beta, hidden: [512, 256] },
  seed: 0,
  status: "done",
  directory: `${beta}`.padStart(12, "0"),
  metrics: { "train/loss": 150.126, "test/loss": 152.3, "test/kl": 6.0151 },
  ...changes
})

const summary: SweepSummary = {
  experiment: "beta-sweep",
  runs: [
    row(0),
    row(12, { directory: "../other/000000000012", reference: { "test/loss": 151.9, source: "table 2" } }),
    row(200, { status: "failed", metrics: { "test/kl": 1e-5 }, error: 'diverged, "NaN" | at\nstep 7' })
  ]
}

const parse = (csv: string) =>
  Effect.map(
    Stream.runCollect(Stream.make(csv).pipe(Stream.pipeThroughChannel(Csv.decodeString({ headers: true })))),
    (rows) => [...rows]
  )

describe("SummaryTable", () => {
  test("plain: varying parameters, metrics with their own decimals, reported values, seed, id, status", () => {
    assert.strictEqual(
      SummaryTable.plain({ ...summary, runs: summary.runs.slice(0, 2) }),
      [
        "beta  train/loss  test/loss  test/kl  test/loss (reported)  source (reported)  seed  id            status",
        "   0      150.13     152.30    6.015                                              0  000000000000  done",
        "  12      150.13     152.30    6.015                151.90            table 2     0  000000000012  done"
      ].join("\n")
    )
  })

  test("plain omits the last metrics if the line is too narrow, and names them", () => {
    const lines = SummaryTable.plain({ ...summary, runs: summary.runs.slice(0, 2) }, 50).split("\n")
    assert.strictEqual(lines[0], "beta  train/loss  seed  id            status")
    assert.strictEqual(lines[3], "summary.md also has test/loss, test/kl, test/loss (reported), source (reported)")
    assert.include(SummaryTable.plain(summary, 1).split("\n")[0]!, "beta")
  })

  test("plain names the errors of failed runs", () => {
    assert.include(SummaryTable.plain(summary), '000000000200: diverged, "NaN"')
  })

  test("markdown: a table, common parameters, links to folders, errors", () => {
    const lines = SummaryTable.markdown(summary).split("\n")
    assert.strictEqual(lines[0], "# beta-sweep")
    assert.include(lines, "In every run: latent = 2, hidden = 512-256.")
    assert.include(
      lines,
      "| beta | train/loss | test/loss | test/kl | test/loss (reported) | source (reported) | seed | id | status |"
    )
    assert.include(lines, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |")
    assert.include(
      lines,
      "| 12 | 150.13 | 152.30 | 6.015 | 151.90 | table 2 | 0 | [000000000012](../other/000000000012) | done |"
    )
    assert.include(lines, "| 200 |  |  | 1.00e-5 |  |  | 0 | [000000000200](000000000200) | failed |")
    assert.include(lines, '- 000000000200: diverged, "NaN" \\| at step 7')
  })

  test("tables of one run and of none", () => {
    assert.strictEqual(
      SummaryTable.plain({ experiment: "one", runs: [row(1)] }),
      [
        "train/loss  test/loss  test/kl  seed  id            status",
        "    150.13     152.30    6.015     0  000000000001  done"
      ].join("\n")
    )
    assert.include(SummaryTable.markdown({ experiment: "one", runs: [row(1)] }), "In every run: latent = 2, beta = 1")
    assert.strictEqual(SummaryTable.plain({ experiment: "none", runs: [] }), "seed  id  status")
  })

  test("rounds to decimals, and keeps the magnitude of very small or large numbers", () => {
    assert.deepStrictEqual(
      [0, -0.004, 0.0403, 104.499, 1e6, -2.19e-6, Number.NaN, -Infinity, "0.1 to 0.2", undefined].map((value) =>
        SummaryTable.numberText(value, 2)
      ),
      ["0.00", "-0.00400", "0.0403", "104.50", "1.00e+6", "-2.19e-6", "NaN", "-Infinity", "0.1 to 0.2", ""]
    )
  })
})

describe("Summary", () => {
  layer(NodeServices.layer)((it) => {
    const folder = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "summary-" }))

    it.effect("csv: quotes where necessary and does not round", () =>
      Effect.gen(function* () {
        const rows = yield* parse(yield* Summary.csv(summary))
        assert.strictEqual(rows.length, 3)
        assert.deepStrictEqual(rows[1], {
          id: "000000000012",
          seed: "0",
          status: "done",
          directory: "../other/000000000012",
          latent: "2",
          beta: "12",
          hidden: "512-256",
          "train/loss": "150.126",
          "test/loss": "152.3",
          "test/kl": "6.0151",
          "test/loss (reported)": "151.9",
          "source (reported)": "table 2",
          error: ""
        })
        assert.strictEqual(rows[2]!["error"], 'diverged, "NaN" | at\nstep 7')
        assert.strictEqual(rows[2]!["train/loss"], "")
      })
    )

    it.effect("json: exactly the documented keys", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const directory = yield* folder
        yield* Summary.write(directory, summary)
        assert.deepStrictEqual((yield* fs.readDirectory(directory)).sort(), [
          "summary.csv",
          "summary.json",
          "summary.md"
        ])
        const json = JSON.parse(yield* fs.readFileString(join(directory, "summary.json")))
        assert.deepStrictEqual(Object.keys(json), ["experiment", "runs"])
        assert.deepStrictEqual(Object.keys(json.runs[0]), [
          "id",
          "parameters",
          "seed",
          "status",
          "directory",
          "metrics"
        ])
        assert.deepStrictEqual(json, JSON.parse(JSON.stringify(summary)))
        assert.deepStrictEqual(Option.getOrThrow(yield* Summary.read(directory)), summary)
      })
    )

    it.effect("after any failed write, every file is the complete old or new one", () =>
      Effect.gen(function* () {
        const real = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const other = { ...summary, runs: summary.runs.slice(0, 1) }
        for (let at = 1; at <= 13; at++) {
          const directory = yield* folder
          yield* Summary.write(directory, other)
          const { fileSystem } = Faulty.make(real, { at, code: "ENOSPC", forever: true })
          const written = yield* Summary.write(directory, summary).pipe(
            Effect.provideService(FileSystem.FileSystem, fileSystem),
            Effect.option
          )
          // Three files of four operations each.
          assert.strictEqual(Option.isSome(written), at > 12)
          const expected = at > 12 ? summary : other
          assert.deepStrictEqual(Option.getOrThrow(yield* Summary.read(directory)), expected)
          const csv = yield* real.readFileString(join(directory, "summary.csv"))
          assert.include([yield* Summary.csv(summary), yield* Summary.csv(other)], csv)
        }
      })
    )
  })
})
