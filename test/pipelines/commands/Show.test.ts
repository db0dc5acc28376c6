import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { copy, editJson, exp, files, json, shared, Sweep } from "./Calls.ts"

describe("exp show", () => {
  layer(
    Sweep.layer,
    shared
  )((it) => {
    it.effect("an experiment: one aligned row per run, with common parameters above", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        const { code, output } = yield* exp("show", "small", "--results", results)
        assert.strictEqual(code, 0)
        assert.include(output, "small: 2 runs in ")
        assert.include(output, "in every run: epochs = 3, learningRate = 0.01")
        const [header, ...rows] = output.split("\n").slice(3, 6)
        assert.match(header!, /^beta +train\/loss .*test\/elbo.*seed +id +status$/)
        assert.match(rows[0]!, new RegExp(`^ +0 .*${ids[0]}  done$`))
        assert.match(rows[1]!, new RegExp(`^ +4 .*${ids[1]}  done$`))
        assert.strictEqual(header!.indexOf("id"), rows[0]!.indexOf(ids[0]))
        assert.include(output, "nats per image")
      })
    )

    it.effect("as JSON: the contents of the runs' files", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const table = JSON.parse((yield* exp("show", "small", "--json", "--results", results)).output)
        assert.deepStrictEqual(
          table.runs.map((run: any) => [run.id, run.status, run.parameters.beta]),
          [
            [ids[0], "done", 0],
            [ids[1], "done", 4]
          ]
        )
        const one = JSON.parse((yield* exp("show", ids[1], "--json", "--results", results)).output)
        const { digests: _digests, formatVersion: _version, ...manifest } = yield* json(`${folders[1]}/manifest.json`)
        assert.deepStrictEqual(one.manifest, manifest)
        assert.deepStrictEqual(one.metrics, table.runs[1].metrics)
        const { metrics } = yield* json(`${folders[1]}/summary.json`)
        assert.include(one.metrics, metrics)
        assert.deepStrictEqual(one.figures, ["curves"])
      })
    )

    it.effect("a run by any of its names", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const [, id] = ids
        const full = yield* exp("show", id, "--results", results)
        assert.strictEqual(full.code, 0)
        assert.match(full.output, new RegExp(`^run ${id} of small: done\n`))
        assert.match(full.output, /\n {2}beta +4\n[^]*\n {2}seed +0\n/)
        assert.match(full.output, /\n {2}test\/kl +\d+\.\d{4}\n/)
        assert.match(full.output, /objective +BetaElbo \(beta 4\)/)
        assert.match(full.output, /checkpoints\/ +\d files/)
        for (const name of [
          id.slice(0, 6),
          id.toUpperCase(),
          `small/${id.slice(0, 5)}`,
          folders[1],
          `${folders[1]}/`
        ]) {
          assert.strictEqual((yield* exp("show", name, "--results", results)).output, full.output, name)
        }
      })
    )

    it.effect("a run of another results folder, by its path", () =>
      Effect.gen(function* () {
        const [here, there] = [yield* copy, yield* copy]
        const { output } = yield* exp("show", there.folders[0], "--results", here.results)
        assert.include(output, there.folders[0])
        const table = yield* exp("show", `${there.results}/small`, "--results", here.results)
        assert.include(table.output, `2 runs in ${there.results}/small`)
      })
    )

    it.effect("shows what is readable if a manifest is damaged, a run is missing or the summary is missing", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        yield* editJson(`${folders[0]}/manifest.json`, (manifest) => (manifest.seed = 7))
        const broken = yield* exp("show", "small", "--results", results)
        assert.strictEqual(broken.code, 0)
        assert.match(broken.output, new RegExp(`${ids[0]}  unreadable`))
        assert.include(broken.output, `its field "seed" does not match its digest`)
        assert.match(broken.output, new RegExp(`${ids[1]}  done`))
        const fs = yield* files
        yield* fs.remove(folders[0], { recursive: true })
        assert.match(
          (yield* exp("show", "small", "--results", results)).output,
          new RegExp(`${ids[0]}  done, then removed`)
        )
        yield* fs.remove(`${results}/small/summary.json`)
        const { output } = yield* exp("show", "small", "--results", results)
        assert.notInclude(output, ids[0])
        assert.match(output, new RegExp(`test/elbo[^]*${ids[1]}  done`))
      }).pipe(Effect.orDie)
    )

    it.effect("refuses an unknown name, with the nearest name and the number of runs", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        const other = (digit: string) => (digit === "0" ? "1" : "0")
        const near = ids[0].slice(0, 11) + other(ids[0].slice(11))
        const cases: ReadonlyArray<readonly [string, string]> = [
          ["smal", 'Did you mean "small"? It holds 1 experiment (small) with 2 runs.'],
          [near, `Did you mean "${ids[0]}"?`],
          ["beta-sweep", 'the experiment "beta-sweep" has no runs in'],
          ["../nowhere", 'there is no experiment and no run "../nowhere"'],
          ["", 'there is no experiment and no run ""']
        ]
        for (const [word, words] of cases) {
          const { code, output } = yield* exp("show", word, "--results", results)
          assert.include(output, words)
          assert.strictEqual(code, 2)
        }
      })
    )

    it.effect("asks for more digits of an ambiguous prefix", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const twin = `${ids[0].slice(0, 6)}${"0".repeat(6)}`
        yield* (yield* files).copy(folders[0], `${results}/small/${twin}`)
        const { code, output } = yield* exp("show", ids[0].slice(0, 6), "--results", results)
        assert.match(output, new RegExp(`is the prefix of 2 runs: [^]*${ids[0]} of small[^]*give more digits`))
        assert.strictEqual(code, 2)
      }).pipe(Effect.orDie)
    )

    it.effect("an experiment's name takes precedence over an id", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const name = ids[0].slice(0, 4)
        yield* (yield* files).copy(folders[1], `${results}/${name}/${ids[1]}`)
        const { output } = yield* exp("show", name, "--results", results)
        assert.include(output, `${name}: 1 run in`)
      }).pipe(Effect.orDie)
    )

    it.effect("an experiment named like a command is run by its path, and shown by its name", () =>
      Effect.gen(function* () {
        const { results } = yield* copy
        const made = yield* exp("./test/pipelines/commands/ShowExperiment.ts", "--results", results)
        assert.strictEqual(made.code, 0, made.output)
        const { code, output } = yield* exp("show", "show", "--results", results)
        assert.include(output, `show: 1 run in ${results}/show`)
        assert.strictEqual(code, 0)
      })
    )

    it.effect("refuses a folder that is not a results folder", () =>
      Effect.gen(function* () {
        const { folders, results } = yield* copy
        const fs = yield* files
        const own = `${results}/../own`
        yield* fs.makeDirectory(own)
        yield* fs.writeFileString(`${own}/letter.txt`, "Dear Ada")
        const refusals: ReadonlyArray<readonly [string, RegExp]> = [
          [own, /is not a results folder: it contains no runs, but letter\.txt/],
          [`${own}/letter.txt`, /is not a folder/],
          [`${own}/nothing`, /does not exist/],
          [`${results}/small`, /is the folder of one experiment/],
          [folders[0], /is the folder of one run/]
        ]
        for (const [folder, message] of refusals) {
          for (const args of [
            ["show", "small"],
            ["compare", "a", "b"],
            ["verify", "small"],
            ["replay", "a"],
            ["clean"]
          ]) {
            const { code, output } = yield* exp(...args, "--results", folder)
            assert.match(output, message)
            assert.strictEqual(code, 2)
          }
        }
        const { code } = yield* exp("pytorch-example", "--plan", "--results", own)
        assert.strictEqual(code, 2)
        assert.deepStrictEqual(yield* fs.readDirectory(own), ["letter.txt"])
      }).pipe(Effect.orDie)
    )
  })
})
