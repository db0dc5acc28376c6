/**
 * A process that makes runs for another one, which has started it with the same command line.
 *
 * Law: when the other process ends, however it ends, the worker does: it interrupts the run that it is making, which leaves
 * a checkpoint.
 */
import { Socket } from "node:net"
import { NodeStream } from "@effect/platform-node"
import { Clock, Config, Context, Effect, Layer, type Option, Queue, Schema, Stream } from "effect"
import { Attempts, Ending, type Request } from "./Attempt.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { type Lane, Progress } from "../console/Progress.ts"
import { descriptor, type Order, orders, type Report, reports, variable } from "./WorkerMessage.ts"

/** Threads to compute with, if this process is a worker. */
export const threads: Config.Config<Option.Option<number>> = Config.option(Config.Int(variable))

/** The worker was not started by a process that gives orders. */
export class WorkerError extends Schema.TaggedError<WorkerError>()("WorkerError", { cause: Schema.Defect() }) {
  override get message(): string {
    return `${variable} is for processes that this program starts itself; unset it`
  }
}

/** The process that has started this one. */
export class Parent extends Context.Service<
  Parent,
  {
    /** Ends when the other process does. */
    readonly orders: Stream.Stream<Order>
    readonly report: (report: Report) => Effect.Effect<void>
  }
>()("vae/pipelines/Worker/Parent") {}

/** The other end of the file descriptor that the process was started with. */
export const parent: Layer.Layer<Parent, WorkerError> = Layer.effect(
  Parent,
  Effect.gen(function* () {
    const open = Effect.try({
      // The other end may have no more orders and still listen.
      try: () => new Socket({ fd: descriptor, allowHalfOpen: true }),
      catch: (cause) => new WorkerError({ cause })
    })
    const socket = yield* Effect.acquireRelease(open, (socket) => Effect.sync(() => socket.destroy()))
    // A process that has ended hears nothing, which is no fault of this one.
    socket.on("error", () => {})
    return {
      orders: NodeStream.fromReadable({ evaluate: () => socket, closeOnDone: false }).pipe(
        Stream.decodeText(),
        Stream.splitLines,
        Stream.mapEffect(orders.decode),
        Stream.catchCause(() => Stream.empty)
      ),
      report: (report) =>
        Effect.flatMap(reports.encode(report), (line) =>
          Effect.callback<void>((resume) => void socket.write(line, () => resume(Effect.void)))
        )
    }
  })
)

const millisecondsBetweenUpdates = 100

/** Progress as the other process shows it. */
export const progress: Layer.Layer<Progress, never, Parent> = Layer.effect(
  Progress,
  Effect.gen(function* () {
    const { report } = yield* Parent
    let last = Number.NEGATIVE_INFINITY
    const lane: Lane = {
      update: Effect.fnUntraced(function* (standing) {
        const now = yield* Clock.currentTimeMillis
        if (Math.abs(now - last) < millisecondsBetweenUpdates) return
        last = now
        yield* report({ _tag: "Update", standing })
      }),
      epoch: (standing, summary) => report({ _tag: "Epoch", standing, summary }),
      note: (text) => report({ _tag: "Note", text }),
      line: (text) => report({ _tag: "Line", text })
    }
    return { ...lane, lane: Effect.succeed(lane) }
  })
)

/** Makes the runs that it is ordered to, one after the other, until the other process ends. */
export const serve = Effect.fn("Worker.serve")(function* (
  runs: ReadonlyArray<PlannedRun>,
  options: Pick<Request, "checkpointEvery" | "retries">
) {
  const { orders, report } = yield* Parent
  const { attempt } = yield* Attempts
  const waiting = yield* Queue.unbounded<Order>()

  const carryOut = Effect.fnUntraced(function* ({ run, ...order }: Order) {
    const planned = runs.find(({ id }) => id === run)
    const ending =
      planned === undefined
        ? Ending.make({ _tag: "Failed", reason: "the experiment's file or its data has changed meanwhile" })
        : yield* attempt({ ...options, ...order, planned })
    yield* report({ _tag: "Ended", ending })
  })

  yield* report({ _tag: "Ready" })
  yield* Effect.raceFirst(
    Stream.runForEach(orders, (order) => Queue.offer(waiting, order)),
    Effect.forever(Effect.flatMap(Queue.take(waiting), carryOut))
  )
})
