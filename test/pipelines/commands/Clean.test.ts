import { assert, describe, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Experiment } from "../../../src/index.ts"
import type { Status } from "../../../src/pipelines/store/Manifest.ts"
import { runExperiment, storeOf } from "../Sandbox.ts"
import { copy, exp, expWith, files, shared, small, Sweep, terminalWith } from "./Calls.ts"

/** The run at a folder, given another status by the store itself. */
const stand = (results: string, id: string, status: Status) =>
  Effect.gen(function* () {
    const run = yield* (yield* storeOf(results)).open("small", id)
    const manifest = Option.getOrThrow(yield* run.manifest)
    yield* run.writeManifest({ ...manifest, status })
  }).pipe(Effect.scoped)

const everything = (folder: string) => Effect.flatMap(files, (fs) => fs.readDirectory(folder, { recursive: true }))

describe("exp clean", () => {
  layer(
    Sweep.layer,
    shared
  )((it) => {
    it.effect("finds nothing to remove if all runs are finished", () =>
      Effect.gen(function* () {
        const { results } = yield* copy
        const before = yield* everything(results)
        const { code, output } = yield* exp("clean", "--yes", "--results", results)
        assert.match(output, /^nothing to remove in .*; --finished lists finished runs too$/)
        assert.strictEqual(code, 0)
        assert.deepStrictEqual(yield* everything(results), before)
      })
    )

    it.effect("only lists without a terminal", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        yield* stand(results, ids[0], "failed")
        const before = yield* everything(results)
        const { code, output } = yield* exp("clean", "--results", results)
        assert.match(output, new RegExp(`small/${ids[0]} +failed at epoch 3 of 3 +\\d+ files +\\d+(\\.\\d)? kB`))
        assert.include(output, "nothing was removed: without a terminal")
        assert.strictEqual(code, 0)
        assert.deepStrictEqual(yield* everything(results), before)
      })
    )

    it.effect("asks on a terminal, and accepts no", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const fs = yield* files
        yield* stand(results, ids[0], "interrupted")
        const no = yield* expWith(terminalWith("n"), "clean", "--results", results)
        assert.match(no.output, /interrupted at epoch 3 of 3[^]*nothing was removed$/)
        assert.isTrue(yield* fs.exists(folders[0]))
        const yes = yield* expWith(terminalWith("y"), "clean", "--results", results)
        assert.match(yes.output, /removed$/)
        assert.isFalse(yield* fs.exists(folders[0]))
        assert.isTrue(yield* fs.exists(folders[1]))
      })
    )

    it.effect("removes unfinished runs, attempts that were set aside and temporary files", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const fs = yield* files
        yield* stand(results, ids[0], "running")
        const single = small.pipe(Experiment.override<any>([{ beta: 4 }], ["beta"]))
        yield* runExperiment(single, results, { force: true })
        const leftover = `${folders[1]}/figures/.curves.png.0123456789ab.tmp`
        yield* fs.writeFileString(leftover, "half a pict")
        yield* fs.makeDirectory(`${results}/small/${"0".repeat(12)}/checkpoints`, { recursive: true })
        const { output } = yield* exp("clean", "small", "--yes", "--results", results)
        assert.match(output, new RegExp(`small/${ids[0]} +killed at epoch 3 of 3`))
        assert.match(output, new RegExp(`small/${ids[1]}\\.attempt-1 +set aside, done`))
        assert.match(output, new RegExp(`small/${ids[1]} +left by a killed write +1 file`))
        assert.match(output, /small\/0{12} +without a manifest +0 files/)
        const left = (yield* fs.readDirectory(`${results}/small`)).filter((name) => /^[0-9a-f]{12}/.test(name))
        assert.deepStrictEqual(left, [ids[1]])
        assert.isFalse(yield* fs.exists(leftover))
        assert.isTrue(yield* fs.exists(`${folders[1]}/manifest.json`))
      })
    )

    it.effect("removes finished runs only on request, and an experiment's folder after its last run", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const fs = yield* files
        assert.match((yield* exp("clean", ids[0], "--yes", "--results", results)).output, /^nothing to remove/)
        yield* exp("clean", ids[0], "--finished", "--yes", "--results", results)
        assert.isFalse(yield* fs.exists(folders[0]))
        assert.isTrue(yield* fs.exists(folders[1]))
        const { output } = yield* exp("clean", "--finished", "--yes", "--results", results)
        assert.match(output, /small +an experiment without runs/)
        assert.isFalse(yield* fs.exists(`${results}/small`))
        assert.isTrue(yield* fs.exists(results))
      })
    )

    it.effect("keeps and reports foreign files", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const fs = yield* files
        yield* stand(results, ids[0], "failed")
        const mine = ["notes.md", "figures/holiday.jpg", "checkpoints/mine.safetensors"]
        for (const name of mine) yield* fs.writeFileString(`${folders[0]}/${name}`, "mine")
        const { output } = yield* exp("clean", "--yes", "--results", results)
        for (const name of mine) {
          assert.include(output, `small/${ids[0]}/${name} does not belong to this program`)
          assert.strictEqual(yield* fs.readFileString(`${folders[0]}/${name}`), "mine")
        }
        const left = yield* everything(folders[0])
        assert.sameMembers([...left], [...mine, "checkpoints", "figures"])
      })
    )

    it.effect("follows no links", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const fs = yield* files
        yield* stand(results, ids[0], "failed")
        yield* stand(results, ids[1], "failed")
        const outside = `${results}/../outside`
        yield* fs.makeDirectory(outside)
        // The folder of a run, a folder within one, and an experiment are links to what looks just like them.
        yield* fs.rename(folders[0], `${outside}/run`)
        yield* fs.symlink(`${outside}/run`, folders[0])
        yield* fs.rename(`${folders[1]}/checkpoints`, `${outside}/checkpoints`)
        yield* fs.symlink(`${outside}/checkpoints`, `${folders[1]}/checkpoints`)
        yield* fs.copy(`${outside}/run`, `${outside}/other/${ids[0]}`)
        yield* fs.symlink(`${outside}/other`, `${results}/other`)
        const before = yield* everything(outside)
        const { output } = yield* exp("clean", "--finished", "--yes", "--results", results)
        assert.include(output, `small/${ids[0]} is behind a link`)
        assert.include(output, "other is behind a link")
        assert.include(output, `small/${ids[1]}/checkpoints does not belong to this program`)
        assert.deepStrictEqual(yield* everything(outside), before)
        assert.deepStrictEqual(yield* fs.readDirectory(folders[1]), ["checkpoints"])
      })
    )

    it.effect("never touches a run that is being trained", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        yield* stand(results, ids[0], "running")
        const before = yield* everything(folders[0])
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* (yield* storeOf(results)).open("small", ids[0])
            const { output } = yield* exp("clean", "--yes", "--results", results)
            assert.match(output, /^nothing to remove/)
            assert.match(output, new RegExp(`small/${ids[0]} is being trained by process \\d+`))
          })
        )
        assert.deepStrictEqual(yield* everything(folders[0]), before)
        assert.match((yield* exp("clean", "--results", results)).output, /killed at epoch/)
      })
    )

    it.effect("keeps a run with an unreadable manifest", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const fs = yield* files
        yield* fs.writeFileString(`${folders[0]}/manifest.json`, "{")
        const { output } = yield* exp("clean", "--finished", "--yes", "--results", results)
        assert.include(output, `small/${ids[0]} has a manifest that cannot be read`)
        assert.isTrue(yield* fs.exists(`${folders[0]}/checkpoints`))
        assert.isFalse(yield* fs.exists(folders[1]))
      })
    )
  })
})
