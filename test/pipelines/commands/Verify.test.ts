import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { changedFile, copy, edit, editJson, exp, file, files, flipBit, shared, Sweep } from "./Calls.ts"

const verify = (results: string, target: string, ...more: ReadonlyArray<string>) =>
  exp("verify", target, "--results", results, "--experiment", file, ...more)

describe("exp verify", () => {
  layer(
    Sweep.layer,
    shared
  )((it) => {
    it.effect("finds no fault in a sweep, evaluations included", () =>
      Effect.gen(function* () {
        const { results } = yield* copy
        const { code, output } = yield* verify(results, "small", "--evaluations")
        assert.strictEqual(code, 0, output)
        assert.notInclude(output, "FAILED")
        assert.strictEqual(output.match(/ok +numbers +test\/loss.*: identical bits/g)?.length, 2)
        assert.strictEqual(output.match(/ok +numbers +ElboTerms, numbers: identical bits/g)?.length, 2)
        assert.match(output, /2 runs verified, \d+ checks/)
        assert.isBelow(output.indexOf("beta=0"), output.indexOf("beta=4"))
      })
    )

    const edits: ReadonlyArray<readonly [field: string, change: (manifest: any) => void]> = [
      ["seed", (manifest) => (manifest.seed = 1)],
      ["parameters", (manifest) => (manifest.parameters.beta = 3)],
      ["specs", (manifest) => (manifest.specs.training.epochs = 2)],
      ["engine", (manifest) => (manifest.engine.threads += 1)],
      ["versions", (manifest) => (manifest.versions.effect = "3.0.0")],
      ["started", (manifest) => (manifest.started = "2020-01-01T00:00:00.000Z")],
      ["status", (manifest) => (manifest.status = "failed")],
      ["data", (manifest) => (manifest.data.digest = "0".repeat(64))],
      ["added", (manifest) => (manifest.added = 1)],
      ["host", (manifest) => delete manifest.host]
    ]
    it.effect.each(edits)("names the field %s of a manifest that was edited by hand", ([field, change]) =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        yield* editJson(`${folders[0]}/manifest.json`, change)
        const { code, output } = yield* verify(results, ids[0])
        assert.strictEqual(code, 1)
        assert.include(output, `FAILED   manifest     manifest.json: its field "${field}" does not match its digest`)
        assert.include(output, "ok       checkpoints")
      })
    )

    it.effect("reports a manifest of another format version or of another run", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        yield* editJson(`${folders[0]}/manifest.json`, (manifest) => (manifest.formatVersion = 99))
        const newer = yield* verify(results, ids[0])
        assert.match(newer.output, /FAILED +manifest +manifest\.json: its format is version 99/)
        assert.strictEqual(newer.code, 1)
        yield* (yield* files).copyFile(`${folders[1]}/manifest.json`, `${folders[0]}/manifest.json`)
        const foreign = yield* verify(results, ids[0])
        assert.include(foreign.output, `its manifest is that of run ${ids[1]}`)
        assert.strictEqual(foreign.code, 1)
      }).pipe(Effect.orDie)
    )

    it.effect("finds a flipped bit in a checkpoint, in codes, in a figure", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        yield* flipBit(`${folders[0]}/checkpoints/step-0000000012.safetensors`)
        yield* flipBit(`${folders[0]}/model/codes.safetensors`)
        yield* flipBit(`${folders[0]}/figures/curves.png`)
        const { code, output } = yield* verify(results, ids[0])
        assert.strictEqual(code, 1)
        assert.match(
          output,
          /FAILED +checkpoints +checkpoints\/step-0000000012\.safetensors: its content has the digest/
        )
        assert.match(output, /FAILED +checkpoints +there is no intact checkpoint of the last step, 12/)
        assert.match(output, /FAILED +model +model\/codes\.safetensors/)
        assert.match(output, /FAILED +evaluations +figures\/curves\.png: /)
        assert.match(output, /skipped +numbers +not computed again: the checkpoint/)
      })
    )

    it.effect("finds a checkpoint of another run, and a missing one", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const name = "checkpoints/step-0000000012.safetensors"
        const fs = yield* files
        yield* fs.copyFile(`${folders[1]}/${name}`, `${folders[0]}/${name}`)
        assert.include((yield* verify(results, ids[0])).output, `it belongs to run ${ids[1]}`)
        yield* fs.remove(`${folders[0]}/checkpoints`, { recursive: true })
        const { code, output } = yield* verify(results, ids[0])
        assert.strictEqual(code, 1)
        assert.match(output, /FAILED +checkpoints +there is no intact checkpoint/)
      }).pipe(Effect.orDie)
    )

    it.effect("finds a missing figure, and an evaluation with a wrong name", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const fs = yield* files
        yield* fs.remove(`${folders[0]}/figures/curves.png`)
        const gone = yield* verify(results, ids[0])
        assert.match(gone.output, /FAILED +evaluations +figures\/curves: a file is missing/)
        assert.strictEqual(gone.code, 1)
        const [evaluation] = yield* fs.readDirectory(`${folders[1]}/evaluations`)
        yield* editJson(`${folders[1]}/evaluations/${evaluation}`, (result) => (result.spec.more = 1))
        const changed = yield* verify(results, ids[1])
        assert.match(changed.output, /FAILED +evaluations +evaluations\/.*its spec is not that of/)
        assert.strictEqual(changed.code, 1)
      }).pipe(Effect.orDie)
    )

    it.effect("finds a changed metric of an evaluation with --evaluations", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        for (const name of yield* (yield* files).readDirectory(`${folders[0]}/evaluations`)) {
          yield* edit(
            `${folders[0]}/evaluations/${name}`,
            (text) => text.replace(/"test\/elbo": -/, '"test/elbo": -1') + " "
          )
        }
        assert.strictEqual((yield* verify(results, ids[0])).code, 0)
        const { code, output } = yield* verify(results, ids[0], "--evaluations")
        assert.match(output, /FAILED +numbers +ElboTerms, numbers: test\/elbo is -1\d+\.\d+ recorded, -\d+\.\d+ now/)
        assert.strictEqual(code, 1)
      }).pipe(Effect.orDie)
    )

    it.effect("finds a changed history, also if the summary was changed with it", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const [run] = folders
        yield* edit(`${run}/metrics.ndjson`, (text) => text.replace(/("epoch":3.*"test\/kl":)/, "$11"))
        const one = yield* verify(results, ids[0])
        assert.match(one.output, /FAILED +history +summary\.json differs from the last line of metrics\.ndjson/)
        yield* edit(`${run}/summary.json`, (text) => text.replace(/("test\/kl": )/, "$11"))
        const both = yield* verify(results, ids[0])
        assert.match(both.output, /ok +history/)
        assert.match(both.output, /FAILED +numbers +.*test\/kl is 1\d*\.\d+ recorded, \d+\.\d+ now/)
        assert.strictEqual(both.code, 1)
        yield* edit(`${run}/metrics.ndjson`, (text) => text.split("\n").toSpliced(1, 1).join("\n"))
        assert.match((yield* verify(results, ids[0])).output, /FAILED +history +metrics\.ndjson: epoch 2 is missing/)
      })
    )

    it.effect("finds an experiment's summary that differs from its runs", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        yield* editJson(`${results}/small/summary.json`, ({ runs }) => (runs[1].metrics["test/kl"] += 1))
        const { code, output } = yield* verify(results, "small")
        assert.match(output, new RegExp(`FAILED +summary +run ${ids[1]}: test/kl is`))
        assert.match(output, /1 of \d+ checks failed/)
        assert.strictEqual(code, 1)
      })
    )

    it.effect("reports the differing spec if the experiment's file has changed", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        const { code, output } = yield* exp("verify", ids[0], "--results", results, "--experiment", changedFile)
        assert.match(output, /FAILED +specs +model\.hidden is \[16\] in the manifest, \[24\] in the experiment's file/)
        assert.match(output, /skipped +numbers +not computed again: the experiment now describes another model/)
        assert.strictEqual(code, 1)
        const unknown = yield* exp("verify", ids[0], "--results", results)
        assert.match(
          unknown.output,
          /FAILED +specs +small: there is no such file in experiments\/; .*--experiment FILE/
        )
      })
    )

    it.effect("a quick version is planned from the full experiment's file", () =>
      Effect.gen(function* () {
        const { results } = yield* copy
        const made = yield* exp(file, "--quick", "--beta", "1", "--results", results)
        assert.strictEqual(made.code, 0, made.output)
        const { code, output } = yield* verify(results, "small-quick")
        assert.match(output, /ok +specs/)
        assert.match(output, /ok +numbers .*identical bits/)
        assert.strictEqual(code, 0, output)
      })
    )

    it.effect("requires numbers within a tolerance for another engine, and reports the difference", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        const { code, output } = yield* verify(results, ids[1], "--engine", "reference")
        assert.match(output, /note +setting +not as recorded: engine\._tag is OnnxRuntime before, Reference now/)
        assert.match(output, /(close|ok) +numbers +test\/loss/)
        assert.strictEqual(code, 0, output)
      })
    )
  })
})
