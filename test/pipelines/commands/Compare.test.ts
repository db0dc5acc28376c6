import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { copy, exp, files, json, shared, Sweep } from "./Calls.ts"

describe("exp compare", () => {
  layer(
    Sweep.layer,
    shared
  )((it) => {
    it.effect("shows differences side by side, with the difference of numbers", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        const { code, output } = yield* exp("compare", ids[0], ids[1], "--results", results)
        assert.strictEqual(code, 0)
        assert.match(output, /\n {2}beta +0 +4 +\+4\n {2}the same: epochs, learningRate, seed\n/)
        assert.match(output, /\n {2}objective\.beta +0 +4 +\+4\n {2}the same: dataset, model, training\n/)
        const metrics = yield* Effect.forEach(folders, (folder) => json(`${folder}/summary.json`))
        const [left, right] = metrics.map((summary) => summary.metrics["test/kl"])
        const [, a, b, change] = /\n {2}test\/kl +(\S+) +(\S+) +(\S+)\n/.exec(output) ?? []
        assert.closeTo(Number(a), left, 1e-3)
        assert.closeTo(Number(b), right, 1e-3)
        assert.closeTo(Number(change), right - left, 1e-3)
        assert.notInclude(output, "identical bits")
      })
    )

    it.effect("finds only the folder to differ between a run and its copy", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        yield* (yield* files).copy(folders[0], `${folders[0]}.attempt-1`)
        const { output } = yield* exp("compare", ids[0], `${ids[0]}.attempt-1`, "--results", results)
        assert.notMatch(output, /\bA +B +B - A/)
        assert.match(output, /parameters and optimiser state at step 12: identical bits \(\d/)
        const { sections } = JSON.parse((yield* exp("compare", ids[0], ids[0], "--json", "--results", results)).output)
        for (const section of sections) assert.deepStrictEqual(section.differences, [])
      }).pipe(Effect.orDie)
    )

    it.effect("asks for a run of an experiment", () =>
      Effect.gen(function* () {
        const { ids, results } = yield* copy
        const { code, output } = yield* exp("compare", "small", ids[0], "--results", results)
        assert.include(output, `"small" is an experiment with 2 runs; give one of`)
        assert.match(output, /\(beta=0\).*\(beta=4\)|\(beta=4\).*\(beta=0\)/)
        assert.strictEqual(code, 2)
      })
    )

    it.effect("a run without a manifest cannot be compared", () =>
      Effect.gen(function* () {
        const { folders, ids, results } = yield* copy
        yield* (yield* files).remove(`${folders[0]}/manifest.json`)
        const { code, output } = yield* exp("compare", ids[0], ids[1], "--results", results)
        assert.include(output, "it has no manifest.json")
        assert.strictEqual(code, 1)
      }).pipe(Effect.orDie)
    )
  })
})
