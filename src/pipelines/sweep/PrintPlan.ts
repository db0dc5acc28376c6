/**
 * Prints the plan of an experiment (`--plan`): the runs, their ids and status, and an estimate of the remaining time.
 */
import { Console, Effect, Option } from "effect"
import { lengthInWords } from "../../core/Training.ts"
import type { Located } from "../../core/Dataset.ts"
import { Engine } from "../../core/Engine.ts"
import type { Experiment } from "../../core/Experiment.ts"
import * as Estimate from "./Estimate.ts"
import * as LoadData from "../plan/LoadData.ts"
import { dataSources, plan, type PlannedRun, runCount } from "../plan/Plan.ts"
import * as Stacks from "./Stacks.ts"
import { duration } from "../console/Progress.ts"
import { RunStore } from "../store/RunStore.ts"
import * as LiveStatus from "../store/LiveStatus.ts"

/** Placeholder for a dataset that would have to be downloaded first, which a plan does not do. */
const notYetHere: Located = { source: "download", location: "a download", digest: "known after the download" }

/** `about 3m 20s` of training, where it could be measured. */
const about = (seconds: number | undefined): string => (seconds === undefined ? "" : `about ${duration(seconds)}`)

/** Which runs are trained as one program, one line per program. */
const stackLines = Effect.fnUntraced(function* (runs: ReadonlyArray<PlannedRun>, asked: "auto" | number) {
  const { spec } = yield* Engine
  const most = Stacks.sizeFor(asked, spec)
  if (most === 1 || runs.length === 0) return []
  const groups = yield* Stacks.group(
    runs.map((planned) => ({ planned })),
    most
  )
  const named = groups.map((members) => members.map(({ planned: { id, label } }) => (label === "" ? id : label)))
  return [
    `\ntrained as ${groups.length === 1 ? "1 program" : `${groups.length} programs`} on ${spec._tag}:`,
    ...named.map((labels) => `  ${labels.join(", ")}${labels.length === 1 ? " (alone)" : ""}`)
  ]
})

/** Prints the plan of an experiment: one line per run, as soon as its time is known. */
export const printPlan = Effect.fn("PrintPlan.printPlan")(function* (
  experiment: Experiment<any>,
  stack: "auto" | number
) {
  const store = yield* RunStore
  const runs = yield* plan(experiment, ({ peek }) => Effect.map(peek, (located) => located ?? notYetHere))
  const estimate = Estimate.make(yield* LoadData.make)
  const width = Math.max(0, ...runs.map(({ label }) => label.length))
  const times: Array<number | undefined> = []
  const toDo: Array<PlannedRun> = []
  for (const planned of runs) {
    const here = planned.located !== notYetHere
    const found = here ? yield* store.find(planned.id, planned.experiment) : Option.none()
    const status = Option.isSome(found) ? yield* LiveStatus.liveStatus(store.directory, found.value.manifest) : "to do"
    const seconds = here && status !== "done" ? yield* estimate(planned) : undefined
    if (status !== "done") {
      times.push(seconds)
      toDo.push(planned)
    }
    const id = here ? planned.id : "(after download)"
    const epochs = lengthInWords(planned.training)
    const parts = [id, planned.label.padEnd(width), epochs, status, about(seconds)]
    yield* Console.log(parts.filter((part) => part !== "").join("  "))
  }
  for (const line of yield* stackLines(toDo, stack)) yield* Console.log(line)
  const known = times.filter((seconds) => seconds !== undefined)
  const total = known.reduce((sum, seconds) => sum + seconds, 0)
  const unknown = times.length - known.length
  const left = [
    `${times.length} to do`,
    ...(known.length === 0 ? [] : [`${about(total)} of training on this machine, measured by a few steps`]),
    ...(unknown === 0 ? [] : [`no estimate of ${runCount(Array(unknown))} whose data is not here yet`])
  ]
  yield* Console.log(
    `\n${runCount(runs)}, ${times.length === 0 ? "all done" : left.join(", ")}; data: ${dataSources(runs).join(", ")}`
  )
})
