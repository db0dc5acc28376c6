/**
 * A process that takes locks: `node LockHolder.ts FOLDER ID hold` has the run until it is ended and says `held`;
 * `node LockHolder.ts FOLDER ID TIMES LOG` has it so many times, and writes into LOG when it begins and ends to have it.
 */
import { appendFileSync } from "node:fs"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Schedule } from "effect"
import * as RunLock from "../../../src/pipelines/store/RunLock.ts"

const [folder = "", id = "", times = "", log = ""] = process.argv.slice(2)

const hold = (lock: RunLock.RunLock) =>
  Effect.andThen(
    lock.acquire(id),
    Effect.sync(() => process.stdout.write("held\n"))
  ).pipe(Effect.andThen(Effect.never), Effect.scoped)

const write = (word: string) => Effect.sync(() => appendFileSync(log, `${word} ${process.pid}\n`))

const once = (lock: RunLock.RunLock) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* lock.acquire(id)
      yield* write("begin")
      yield* Effect.sleep(2)
      yield* write("end")
    })
  ).pipe(Effect.retry({ while: ({ _tag }) => _tag === "RunLocked", schedule: Schedule.spaced(3) }))

RunLock.make(folder).pipe(
  Effect.flatMap((lock) => (times === "hold" ? hold(lock) : Effect.repeat(once(lock), { times: Number(times) - 1 }))),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
