/**
 * A pool of worker processes that execute runs concurrently, each with its own engine and event loop.
 *
 * Laws: a process that dies fails its own run and no other; results are those of a single process, because they do not
 * depend on the number of threads.
 */
import { availableParallelism } from "node:os"
import { Context, Effect, FileSystem, Layer, Path, Scope } from "effect"
import { ChildProcessSpawner } from "effect/process"
import { RunExecutor, Outcome, type RunRequest } from "./RunExecutor.ts"
import * as ExecuteRun from "./ExecuteRun.ts"
import { Progress } from "../console/Progress.ts"
import { RunStore } from "../store/RunStore.ts"
import * as WorkerProcess from "./WorkerProcess.ts"

/** Executes runs in `jobs` processes, started on demand with the command line's arguments. */
export const layer = (options: {
  readonly jobs: number
  readonly args: ReadonlyArray<string>
}): Layer.Layer<
  RunExecutor,
  never,
  ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path | Progress | RunStore
> =>
  Layer.effect(
    RunExecutor,
    Effect.gen(function* () {
      const { args, jobs } = options
      const scope = yield* Effect.scope
      const progress = yield* Progress
      const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
      const context = Context.pick(
        FileSystem.FileSystem,
        Path.Path,
        RunStore
      )(yield* Effect.context<FileSystem.FileSystem | Path.Path | RunStore>())
      const threads = Math.max(1, Math.floor(availableParallelism() / jobs))
      const idle: Array<WorkerProcess.WorkerProcess> = []
      const said = new Set<string>()
      // Each worker prints these, such as which engine was chosen.
      const line = (text: string) =>
        Effect.suspend(() => {
          if (said.has(text)) return Effect.void
          said.add(text)
          return progress.line(text)
        })

      const worker: Effect.Effect<WorkerProcess.WorkerProcess, WorkerProcess.WorkerFailed> = Effect.gen(function* () {
        const rested = idle.pop()
        if (rested === undefined) return yield* WorkerProcess.start({ args, threads, line })
        return (yield* rested.hasExited) ? yield* worker : rested
      }).pipe(Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, spawner), Scope.provide(scope))

      const inWorker = Effect.fnUntraced(function* (request: RunRequest) {
        const bar = yield* progress.bar
        const { planned } = request
        yield* bar.note(
          [`run ${request.position.run}`, planned.label, "starts"].filter((part) => part !== "").join(" · ")
        )
        const chosen = yield* worker
        const outcome = yield* chosen.execute(request, bar)
        idle.push(chosen)
        return outcome
      }, Effect.scoped)

      return {
        jobs,
        execute: Effect.fnUntraced(
          function* (request) {
            // A complete run needs no process.
            return (yield* ExecuteRun.isComplete(request))
              ? Outcome.make({ _tag: "Done", trained: false })
              : yield* inWorker(request)
          },
          Effect.catchTag("WorkerFailed", ({ message }) =>
            Effect.succeed(Outcome.make({ _tag: "Failed", reason: message, mayPass: true }))
          ),
          Effect.provideContext(context)
        )
      }
    })
  )
