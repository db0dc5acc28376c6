/**
 * A worker process: executes runs for its parent, which started it with the same command line.
 *
 * Law: when the parent ends, however it ends, the worker interrupts its current run, which leaves a checkpoint, and
 * exits.
 */
import { Socket } from "node:net"
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Clock, Config, Context, Effect, Layer, type Option, Queue, Schema, Stream } from "effect"
import { RunExecutor, Outcome, type RunRequest } from "./RunExecutor.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import * as RunDescription from "../plan/RunDescription.ts"
import { type ProgressBar, Progress } from "../console/Progress.ts"
import { ipcDescriptor, type Task, tasks, type WorkerEvent, events, threadsVariable } from "./WorkerMessage.ts"

/** Number of threads to compute with, if this process is a worker. */
export const threads: Config.Config<Option.Option<number>> = Config.option(Config.Int(threadsVariable))

/** The worker was not started by a parent process. */
export class WorkerError extends Schema.TaggedError<WorkerError>()("WorkerError", { cause: Schema.Defect() }) {
  override get message(): string {
    return `${threadsVariable} is for processes that this program starts itself; unset it`
  }
}

/** The parent process. */
export class Parent extends Context.Service<
  Parent,
  {
    /** Ends when the parent does. */
    readonly tasks: Stream.Stream<Task>
    readonly report: (report: WorkerEvent) => Effect.Effect<void>
  }
>()("vae/pipelines/Worker/Parent") {}

/** The parent process, through the file descriptor that this process was started with. */
export const parent: Layer.Layer<Parent, WorkerError> = Layer.effect(
  Parent,
  Effect.gen(function* () {
    const open = Effect.try({
      // The parent may have no more tasks and still listen.
      try: () => new Socket({ fd: ipcDescriptor, allowHalfOpen: true }),
      catch: (cause) => new WorkerError({ cause })
    })
    const socket = yield* Effect.acquireRelease(open, (socket) => Effect.sync(() => socket.destroy()))
    // Writing to a parent that has ended is not an error of the worker.
    socket.on("error", () => {})
    return {
      tasks: NodeStream.fromReadable({ evaluate: () => socket, closeOnDone: false }).pipe(
        Stream.decodeText(),
        Stream.splitLines,
        Stream.mapEffect(tasks.decode),
        Stream.catchCause(() => Stream.empty)
      ),
      report: (report) =>
        Effect.flatMap(events.encode(report), (line) =>
          Effect.callback<void>((resume) => void socket.write(line, () => resume(Effect.void)))
        )
    }
  })
)

const millisecondsBetweenUpdates = 100

/** Progress that is sent to the parent, which displays it. */
export const progress: Layer.Layer<Progress, never, Parent> = Layer.effect(
  Progress,
  Effect.gen(function* () {
    const { report } = yield* Parent
    let last = Number.NEGATIVE_INFINITY
    const bar: ProgressBar = {
      update: Effect.fnUntraced(function* (state) {
        const now = yield* Clock.currentTimeMillis
        if (Math.abs(now - last) < millisecondsBetweenUpdates) return
        last = now
        yield* report({ _tag: "Update", state })
      }),
      epoch: (state, summary) => report({ _tag: "Epoch", state, summary }),
      note: (text) => report({ _tag: "Note", text }),
      line: (text) => report({ _tag: "Line", text })
    }
    return { ...bar, bar: Effect.succeed(bar) }
  })
)

/** The run of a task: one of those that the command line says, or planned as the task describes it. */
const plannedOf = (runs: ReadonlyArray<PlannedRun>, { description, run }: Task) => {
  if (description !== undefined) return Effect.mapError(RunDescription.plan(run, description), ({ reason }) => reason)
  const planned = runs.find(({ id }) => id === run)
  return planned === undefined
    ? Effect.fail("the experiment's file or its data has changed in the meantime")
    : Effect.succeed(planned)
}

/** Executes the tasks from the parent, one after the other, until the parent ends. */
export const serve = Effect.fn("Worker.serve")(function* (
  runs: ReadonlyArray<PlannedRun>,
  options: Pick<RunRequest, "checkpointEvery" | "exact" | "retries">
) {
  const { tasks, report } = yield* Parent
  const { execute } = yield* RunExecutor
  const waiting = yield* Queue.unbounded<Task>()

  const carryOut = Effect.fnUntraced(function* (task: Task) {
    const { force, position, previousStart } = task
    const outcome = yield* plannedOf(runs, task).pipe(
      Effect.flatMap((planned) =>
        execute({
          ...options,
          ...(task.description?.exact === true && { exact: true }),
          planned,
          force,
          position,
          ...(previousStart !== undefined && { previousStart })
        })
      ),
      Effect.catch((reason) => Effect.succeed(Outcome.make({ _tag: "Failed", reason })))
    )
    yield* report({ _tag: "Ended", outcome })
  })

  yield* report({ _tag: "Ready" })
  yield* Effect.raceFirst(
    Stream.runForEach(tasks, (task) => Queue.offer(waiting, task)),
    Effect.forever(Effect.flatMap(Queue.take(waiting), carryOut))
  )
})
