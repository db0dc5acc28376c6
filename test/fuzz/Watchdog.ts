/**
 * Ends the process where a reader never gives control back: no time limit of the process's own could.
 */
import { Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"

export interface Watchdog {
  /** Says that seed `seed` begins. */
  readonly beat: (seed: number) => void
}

/** A thread of its own looks every second whether the seed has changed. */
const source = `
const { workerData: { beats, name, seconds } } = require("node:worker_threads")
let [last, since] = [-1, 0]
setInterval(() => {
  since = beats[0] === last ? since + 1 : 0
  last = beats[0]
  if (since < seconds) return
  require("node:fs").writeSync(2, name + ", seed " + last + ": takes for ever\\n")
  process.kill(process.pid, "SIGKILL")
}, 1000)
`

/** Watches until the scope closes. */
export const watch = (name: string, seconds = 60): Effect.Effect<Watchdog, never, Scope.Scope> =>
  Effect.gen(function* () {
    const beats = new Int32Array(new SharedArrayBuffer(4))
    yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(source, { eval: true, execArgv: [], workerData: { beats, name, seconds } })),
      (worker) => Effect.promise(() => worker.terminate())
    )
    return { beat: (seed) => void Atomics.store(beats, 0, seed) }
  })
