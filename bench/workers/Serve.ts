/**
 * The worker's side of the bench's protocol in TypeScript; `worker.py` is the one in Python.
 */
import { performance } from "node:perf_hooks"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, FileSystem, Layer, Result, Schema, type Scope, Stdio, Stream } from "effect"
import * as Sessions from "effect/ScopedRef"
import type { DatasetPlatform } from "../../src/core/Dataset.ts"
import type { HostTensors } from "../../src/core/Tensors.ts"
import * as Safetensors from "../../src/pipelines/files/Safetensors.ts"
import { type Product, type Reply, ReplyLine, type Request, RequestLine } from "../Protocol.ts"

/** A compiled program of a worker. */
export interface Subject {
  /** Runs one training step and returns the mean loss of its batch. */
  readonly step: (indices: Int32Array, noise: Float32Array) => Effect.Effect<number, unknown>
  /** The mean loss of the test images. */
  readonly evaluate: Effect.Effect<number, unknown>
  /** Milliseconds between steps of the real training loop. */
  readonly loop?: (steps: number) => Effect.Effect<ReadonlyArray<number>, unknown>
}

/** The inputs written by `bench/Fixtures.ts`. */
export interface Fixture {
  readonly program: string
  /** Parameters, and the evaluation's noise. */
  readonly tensors: HostTensors
  /** `train` and `test`, bytes. */
  readonly images: HostTensors
}

type Platform = DatasetPlatform | Scope.Scope

export interface WorkerOptions {
  readonly versions: Readonly<Record<string, string>>
  readonly prepare: (fixture: Fixture) => Effect.Effect<Subject, unknown, Platform>
  /** Milliseconds of all products in sequence, per repetition. */
  readonly multiply?: (
    products: ReadonlyArray<Product>,
    repeats: number
  ) => Effect.Effect<ReadonlyArray<number>, unknown, Platform>
}

/** The duration of an effect in milliseconds, and its result. */
export const timed = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const start = performance.now()
  const value = yield* effect
  return { milliseconds: performance.now() - start, value }
})

const tensorsOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs.readFile(file)
  return (yield* Effect.fromResult(Result.mapError(Safetensors.decode(bytes), (reason) => new Error(reason)))).tensors
})

/** A compiled program with the inputs of its steps, which are reused cyclically. */
interface Session {
  readonly subject: Subject
  readonly next: Effect.Effect<number, unknown>
  readonly prepared: Extract<Reply, { readonly _tag: "Prepared" }>
}

const open = Effect.fnUntraced(function* (
  request: Extract<Request, { readonly _tag: "Prepare" }>,
  prepare: WorkerOptions["prepare"]
) {
  const tensors = yield* tensorsOf(request.file)
  const images = yield* tensorsOf(request.images)
  const { indices, noise } = tensors as Record<"indices" | "noise", HostTensors[string]>
  const steps = indices.shape[0]!
  const row = <A extends HostTensors[string]["values"]>(values: A, step: number): A => {
    const width = values.length / steps
    return values.subarray((step % steps) * width, ((step % steps) + 1) * width) as A
  }
  let taken = 0
  const first = yield* timed(
    Effect.gen(function* () {
      const subject = yield* prepare({ program: request.program, tensors, images })
      const next = Effect.suspend(() => {
        const step = taken++
        return subject.step(row(indices.values as Int32Array, step), row(noise.values as Float32Array, step))
      })
      return { subject, next, loss: yield* next }
    })
  )
  const { loss, ...rest } = first.value
  const session: Session = { ...rest, prepared: { _tag: "Prepared", seconds: first.milliseconds / 1000, loss } }
  return session
})

const run = Effect.fnUntraced(function* ({ next }: Session, steps: number, seconds: number) {
  const milliseconds: Array<number> = []
  const end = performance.now() + 1000 * seconds
  let loss = Number.NaN
  while (milliseconds.length === 0 || (milliseconds.length < steps && performance.now() < end)) {
    const step = yield* timed(next)
    milliseconds.push(step.milliseconds)
    loss = step.value
  }
  return { _tag: "Ran" as const, milliseconds, loss }
})

/** Answers requests until the standard input ends. */
export const serve = ({ multiply, prepare, versions }: WorkerOptions): void => {
  const worker = Effect.gen(function* () {
    const stdio = yield* Stdio.Stdio
    const current = yield* Sessions.make((): Session | undefined => undefined)
    const session = Effect.flatMap(Sessions.get(current), (session) =>
      session === undefined ? Effect.fail(new Error("nothing is prepared")) : Effect.succeed(session)
    )
    const unknown = (request: Request) => Effect.fail(new Error(`does not know ${request._tag}`))

    const answer = (request: Request): Effect.Effect<Reply, unknown, Platform> =>
      Effect.gen(function* () {
        switch (request._tag) {
          case "Prepare":
            // Releases the previous program's memory before the next one is compiled.
            yield* Sessions.set(current, Effect.undefined)
            yield* Sessions.set(current, open(request, prepare))
            return (yield* session).prepared
          case "Run":
            return yield* run(yield* session, request.steps, request.seconds ?? Number.POSITIVE_INFINITY)
          case "Evaluate": {
            const { milliseconds, value } = yield* timed((yield* session).subject.evaluate)
            return { _tag: "Evaluated", seconds: milliseconds / 1000, loss: value }
          }
          case "Loop": {
            const { loop } = (yield* session).subject
            return { _tag: "Looped", milliseconds: yield* loop?.(request.steps) ?? unknown(request) }
          }
          case "Multiply": {
            const { products, repeats } = request
            return { _tag: "Multiplied", milliseconds: yield* multiply?.(products, repeats) ?? unknown(request) }
          }
        }
      })

    const reply = (reply: Reply) =>
      Schema.encodeEffect(ReplyLine)(reply).pipe(
        Effect.flatMap((line) => Stream.run(Stream.succeed(`${line}\n`), stdio.stdout({ endOnDone: false })))
      )
    const failed = (cause: Cause.Cause<unknown>): Reply => {
      const error = Cause.squash(cause)
      // The cause says more than `Effect.try`'s error.
      if (Cause.isUnknownError(error) && error.cause instanceof Error)
        return { _tag: "Failed", reason: error.cause.message }
      return { _tag: "Failed", reason: error instanceof Error ? error.message : String(error) }
    }

    yield* reply({ _tag: "Ready", versions: { node: process.versions.node, ...versions } })
    yield* stdio.stdin.pipe(
      Stream.decodeText,
      Stream.splitLines,
      Stream.runForEach((line) =>
        Schema.decodeEffect(RequestLine)(line).pipe(
          Effect.flatMap(answer),
          Effect.flatMap(reply),
          Effect.catchCause((cause) => reply(failed(cause)))
        )
      )
    )
  }).pipe(Effect.scoped)
  NodeRuntime.runMain(worker.pipe(Effect.provide(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))))
}
