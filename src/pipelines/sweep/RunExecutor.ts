/**
 * Executes runs: trains and evaluates what is missing of each, in this process or in worker processes.
 *
 * Laws: an execution ends in an `Outcome`, whatever goes wrong; an interrupted one leaves a checkpoint and a run marked
 * interrupted, and has released the run's lock when the interrupt completes.
 */
import { Cause, Context, Effect, FileSystem, Layer, Path, Schema, type Scope } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { DatasetError, type DatasetPlatform } from "../../core/Dataset.ts"
import { Engine } from "../../core/Engine.ts"
import * as StackedEngine from "../../core/StackedEngine.ts"
import * as ExportModel from "../training/ExportModel.ts"
import * as LoadData from "../plan/LoadData.ts"
import * as ExecuteRun from "./ExecuteRun.ts"
import { Progress } from "../console/Progress.ts"
import * as Provenance from "../store/Provenance.ts"
import { mayPass } from "./Retry.ts"
import * as Stacks from "./Stacks.ts"
import { RunStore } from "../store/RunStore.ts"
import type { RunDescription } from "../plan/RunDescription.ts"

/** How the execution of a run ended. */
export const Outcome = Schema.TaggedUnion({
  Done: {
    /** Whether this execution trained the run. */
    trained: Schema.Boolean,
    /** Why an evaluation or the exported model is missing. */
    error: Schema.optionalKey(Schema.String)
  },
  Failed: {
    reason: Schema.String,
    /** Whether another attempt or another machine may succeed; absent where the failure would repeat itself. */
    mayPass: Schema.optionalKey(Schema.Literal(true))
  },
  /** Another process owns the run. */
  Locked: { owner: Schema.String }
})
export type Outcome = typeof Outcome.Type

/** A run to execute, and how. */
export interface RunRequest extends Omit<ExecuteRun.ExecuteOptions, "data" | "provenance"> {
  /** For a process that was not started with the run's sweep: what to plan it from. */
  readonly description?: RunDescription
}

/** Runs that are executed at once. */
export interface RunGroup {
  readonly requests: ReadonlyArray<RunRequest>
  /** The execution of each request, all of which must be started. */
  readonly executions: Effect.Effect<ReadonlyArray<Effect.Effect<Outcome>>, never, Scope.Scope>
}

export class RunExecutor extends Context.Service<
  RunExecutor,
  {
    /** Number of runs that may be executed at once. */
    readonly jobs: number
    /** Trains and evaluates what is missing of a run. Does not wait for another process. */
    readonly execute: (request: RunRequest) => Effect.Effect<Outcome>
    /** The runs in groups, each of which is executed at once. Absent: each run by itself. */
    readonly groups?: (requests: ReadonlyArray<RunRequest>) => Effect.Effect<ReadonlyArray<RunGroup>>
  }
>()("vae/pipelines/RunExecutor") {}

/** The text of a failure: the message of an expected error, the stack trace of a defect. */
export const failureText = (cause: Cause.Cause<{ readonly message: string }>): string => {
  const error = Cause.squash(cause)
  return Cause.hasDies(cause) || !(error instanceof Error) ? Cause.pretty(cause) : error.message
}

/** Data that is damaged or missing here may be whole elsewhere. */
const failed = (cause: Cause.Cause<{ readonly message: string }>): Outcome => {
  const error = Cause.squash(cause)
  const passes = !Cause.hasDies(cause) && (mayPass(error) || error instanceof DatasetError)
  return { _tag: "Failed", reason: failureText(cause), ...(passes && { mayPass: true }) }
}

/**
 * RunExecutor in this process, one group of runs after the other. At most `stack` runs that differ in numbers only are one
 * group, which is trained as one program; `auto` does so on accelerators.
 */
export const make = (options: {
  readonly stack: "auto" | number
}): Layer.Layer<
  RunExecutor,
  never,
  ChildProcessSpawner.ChildProcessSpawner | DatasetPlatform | Engine | Progress | RunStore
> =>
  Layer.effect(
    RunExecutor,
    Effect.gen(function* () {
      // Only these services: loggers and scopes are the caller's.
      const context = Context.pick(
        Engine,
        FileSystem.FileSystem,
        Path.Path,
        Progress,
        RunStore
      )(yield* Effect.context<Engine | FileSystem.FileSystem | Path.Path | Progress | RunStore>())
      const engine = yield* Engine
      const progress = yield* Progress
      const load = yield* LoadData.make
      const provenance = yield* Provenance.collect

      const execute = (request: RunRequest, lane: StackedEngine.Lane, shown: Progress["Service"]) => {
        const options = { ...request, data: load(request.planned), provenance }
        return ExecuteRun.execute(options).pipe(
          Effect.provideService(Engine, lane.engine),
          Effect.ensuring(lane.leave),
          Effect.flatMap(({ run, trained }) =>
            Effect.scoped(ExportModel.exportMissing(request.planned, run, options.data)).pipe(
              Effect.andThen(ExecuteRun.evaluate(options, run)),
              Effect.as(Outcome.make({ _tag: "Done", trained })),
              // A failed evaluation leaves the run trained.
              Effect.catchCause((cause) =>
                Cause.hasInterrupts(cause)
                  ? Effect.interrupt
                  : Effect.succeed(Outcome.make({ _tag: "Done", trained, error: failureText(cause) }))
              )
            )
          ),
          // The lock is held until here.
          Effect.scoped,
          Effect.catchTag("RunLocked", ({ owner }) => Effect.succeed(Outcome.make({ _tag: "Locked", owner }))),
          // A defect also fails this run alone.
          Effect.catchCause((cause) => (Cause.hasInterrupts(cause) ? Effect.interrupt : Effect.succeed(failed(cause)))),
          Effect.provideService(Progress, shown),
          Effect.provideContext(context)
        )
      }
      const alone = (request: RunRequest) => execute(request, { engine, leave: Effect.void }, progress)

      /** With a bar of its own, because others train meanwhile. */
      const inLane = (request: RunRequest, lane: StackedEngine.Lane) =>
        Effect.scoped(Effect.flatMap(progress.bar, (bar) => execute(request, lane, { ...bar, bar: progress.bar })))

      const groups = Effect.fnUntraced(function* (requests: ReadonlyArray<RunRequest>) {
        const most = Stacks.sizeFor(options.stack, engine.spec)
        const single = (request: RunRequest): RunGroup => ({
          requests: [request],
          executions: Effect.succeed([alone(request)])
        })
        if (most === 1) return requests.map(single)
        // A complete run is found in its folder, with nothing to train.
        const complete = yield* Effect.filter(requests, ExecuteRun.isComplete)
        const missing = requests.filter((request) => !complete.includes(request))
        const stacks = yield* Stacks.group(missing, most)
        const epochsOf = (members: ReadonlyArray<RunRequest>) =>
          Math.max(...members.map(({ planned }) => planned.training.epochs ?? 0))
        const together = (members: ReadonlyArray<RunRequest>, place: number): RunGroup => {
          const epochsAfter = stacks.slice(place + 1).reduce((sum, later) => sum + epochsOf(later), 0)
          const placed = members.map((request) => ({ ...request, position: { ...request.position, epochsAfter } }))
          const executions =
            placed.length === 1
              ? Effect.succeed(placed.map(alone))
              : Effect.map(StackedEngine.make(engine, placed.length), (lanes) =>
                  placed.map((request, index) => inLane(request, lanes[index]!))
                )
          return { requests: members, executions }
        }
        return [...complete.map(single), ...stacks.map(together)]
      }, Effect.provideContext(context))

      return { jobs: 1, execute: alone, groups }
    })
  )

/** RunExecutor in this process, one run after the other. */
export const layer = make({ stack: 1 })
