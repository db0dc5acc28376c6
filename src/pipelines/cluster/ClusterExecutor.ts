/**
 * RunExecutor on other machines: submits the sweep, shows the progress of its runs and fetches their files.
 *
 * Laws: a run that is complete in the results folder is not submitted; a run is done when its files are in the results
 * folder and have their digests; the sweep continues after this process exits, and the same command attaches to it again.
 */
import { Deferred, Duration, Effect, type FileSystem, Layer, type Path, Scope } from "effect"
import { type ProgressBar, Progress } from "../console/Progress.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import * as CodeDigest from "../plan/CodeDigest.ts"
import * as RunDescription from "../plan/RunDescription.ts"
import type { StoreError } from "../files/StoreError.ts"
import { RunStore } from "../store/RunStore.ts"
import { Outcome, RunExecutor, type RunRequest } from "../sweep/RunExecutor.ts"
import * as ExecuteRun from "../sweep/ExecuteRun.ts"
import type { Artifacts } from "./Artifacts.ts"
import type { ClusterError } from "./ClusterError.ts"
import { Database } from "./Database.ts"
import * as RunFiles from "./RunFiles.ts"
import { idOf, type RunState, Sweeps } from "./Sweeps.ts"

/** Time between two polls of the runs. */
const interval = Duration.seconds(1)

/** Each poll reads changes from this many seconds before the last one: transactions do not commit in the order of their times. */
const overlap = 20

/** A submitted run. */
interface Watched {
  readonly ended: Deferred.Deferred<RunState, ClusterError>
  /** Shows the progress of the run; does nothing until the run is awaited. */
  show: (state: RunState) => Effect.Effect<void>
}

export interface SubmitOptions {
  /** Name of the sweep. */
  readonly experiment: string
  readonly runs: ReadonlyArray<PlannedRun>
  /** The experiment's file, relative to the folder that the command runs in. */
  readonly file: string
  /** Whether a run resumes only on an engine with the same bits. */
  readonly exact: boolean
}

const hasEnded = ({ state }: RunState): boolean => state === "done" || state === "failed" || state === "cancelled"

/** Shows the progress of a run in a bar: each change of worker once, and each epoch once. */
const progressDisplay = (
  bar: ProgressBar,
  { planned, position }: RunRequest,
  line: (text: string) => Effect.Effect<void>
) => {
  let token = -1
  let epoch = -1
  const title = [`run ${position.run} of ${position.runs}`, planned.label].filter((part) => part !== "").join(" · ")
  return Effect.fnUntraced(function* (state: RunState) {
    const { progress, summary, worker } = state
    if (worker === null) return
    if (state.token !== token) {
      if (token >= 0) yield* line(`${title} · continues at ${worker}`)
      token = state.token
      yield* bar.note(`${title} · ${worker}`)
    }
    if (progress === null) return
    const here = {
      ...progress,
      ...position,
      label: [planned.label, `at ${worker}`].filter((part) => part !== "").join(" · ")
    }
    yield* bar.update(here)
    if (summary === null || progress.epoch === epoch) return
    epoch = progress.epoch
    yield* bar.epoch(here, summary)
  })
}

const make = Effect.fnUntraced(function* ({ exact, experiment, file, runs }: SubmitOptions) {
  const database = yield* Database
  const sweeps = yield* Sweeps
  const store = yield* RunStore
  const progress = yield* Progress
  const context = yield* Effect.context<Artifacts | FileSystem.FileSystem | Path.Path | RunStore>()

  const isComplete = (planned: PlannedRun) => ExecuteRun.isComplete({ planned, force: false })
  const missing = yield* Effect.filter(runs, (planned) => Effect.map(isComplete(planned), (complete) => !complete))
  const sweep = idOf(
    experiment,
    runs.map(({ id }) => id)
  )
  const { whole: code } = yield* CodeDigest.of(file)
  const watched = new Map<string, Watched>()
  for (const { id } of missing) {
    watched.set(id, { ended: yield* Deferred.make<RunState, ClusterError>(), show: () => Effect.void })
  }

  let since = 0
  const poll = Effect.gen(function* () {
    for (const state of yield* sweeps.changes(sweep, since - overlap)) {
      since = Math.max(since, state.changed)
      const run = watched.get(state.run)
      if (run === undefined) continue
      if (hasEnded(state)) yield* Deferred.succeed(run.ended, state)
      else yield* run.show(state)
    }
  })

  const printed = new Set<string>()
  const printOnce = (text: string) =>
    Effect.suspend(() => {
      if (printed.has(text)) return Effect.void
      printed.add(text)
      return progress.line(text)
    })
  const checkWorkers = Effect.gen(function* () {
    const workers = yield* sweeps.workers
    for (const { note } of workers) if (note !== null) yield* printOnce(note)
    if (!workers.some(({ alive }) => alive)) {
      yield* printOnce(`no worker is alive; on each machine, run: exp worker --cluster ADDRESS`)
    }
  })

  if (missing.length > 0) {
    const submitted = missing.map((planned) => ({
      run: planned.id,
      description: RunDescription.make(planned, { code, file, ...(exact && { exact }) })
    }))
    yield* sweeps.submit({ id: sweep, name: experiment, runs: submitted })
    yield* progress.line(
      `sweep ${sweep} is submitted to ${database.name}; it continues without this command; to end it: exp cluster cancel ${sweep}`
    )
    yield* database.onChange("result", Effect.ignore(poll))
    yield* Effect.forever(Effect.andThen(poll, Effect.sleep(interval))).pipe(
      Effect.catch((error) => Effect.forEach(watched.values(), ({ ended }) => Deferred.fail(ended, error))),
      Effect.forkScoped
    )
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep("3 seconds"), checkWorkers)))
  }

  /** Fetches the files of a run that has ended. */
  const collect = Effect.fnUntraced(function* (planned: PlannedRun) {
    const files = yield* sweeps.files(planned.id)
    if (files.length === 0) return
    yield* Effect.flatMap(store.open(planned.experiment, planned.id), (run) => RunFiles.fetch(run, files))
  }, Effect.scoped)

  const follow = Effect.fnUntraced(function* (request: RunRequest, run: Watched) {
    const scope = yield* Effect.scope
    // Runs that wait have no bar.
    const show = yield* Effect.cached(
      Effect.map(Scope.provide(progress.bar, scope), (bar) => progressDisplay(bar, request, progress.line))
    )
    run.show = (state) => (state.state === "leased" ? Effect.flatMap(show, (show) => show(state)) : Effect.void)
    return yield* Deferred.await(run.ended)
  }, Effect.scoped)

  return RunExecutor.of({
    jobs: Math.max(1, runs.length),
    execute: Effect.fnUntraced(
      function* (request) {
        const run = watched.get(request.planned.id)
        if (run === undefined) return Outcome.make({ _tag: "Done", trained: false })
        const { reason, state } = yield* follow(request, run)
        yield* collect(request.planned)
        if (state !== "done") return Outcome.make({ _tag: "Failed", reason: reason ?? state })
        return Outcome.make({ _tag: "Done", trained: true, ...(reason !== null && { error: reason }) })
      },
      Effect.catchTag("RunLocked", ({ owner }) => Effect.succeed(Outcome.make({ _tag: "Locked", owner }))),
      Effect.catch((error: ClusterError | StoreError) =>
        Effect.succeed(Outcome.make({ _tag: "Failed", reason: error.message }))
      ),
      Effect.provideContext(context)
    )
  })
})

/** RunExecutor on the machines that share the database. */
export const layer = (
  options: SubmitOptions
): Layer.Layer<
  RunExecutor,
  ClusterError | StoreError,
  Artifacts | Database | FileSystem.FileSystem | Path.Path | Progress | RunStore | Sweeps
> => Layer.effect(RunExecutor, make(options))
