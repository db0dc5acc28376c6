/**
 * What `--plan` prints: the runs, their ids, which of them are done, and how long the others may take. Does nothing else.
 */
import { Console, DateTime, Effect, Option } from "effect"
import type { Located } from "../core/Dataset.ts"
import type { Experiment } from "../core/Experiment.ts"
import type { Manifest } from "./Manifest.ts"
import { countOf, plan, sourcesOf } from "./Plan.ts"
import { duration } from "./Progress.ts"
import { RunStore } from "./RunStore.ts"

/** Stands where a dataset would have to be fetched first, which a plan does not do. */
const notYetHere: Located = { source: "download", location: "a download", digest: "known after the download" }

/** Seconds an epoch that a finished run took. */
const secondsPerEpoch = ({ ended, started, status }: Manifest, epochs: number): ReadonlyArray<number> =>
  status === "done" && ended !== undefined
    ? [(DateTime.toEpochMillis(ended) - DateTime.toEpochMillis(started)) / 1000 / epochs]
    : []

/** Prints the plan of an experiment. */
export const describePlan = Effect.fn("DescribePlan.describePlan")(function* (experiment: Experiment<any>) {
  const store = yield* RunStore
  const runs = yield* plan(experiment, ({ peek }) => Effect.map(peek, (located) => located ?? notYetHere))
  const found = yield* Effect.forEach(runs, (planned) =>
    planned.located === notYetHere ? Effect.succeedNone : store.find(planned.id, planned.experiment)
  )
  const manifests = found.map(Option.map(({ manifest }) => manifest))
  const width = Math.max(0, ...runs.map(({ label }) => label.length))
  for (const [index, planned] of runs.entries()) {
    const id = planned.located === notYetHere ? "(after download)" : planned.id
    const status = Option.match(manifests[index]!, { onNone: () => "to do", onSome: (manifest) => manifest.status })
    const epochs = `${planned.training.epochs} epochs`
    yield* Console.log([id, planned.label.padEnd(width), epochs, status].filter((part) => part !== "").join("  "))
  }
  const speeds = runs.flatMap(({ training }, index) =>
    Option.match(manifests[index]!, {
      onNone: () => [],
      onSome: (manifest) => secondsPerEpoch(manifest, training.epochs)
    })
  )
  const open = runs.filter((_, index) => !manifests[index]!.pipe(Option.exists(({ status }) => status === "done")))
  const epochs = open.reduce((sum, { training }) => sum + training.epochs, 0)
  const mean = speeds.reduce((sum, seconds) => sum + seconds, 0) / speeds.length
  const estimate =
    open.length === 0
      ? "all done"
      : speeds.length === 0
        ? `${epochs} epochs to do; the time is known once a run is done`
        : `${epochs} epochs to do, about ${duration(epochs * mean)} at the speed of the runs that are done`
  yield* Console.log(`\n${countOf(runs)}, ${estimate}; data: ${sourcesOf(runs).join(", ")}`)
})
