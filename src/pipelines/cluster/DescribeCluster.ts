/**
 * The text of `exp cluster status`.
 */
import { duration } from "../console/Progress.ts"
import * as Columns from "../store/Columns.ts"
import type { RunningRun, SweepState, WorkerState } from "./Sweeps.ts"

const stateOf = (sweep: SweepState): string => {
  if (sweep.queued + sweep.leased > 0) return sweep.cancelled ? "stopping" : "running"
  return sweep.cancelled ? "cancelled" : "ended"
}

const sweepLines = (sweeps: ReadonlyArray<SweepState>): ReadonlyArray<string> => {
  if (sweeps.length === 0) return ["no sweeps"]
  const count = (header: string, of: (sweep: SweepState) => number) => ({
    header,
    cells: sweeps.map((sweep) => String(of(sweep))),
    right: true
  })
  return Columns.lines([
    { header: "sweep", cells: sweeps.map(({ id }) => id) },
    { header: "", cells: sweeps.map(stateOf) },
    count("queued", ({ queued }) => queued),
    count("running", ({ leased }) => leased),
    count("done", ({ done }) => done),
    count("failed", ({ failed }) => failed),
    count("cancelled", ({ cancelledRuns }) => cancelledRuns),
    { header: "submitted", cells: sweeps.map(({ age }) => `${duration(age)} ago`), right: true }
  ])
}

const runLines = (runs: ReadonlyArray<RunningRun>): ReadonlyArray<string> => {
  const cells = (of: (progress: NonNullable<RunningRun["progress"]>) => string) =>
    runs.map(({ progress }) => (progress === null ? "" : of(progress)))
  return Columns.lines([
    { header: "run", cells: runs.map(({ run }) => run) },
    { header: "", cells: runs.map(({ experiment, seed }) => `${experiment} seed=${seed}`) },
    { header: "worker", cells: runs.map(({ worker }) => worker ?? "") },
    { header: "epoch", cells: cells(({ epoch, epochs }) => `${epoch}/${epochs}`), right: true },
    { header: "loss", cells: cells(({ loss }) => loss.toFixed(2)), right: true },
    { header: "left", cells: cells(({ secondsLeft }) => duration(secondsLeft)), right: true }
  ])
}

const workerLines = (workers: ReadonlyArray<WorkerState>): ReadonlyArray<string> => {
  if (workers.length === 0) return ["no workers; on each machine, run: exp worker --cluster ADDRESS"]
  return Columns.lines([
    { header: "worker", cells: workers.map(({ id }) => id) },
    { header: "", cells: workers.map(({ alive, silent }) => (alive ? "alive" : `silent for ${duration(silent)}`)) },
    { header: "runs", cells: workers.map(({ runs, slots }) => `${runs}/${slots}`), right: true },
    { header: "", cells: workers.map(({ note }) => note ?? "") }
  ])
}

/** A table of sweeps, one of the runs in training and one of workers. */
export const describe = (
  sweeps: ReadonlyArray<SweepState>,
  runs: ReadonlyArray<RunningRun>,
  workers: ReadonlyArray<WorkerState>
): string =>
  [sweepLines(sweeps), runs.length === 0 ? [] : runLines(runs), workerLines(workers)]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join("\n"))
    .join("\n\n")
