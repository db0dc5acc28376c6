/**
 * A competitor's worker process, which is ended with its scope.
 */
import { performance } from "node:perf_hooks"
import { Effect, Queue, Schema, type Scope, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import type { Competitor } from "./Competitors.ts"
import { type Reply, ReplyLine, type Request, RequestLine } from "./Protocol.ts"

/** A competitor failed: it is not installed, lacks a kernel, or is out of memory. */
export class WorkerError extends Schema.TaggedError<WorkerError>()("WorkerError", {
  competitor: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.competitor}: ${this.reason}`
  }
}

export interface Worker {
  readonly competitor: Competitor
  readonly pid: number
  readonly versions: Readonly<Record<string, string>>
  /** Seconds from the start of the process until it was ready. */
  readonly startSeconds: number
  /** Sends one request at a time. Fails if the reply is `Failed` or unexpected. */
  readonly ask: <Tag extends Reply["_tag"]>(
    request: Request,
    expected: Tag
  ) => Effect.Effect<Extract<Reply, { readonly _tag: Tag }>, WorkerError>
}

const lines = <E>(bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<string, E> =>
  bytes.pipe(Stream.decodeText, Stream.splitLines)

/** Starts the process and waits until it is ready. */
export const start = Effect.fn("Worker.start")(function* (
  competitor: Competitor,
  command: string,
  args: ReadonlyArray<string>,
  env: Record<string, string>
): Effect.fn.Return<Worker, WorkerError, ChildProcessSpawner.ChildProcessSpawner | Scope.Scope> {
  const fail = (reason: string) => new WorkerError({ competitor: competitor.name, reason })
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const requests = yield* Queue.unbounded<string>()
  const replies = yield* Queue.unbounded<Reply, WorkerError>()
  const began = performance.now()
  const process = yield* spawner
    .spawn(
      ChildProcess.make(command, args, {
        stdin: Stream.fromQueue(requests).pipe(Stream.encodeText),
        env,
        extendEnv: true
      })
    )
    .pipe(Effect.mapError(({ message }) => fail(message)))

  const said: Array<string> = []
  yield* Effect.forkScoped(
    Effect.ignore(Stream.runForEach(lines(process.stderr), (line) => Effect.sync(() => said.push(line))))
  )
  yield* lines(process.stdout).pipe(
    Stream.runForEach((line) =>
      Schema.decodeEffect(ReplyLine)(line).pipe(Effect.flatMap((reply) => Queue.offer(replies, reply)))
    ),
    Effect.matchEffect({
      onFailure: (error) => Queue.fail(replies, fail(error.message)),
      onSuccess: () => Queue.fail(replies, fail(`its process ended: ${said.slice(-3).join(" | ")}`))
    }),
    Effect.forkScoped
  )

  const take = Effect.fnUntraced(function* <Tag extends Reply["_tag"]>(expected: Tag) {
    const reply = yield* Queue.take(replies)
    if (reply._tag === expected) return reply as Extract<Reply, { readonly _tag: Tag }>
    return yield* fail(reply._tag === "Failed" ? reply.reason : `answered ${reply._tag}, not ${expected}`)
  })
  const { versions } = yield* take("Ready")
  return {
    competitor,
    pid: process.pid,
    versions,
    startSeconds: (performance.now() - began) / 1000,
    ask: Effect.fnUntraced(function* (request, expected) {
      const line = yield* Effect.orDie(Schema.encodeEffect(RequestLine)(request))
      yield* Queue.offer(requests, `${line}\n`)
      return yield* take(expected)
    })
  }
})
