/**
 * A worker process, seen from its parent.
 */
import { type Cause, Deferred, Effect, Queue, Schema, type Scope, Stream } from "effect"
import { ChildProcess, type ChildProcessSpawner } from "effect/process"
import { Outcome, type RunRequest } from "./RunExecutor.ts"
import type { ProgressBar } from "../console/Progress.ts"
import { ipcDescriptor, type Task, tasks, type WorkerEvent, events, threadsVariable } from "./WorkerMessage.ts"

/** A worker could not be started. */
export class WorkerFailed extends Schema.TaggedError<WorkerFailed>()("WorkerFailed", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `the worker process ${this.reason}`
  }
}

export interface WorkerProcess {
  /** Executes a run and shows its progress in the bar; one at a time. An interrupt stops the worker. */
  readonly execute: (request: RunRequest, bar: ProgressBar) => Effect.Effect<Outcome>
  readonly hasExited: Effect.Effect<boolean>
}

/** How a process ended, to complete "process 4711 ...". */
const endOf = ({ exitCode }: ChildProcessSpawner.ChildProcessHandle): Effect.Effect<string> =>
  exitCode.pipe(
    Effect.map((code) => (code === 130 ? "was interrupted" : `ended with exit code ${code}`)),
    Effect.catch((error) => {
      const signal = /SIG[A-Z0-9]+/.exec(String(error.reason.cause ?? error))?.[0]
      return Effect.succeed(signal === undefined ? `ended: ${error.message}` : `was ended by ${signal}`)
    })
  )

/** Starts a worker; when the scope closes, it interrupts its current run and exits. */
export const start = Effect.fn("WorkerProcess.start")(function* (options: {
  /** Of the command line. */
  readonly args: ReadonlyArray<string>
  readonly threads: number
  /** Prints a line that is not about a run. */
  readonly line: (text: string) => Effect.Effect<void>
}): Effect.fn.Return<WorkerProcess, WorkerFailed, ChildProcessSpawner.ChildProcessSpawner | Scope.Scope> {
  const queued = yield* Queue.unbounded<Task, Cause.Done>()
  const program = [...process.execArgv, process.argv[1]!, ...options.args]
  const handle = yield* ChildProcess.make(process.execPath, program, {
    env: { [threadsVariable]: String(options.threads) },
    extendEnv: true,
    stdin: "ignore",
    killSignal: "SIGINT",
    additionalFds: {
      [`fd${ipcDescriptor}`]: {
        type: "duplex",
        stream: Stream.fromQueue(queued).pipe(Stream.mapEffect(tasks.encode), Stream.encodeText)
      }
    }
  }).pipe(Effect.mapError((cause) => new WorkerFailed({ reason: `does not start: ${cause.message}`, cause })))

  const ready = yield* Deferred.make<void>()
  const ended = yield* Deferred.make<string>()
  let current: { readonly bar: ProgressBar; readonly outcome: Deferred.Deferred<Outcome> } | undefined

  const receive = (report: WorkerEvent): Effect.Effect<unknown> => {
    switch (report._tag) {
      case "Ready":
        return Deferred.succeed(ready, undefined)
      case "Update":
        return current?.bar.update(report.state) ?? Effect.void
      case "Epoch":
        return current?.bar.epoch(report.state, report.summary) ?? Effect.void
      case "Note":
        return current?.bar.note(report.text) ?? Effect.void
      case "Line":
        return options.line(report.text)
      case "Ended":
        return current === undefined ? Effect.void : Deferred.succeed(current.outcome, report.outcome)
    }
  }

  const linesOf = (bytes: Stream.Stream<Uint8Array, unknown>) => Stream.splitLines(Stream.decodeText(bytes))
  const relay = (bytes: Stream.Stream<Uint8Array, unknown>, show: (line: string) => Effect.Effect<void>) =>
    Effect.ignore(Stream.runForEach(linesOf(bytes), show))
  const messages = linesOf(handle.getOutputFd(ipcDescriptor)).pipe(
    Stream.mapEffect(events.decode),
    Stream.runForEach(receive),
    Effect.ignoreCause
  )
  yield* Effect.forkScoped(relay(handle.stdout, options.line))
  // Its log messages already carry their level.
  yield* Effect.forkScoped(relay(handle.stderr, (line) => Effect.logInfo(line)))
  yield* Effect.forkScoped(
    Effect.flatMap(Effect.andThen(messages, endOf(handle)), (how) => Deferred.succeed(ended, how))
  )
  /** A worker whose tasks have ended interrupts its current run and exits. */
  const stop = Effect.andThen(Queue.end(queued), Deferred.await(ended))
  yield* Effect.addFinalizer(() => stop)

  const gone = Effect.map(Deferred.await(ended), (how) => `process ${handle.pid} ${how}`)
  yield* Effect.raceFirst(
    Deferred.await(ready),
    Effect.flatMap(gone, (reason) => Effect.fail(new WorkerFailed({ reason: `was not ready: ${reason}` })))
  )
  return {
    execute: Effect.fnUntraced(
      function* ({ description, force, previousStart, position, planned }, bar) {
        const outcome = yield* Deferred.make<Outcome>()
        current = { bar, outcome }
        yield* Queue.offer(queued, {
          run: planned.id,
          position,
          force,
          ...(previousStart !== undefined && { previousStart }),
          ...(description !== undefined && { description })
        })
        return yield* Effect.raceFirst(
          Deferred.await(outcome),
          Effect.map(gone, (how) =>
            Outcome.make({ _tag: "Failed", reason: `${how} while it trained the run`, mayPass: true })
          )
        )
      },
      Effect.onInterrupt(() => stop)
    ),
    hasExited: Deferred.isDone(ended)
  }
})
