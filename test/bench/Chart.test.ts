import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chart } from "../../bench/Chart.ts"
import { compile } from "../../src/pipelines/figures/RenderFigure.ts"
import type { Results } from "../../bench/Results.ts"

const spread = (median: number) => ({ median, least: 0.9 * median, greatest: 1.2 * median })

const results: Results = {
  date: "2026-03-01T10:00",
  machine: { cpu: "A CPU", cores: 2, threads: 2, memoryGiB: 24, platform: "linux", loadBefore: [], loadAfter: [] },
  rounds: 5,
  versions: {},
  startSeconds: {},
  steps: [
    {
      program: "dense",
      title: "A VAE",
      batch: 128,
      agreementSteps: 100,
      gigaOperations: 0.7,
      rows: [
        { competitor: "native", status: "measured", ratio: spread(1) },
        { competitor: "jax", status: "measured", ratio: spread(1.5) },
        { competitor: "torch-eager", status: "void", reason: "its loss is 3", ratio: spread(0.1) }
      ]
    },
    { program: "alone", title: "Alone", batch: 1, agreementSteps: 1, gigaOperations: 1, rows: [] }
  ],
  runs: []
}

describe("the bench's chart", () => {
  it.effect("shows the measured ratios, and omits programs without measurements", () =>
    Effect.gen(function* () {
      const figure = chart(results)
      const { warnings } = yield* compile(figure)
      assert.deepStrictEqual(warnings, [])
      const panels = figure.view["vconcat"] as unknown as ReadonlyArray<{ data: { values: ReadonlyArray<object> } }>
      assert.strictEqual(panels.length, 1)
      assert.deepStrictEqual(panels[0]!.data.values, [
        { library: "this project, native", ours: true, ...spread(1) },
        { library: "JAX jit, donated buffers, optax", ours: false, ...spread(1.5) }
      ])
      assert.include(figure.caption, "JAX jit, donated buffers, optax 1.50")
      assert.include(figure.title, "2026-03-01 · A CPU, 2 threads")
    })
  )
})
