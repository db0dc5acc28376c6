import { assert, describe, it } from "@effect/vitest"
import {
  axesOf,
  commandOf,
  compare,
  csv,
  groupsOf,
  hasSeeds,
  metricsOf,
  runAt,
  sorted
} from "../../../../src/pipelines/report/page/Runs.ts"
import type { ReportData, RunData } from "../../../../src/pipelines/report/ReportData.ts"

const run = (id: string, seed: number, parameters: Record<string, string>, more: Partial<RunData> = {}): RunData => ({
  id,
  label: "",
  seed,
  status: "done",
  sentence: "ELBO −1 nats per image.",
  parameters,
  epochs: { done: 1, of: 1 },
  metrics: {},
  reference: {},
  command: "",
  made: [],
  exhibits: [],
  ...more
})

const report = (runs: ReadonlyArray<RunData>, varies: ReadonlyArray<string>): ReportData => ({
  format: "effect-vae report 1",
  experiment: "test",
  description: "",
  made: "2025-01-01T00:00:00.000Z",
  live: false,
  parameters: Object.keys(runs[0]!.parameters).map((name) => ({
    name,
    description: name,
    varies: varies.includes(name)
  })),
  runs,
  figures: []
})

describe("Runs", () => {
  it("sorts numbers by size, texts by letters, what is missing last either way", () => {
    const values = ["10", "9", "b", undefined, "a", "-1", "1e-3"]
    const order = (descending: boolean) => sorted(values, (value) => value, descending)
    assert.deepStrictEqual(order(false), ["-1", "1e-3", "9", "10", "a", "b", undefined])
    assert.deepStrictEqual(order(true), ["b", "a", "10", "9", "1e-3", "-1", undefined])
    assert.deepStrictEqual(sorted([Number.NaN, 2, 1], (value) => value, false).map(String), ["1", "2", "NaN"])
    assert.strictEqual(compare("", "0"), 1)
  })

  it("has one command for the seeds of a group", () => {
    const seeds = [1, -2].map((seed) => run(`${seed}`, seed, {}, { command: `pnpm run exp x --seed ${seed}` }))
    assert.strictEqual(commandOf(groupsOf(seeds)[0]!), "pnpm run exp x --seed 1,-2")
  })

  it("puts runs that differ by their seeds alone into groups", () => {
    const runs = [
      run("a", 1, { beta: "1", size: "2" }),
      run("b", 1, { beta: "4", size: "2" }),
      run("c", 2, { size: "2", beta: "1" })
    ]
    assert.deepStrictEqual(
      groupsOf(runs).map(({ runs }) => runs.map(({ id }) => id)),
      [["a", "c"], ["b"]]
    )
    assert.isTrue(hasSeeds(runs))
    assert.isFalse(hasSeeds(runs.slice(0, 2)))
  })

  it("names test metrics first", () => {
    const metrics = { "train/loss": 1, "test/loss": 2, epochs: 3, "test/kl": 4 }
    assert.deepStrictEqual(metricsOf([run("a", 0, {}, { metrics })]), ["test/loss", "test/kl", "train/loss", "epochs"])
  })

  it("goes along an axis to the run that differs in as little else as possible", () => {
    const runs = [
      run("a", 0, { beta: "1", latent: "2" }),
      run("b", 0, { beta: "10", latent: "2" }),
      run("c", 0, { beta: "9", latent: "2" }),
      run("d", 0, { beta: "10", latent: "5" })
    ]
    const axes = axesOf(report(runs, ["beta", "latent"]))
    assert.deepStrictEqual(axes, [
      { name: "beta", values: ["1", "9", "10"] },
      { name: "latent", values: ["2", "5"] }
    ])
    const to = (from: RunData, axis: number, value: string) => runAt(runs, axes, from, axes[axis]!, value).id
    assert.strictEqual(to(runs[0]!, 0, "10"), "b")
    assert.strictEqual(to(runs[3]!, 0, "10"), "d")
    // There is no run with latent 5 and β = 1.
    assert.strictEqual(to(runs[0]!, 1, "5"), "d")
    assert.strictEqual(to(runs[0]!, 0, "77"), "a")
  })

  it("leaves words in the sweep's order", () => {
    const runs = ["softplus", "sigma", "10"].map((kind) => run(kind, 0, { kind }))
    assert.deepStrictEqual(axesOf(report(runs, ["kind"])), [{ name: "kind", values: ["softplus", "sigma", "10"] }])
  })

  it("has the seed as an axis where there are several", () => {
    const runs = [run("a", 1, { beta: "1" }), run("b", 10, { beta: "1" }), run("c", 9, { beta: "1" })]
    assert.deepStrictEqual(axesOf(report(runs, [])), [{ name: "seed", values: ["1", "9", "10"] }])
  })

  it("writes CSV that no spreadsheet takes for formulas or breaks at commas, quotes and lines", () => {
    const data = report(
      [
        run(
          "a",
          0,
          { name: '=HYPERLINK("http://x")', beta: "-1.5" },
          { metrics: { "test/loss": -2.5 }, error: "one,\ntwo" }
        ),
        run("b", 1, { name: "+1+1", beta: "2" }, { reference: { "test/loss": "about 3" } })
      ],
      ["name", "beta"]
    )
    assert.strictEqual(
      csv(data),
      [
        "id,seed,status,name,beta,test/loss,test/loss (reported),error",
        `a,0,done,"'=HYPERLINK(""http://x"")",-1.5,-2.5,,"one,\ntwo"`,
        "b,1,done,'+1+1,2,,about 3,",
        ""
      ].join("\r\n")
    )
  })
})
