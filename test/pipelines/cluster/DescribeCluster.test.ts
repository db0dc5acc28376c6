/**
 * The text of `exp cluster status`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as DescribeCluster from "../../../src/pipelines/cluster/DescribeCluster.ts"
import type { RunningRun, SweepState, WorkerState } from "../../../src/pipelines/cluster/Sweeps.ts"

const sweep: SweepState = {
  id: "beta-sweep-0123456789ab",
  name: "beta-sweep",
  cancelled: false,
  age: 65,
  queued: 3,
  leased: 2,
  done: 6,
  failed: 1,
  cancelledRuns: 0
}
const progress: RunningRun["progress"] = {
  run: 1,
  runs: 1,
  label: "",
  epoch: 3,
  epochs: 10,
  fraction: 0.3,
  loss: 123.456,
  examplesPerSecond: 1000,
  secondsLeft: 80
}
const run: RunningRun = { run: "0123456789ab", experiment: "beta-sweep", seed: 4, worker: "ada/17-ab12", progress }
const worker: WorkerState = { id: "ada/17-ab12", slots: 2, runs: 1, silent: 1, alive: true, note: null }

describe("exp cluster status", () => {
  it("shows sweeps, the runs in training and workers", () => {
    const silent = { ...worker, id: "grace/9-cd34", runs: 0, silent: 75, alive: false, note: "grace refuses run 7" }
    const starting = { ...run, run: "ba9876543210", progress: null }
    const lines = DescribeCluster.describe([sweep], [run, starting], [worker, silent]).split("\n")
    const cells = lines.map((line) => line.split(/ {2,}/).filter((cell) => cell !== ""))
    assert.deepStrictEqual(cells, [
      ["sweep", "queued", "running", "done", "failed", "cancelled", "submitted"],
      ["beta-sweep-0123456789ab", "running", "3", "2", "6", "1", "0", "1m05s ago"],
      [],
      ["run", "worker", "epoch", "loss", "left"],
      ["0123456789ab", "beta-sweep seed=4", "ada/17-ab12", "3/10", "123.46", "1m20s"],
      ["ba9876543210", "beta-sweep seed=4", "ada/17-ab12"],
      [],
      ["worker", "runs"],
      ["ada/17-ab12", "alive", "1/2"],
      ["grace/9-cd34", "silent for 1m15s", "0/2", "grace refuses run 7"]
    ])
  })

  it("says what is missing, and how a sweep ended", () => {
    const none = DescribeCluster.describe([], [], [])
    assert.strictEqual(none, "no sweeps\n\nno workers; on each machine, run: exp worker --cluster ADDRESS")
    const states = [
      { ...sweep, cancelled: true },
      { ...sweep, cancelled: true, queued: 0, leased: 0 },
      { ...sweep, queued: 0, leased: 0 }
    ]
    const words = DescribeCluster.describe(states, [], []).split("\n").slice(1, 4)
    assert.deepStrictEqual(
      words.map((line) => line.split(/ {2,}/)[1]),
      ["stopping", "cancelled", "ended"]
    )
  })
})
