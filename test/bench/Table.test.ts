import { assert, describe, it } from "@effect/vitest"
import { memoryOf } from "../../bench/ProcessMemory.ts"
import type { Results } from "../../bench/Results.ts"
import { markdown, summary, table } from "../../bench/Table.ts"

const spread = { median: 10.04, least: 9, greatest: 123.4 }

const results: Results = {
  date: "2026-03-01T10:00",
  machine: {
    cpu: "A CPU",
    cores: 2,
    threads: 2,
    memoryGiB: 24,
    platform: "linux",
    loadBefore: [0.1, 0, 0],
    loadAfter: [1, 1, 1]
  },
  rounds: 5,
  versions: { jax: { jax: "0.10.2" } },
  startSeconds: { jax: 1.234 },
  steps: [
    {
      program: "dense",
      title: "A VAE",
      batch: 128,
      agreementSteps: 100,
      gigaOperations: 0.7,
      productRate: 120,
      rows: [
        {
          competitor: "onnxruntime",
          status: "measured",
          step: spread,
          ratio: spread,
          productShare: 0.5,
          disagreement: 2e-5
        },
        { competitor: "jax", status: "void", reason: "its loss is 3", step: spread },
        { competitor: "tfjs-wasm", status: "skipped", reason: "no kernel" }
      ]
    }
  ],
  runs: []
}

describe("the bench's table", () => {
  it("is Markdown with right-aligned numbers", () => {
    assert.strictEqual(table(["a", "b"], [["1", "2"]]), "| a | b |\n| --- | ---: |\n| 1 | 2 |")
  })

  it("shows measurements; void and skipped rows are listed below with the reason", () => {
    const lines = markdown(results).split("\n")
    const row = lines.find((line) => line.startsWith("| this project, onnxruntime |"))!
    assert.include(row, "10.0 (9.00 to 123)")
    assert.include(row, "50 %")
    assert.include(row, "2e-5")
    assert.isUndefined(lines.find((line) => line.startsWith("| JAX")))
    assert.include(lines, "JAX jit, donated buffers, optax: void: its loss is 3")
    assert.include(lines, "TensorFlow.js wasm: skipped: no kernel")
  })
})

describe("a process's memory", () => {
  it("is read from /proc, in MiB", () => {
    const status = "Name:\tnode\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\nRssAnon:\t    1024 kB\n"
    assert.deepStrictEqual(memoryOf(status), { resident: 2, anonymous: 1, peak: 4 })
    assert.isUndefined(memoryOf("Name:\tnode\n"))
  })

  it("summarises the ratios in one table, with empty cells for missing measurements", () => {
    assert.deepStrictEqual(summary(results).split("\n"), [
      "| time / this project's time | A VAE |",
      "| --- | ---: |",
      "| this project, onnxruntime | 10.0 |",
      "| JAX jit, donated buffers, optax |  |",
      "| TensorFlow.js wasm |  |"
    ])
  })
})
