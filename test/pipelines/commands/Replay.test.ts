import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { changedFile, copy, edit, exp, file, files, shared, Sweep } from "./Calls.ts"

const replay = (results: string, target: string, ...more: ReadonlyArray<string>) =>
  exp("replay", target, "--results", results, "--experiment", file, ...more)

describe("exp replay", () => {
  layer(
    Sweep.layer,
    shared
  )((it) => {
    it.effect("gives identical bits, and keeps the new run in the given folder", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const into = `${results}/../into`
        const before = yield* (yield* files).readDirectory(results, { recursive: true })
        const { code, output } = yield* replay(results, ids[1], "--evaluations", "--into", into)
        assert.strictEqual(code, 0, output)
        assert.match(output, /ok +state +parameters and optimiser state after step 12: identical bits \(\d/)
        assert.match(output, /ok +history +3 epochs, identical bits/)
        assert.match(output, /ok +evaluation +ElboTerms: equal metrics and figure data/)
        assert.match(output, /ok +evaluation +Curves: equal metrics and figure data/)
        assert.include(output, `run ${ids[1]} replayed: identical bits`)
        assert.deepStrictEqual(yield* (yield* files).readDirectory(results, { recursive: true }), before)
        const compared = yield* exp("compare", folders[1], `${into}/small/${ids[1]}`, "--results", results)
        assert.include(compared.output, "identical bits")
        const again = yield* replay(results, ids[1], "--into", into)
        assert.match(again.output, /--into: .*is not empty/)
        assert.strictEqual(again.code, 2)
      }).pipe(Effect.orDie)
    )

    it.effect("reports from which epoch and by how much a history differs", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        yield* edit(`${folders[0]}/metrics.ndjson`, (text) => text.replace(/("epoch":2.*"train\/loss":)/, "$11"))
        const { code, output } = yield* replay(results, ids[0])
        assert.match(output, /ok +state/)
        assert.match(
          output,
          /FAILED +history +1 of 3 epochs differ, from epoch 2 on, most in epoch 2: train\/loss is 1\d+/
        )
        assert.match(output, /was not reproduced: 1 comparison failed/)
        assert.strictEqual(code, 1)
      })
    )

    it.effect("with another engine requires numbers within the tolerance, and reports the difference", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        const { code, output } = yield* replay(results, ids[1], "--engine", "reference")
        assert.match(output, /note +setting +not as recorded: engine\._tag is OnnxRuntime before, Reference now/)
        assert.match(output, /note +state +.* tensors differ: .* by up to/)
        assert.match(output, /close +history +.*within 0\.01/)
        assert.include(output, "not the same bits, but the metrics of every epoch within 0.01")
        assert.strictEqual(code, 0, output)
      })
    )

    it.effect("refuses an unfinished run", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        const failing = yield* exp(file, "--beta", "1", "--learning-rate", "1e30", "--results", results)
        assert.strictEqual(failing.code, 1)
        const names = yield* (yield* files).readDirectory(`${results}/small`)
        const failed = names.find((name) => /^[0-9a-f]{12}$/.test(name) && !ids.includes(name))!
        const { code, output } = yield* replay(results, failed)
        assert.include(output, 'its status is "failed", so there is no final state to compare with')
        assert.strictEqual(code, 1)
      }).pipe(Effect.orDie)
    )

    it.effect("refuses what it cannot replay, before training", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const changed = yield* exp("replay", ids[0], "--results", results, "--experiment", changedFile)
        assert.match(changed.output, /cannot be replayed: model\.hidden is \[16\] in the manifest, \[24\]/)
        assert.strictEqual(changed.code, 1)
        yield* edit(`${folders[0]}/manifest.json`, (text) => text.replace('"seed": 0', '"seed": 1'))
        const edited = yield* replay(results, ids[0])
        assert.include(edited.output, 'its field "seed" does not match its digest')
        assert.strictEqual(edited.code, 1)
        assert.notInclude(changed.output + edited.output, "epoch:")
      })
    )
  })
})
