/**
 * Attempts at bringing runs to their end, wherever they are made.
 *
 * Laws: an attempt ends in a value, whatever goes wrong; one that is interrupted leaves a checkpoint and a run marked
 * interrupted, and has let go of the run when its interruption is over.
 */
import { Cause, Context, Effect, FileSystem, Layer, Path, Schema } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import type { DatasetPlatform } from "../../core/Dataset.ts"
import { Engine } from "../../core/Engine.ts"
import * as ExportModel from "../training/ExportModel.ts"
import * as LoadData from "../plan/LoadData.ts"
import * as PerformRun from "./PerformRun.ts"
import { Progress } from "../console/Progress.ts"
import * as Provenance from "../store/Provenance.ts"
import { RunStore } from "../store/RunStore.ts"

/** How an attempt ended. */
export const Ending = Schema.TaggedUnion({
  Done: {
    /** Whether this attempt trained the run. */
    trained: Schema.Boolean,
    /** Why something that is made of the trained run is missing. */
    error: Schema.optionalKey(Schema.String)
  },
  Failed: { reason: Schema.String },
  /** Another process makes the run. */
  Taken: { owner: Schema.String }
})
export type Ending = typeof Ending.Type

/** A run to be brought to its end, and how. */
export type Request = Omit<PerformRun.PerformOptions, "data" | "provenance">

export class Attempts extends Context.Service<
  Attempts,
  {
    /** Number of attempts that may go on at once. */
    readonly jobs: number
    /** Trains what is missing of a run and makes what is missing of its evaluations. Does not wait for another process. */
    readonly attempt: (request: Request) => Effect.Effect<Ending>
  }
>()("vae/pipelines/Attempts") {}

/** In words: an expected failure says what to do, a defect shows where it arose. */
export const reasonOf = (cause: Cause.Cause<{ readonly message: string }>): string => {
  const error = Cause.squash(cause)
  return Cause.hasDies(cause) || !(error instanceof Error) ? Cause.pretty(cause) : error.message
}

/** Attempts in this process, one at a time. */
export const layer: Layer.Layer<
  Attempts,
  never,
  ChildProcessSpawner.ChildProcessSpawner | DatasetPlatform | Engine | Progress | RunStore
> = Layer.effect(
  Attempts,
  Effect.gen(function* () {
    // These services alone: loggers and scopes are the caller's.
    const context = Context.pick(
      Engine,
      FileSystem.FileSystem,
      Path.Path,
      Progress,
      RunStore
    )(yield* Effect.context<Engine | FileSystem.FileSystem | Path.Path | Progress | RunStore>())
    const load = yield* LoadData.make
    const provenance = yield* Provenance.gather
    return {
      jobs: 1,
      attempt: (request) => {
        const options = { ...request, data: load(request.planned), provenance }
        return PerformRun.perform(options).pipe(
          Effect.flatMap(({ run, trained }) =>
            Effect.scoped(ExportModel.exportMissing(request.planned, run, options.data)).pipe(
              Effect.andThen(PerformRun.evaluate(options, run)),
              Effect.as(Ending.make({ _tag: "Done", trained })),
              // What is made of a trained run leaves it trained.
              Effect.catchCause((cause) =>
                Cause.hasInterrupts(cause)
                  ? Effect.interrupt
                  : Effect.succeed(Ending.make({ _tag: "Done", trained, error: reasonOf(cause) }))
              )
            )
          ),
          // Until then no other process writes to the run.
          Effect.scoped,
          Effect.catchTag("RunTaken", ({ owner }) => Effect.succeed(Ending.make({ _tag: "Taken", owner }))),
          // A defect too is this run's alone.
          Effect.catchCause((cause) =>
            Cause.hasInterrupts(cause)
              ? Effect.interrupt
              : Effect.succeed(Ending.make({ _tag: "Failed", reason: reasonOf(cause) }))
          ),
          Effect.provideContext(context)
        )
      }
    }
  })
)
