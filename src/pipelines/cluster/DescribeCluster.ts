/**
 * What `exp cluster status` prints.
 */
import { duration } from "../console/Progress.ts"
import * as Columns from "../store/Columns.ts"
import { type SweepState, type WorkerState } from "./Sweeps.ts"

const wordOf = (sweep: SweepState): string => {
  if (sweep.queued + sweep.leased > 0) return sweep.cancelled ? "stopping" : "running"
  return sweep.cancelled ? "cancelled" : "ended"
}

/** A table of sweeps and one of machines. */
export const describe = (sweeps: ReadonlyArray<SweepState>, workers: ReadonlyArray<WorkerState>): string => {
  const count = (header: string, of: (sweep: SweepState) => number) => ({
    header,
    cells: sweeps.map((sweep) => String(of(sweep))),
    right: true
  })
  const table =
    sweeps.length === 0
      ? ["no sweeps"]
      : Columns.lines([
          { header: "sweep", cells: sweeps.map(({ id }) => id) },
          { header: "", cells: sweeps.map(wordOf) },
          count("queued", ({ queued }) => queued),
          count("running", ({ leased }) => leased),
          count("done", ({ done }) => done),
          count("failed", ({ failed }) => failed),
          count("cancelled", ({ cancelledRuns }) => cancelledRuns),
          { header: "submitted", cells: sweeps.map(({ age }) => `${duration(age)} ago`), right: true }
        ])
  const machines =
    workers.length === 0
      ? ["no machines; on each machine: exp worker --cluster ADDRESS"]
      : Columns.lines([
          { header: "machine", cells: workers.map(({ id }) => id) },
          {
            header: "",
            cells: workers.map((worker) => (worker.alive ? "alive" : `silent for ${duration(worker.silent)}`))
          },
          { header: "runs", cells: workers.map(({ runs, slots }) => `${runs}/${slots}`), right: true },
          { header: "", cells: workers.map(({ note }) => note ?? "") }
        ])
  return [...table, "", ...machines].map((line) => line.trimEnd()).join("\n")
}
