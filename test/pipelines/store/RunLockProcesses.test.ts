import { spawn } from "node:child_process"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import * as RunLock from "../../../src/pipelines/store/RunLock.ts"
import { type Capability, needs } from "../../machine/Capability.ts"
import { linux, machineId } from "../../machine/Linux.ts"
import { id, temporary, logged, claim, ended, holder, holding, longAgo } from "./RunLockFixture.ts"

describe("RunLock", () => {
  const deadOnes: ReadonlyArray<
    readonly [string, () => Effect.Effect<object>, Date, RegExp, ...ReadonlyArray<Capability<unknown>>]
  > = [
    [
      "whose process has ended",
      () => {
        const child = spawn("true")
        return Effect.as(ended(child), { pid: child.pid! })
      },
      new Date(),
      /process \d+ on \S+, which had it, has ended$/
    ],
    [
      "whose process number is another process's now",
      () => Effect.succeed({ began: "1" }),
      new Date(),
      /has ended, and its process number was reused$/,
      linux
    ],
    [
      "from before the machine was restarted",
      () => Effect.succeed({ boot: "11111111-2222-3333-4444-555555555555" }),
      longAgo,
      /was ended by a restart of its machine$/,
      linux,
      // Without it a restart cannot be told from another machine.
      machineId
    ]
  ]

  layer(NodeServices.layer, { excludeTestServices: true })("among living processes", (it) => {
    // What cannot be told elsewhere is told by silence.
    for (const [name, other, sign, line, ...needed] of deadOnes) {
      it.effect(
        `an owner ${name} is skipped at once, with one line of log`,
        () =>
          Effect.gen(function* () {
            const fs = yield* FileSystem.FileSystem
            const folder = yield* temporary
            yield* claim(folder, yield* other(), sign)
            const lock = yield* RunLock.make(folder)
            const { lines } = yield* logged(Effect.scoped(lock.acquire(id)))
            assert.strictEqual(lines.length, 1)
            assert.match(lines[0]!, new RegExp(`^run ${id} is taken over: `))
            assert.match(lines[0]!, line)
            assert.deepStrictEqual(yield* fs.readDirectory(folder), [])
          }),
        needs(...needed)
      )
    }

    it.effect("of many processes that take over a dead one's run, one at a time owns it", () =>
      Effect.gen(function* () {
        const folder = yield* temporary
        const other = yield* holding(folder)
        other.kill("SIGKILL")
        yield* ended(other)
        let owners = 0
        let taken = 0
        const turn = Effect.scoped(
          Effect.gen(function* () {
            const lock = yield* RunLock.make(folder)
            yield* lock.acquire(id)
            owners++
            assert.strictEqual(owners, 1)
            taken++
            yield* Effect.sleep(1)
            owners--
          })
        ).pipe(Effect.retry({ while: ({ _tag }) => _tag === "RunLocked", schedule: Schedule.spaced(3) }))
        const turns = Array.from({ length: 8 }, () => turn)
        const { lines } = yield* logged(Effect.all(turns, { concurrency: "unbounded" }))
        assert.strictEqual(taken, 8)
        assert.strictEqual(lines.length, 1)
      })
    )

    it.effect("of several processes one at a time owns the run", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* temporary
        const log = `${folder}/log`
        const children = [1, 2, 3, 4].map(() => holder(folder, id, "8", log))
        yield* Effect.forEach(children, ended, { concurrency: "unbounded" })
        const lines = (yield* fs.readFileString(log)).trimEnd().split("\n")
        assert.strictEqual(lines.length, 4 * 8 * 2)
        for (let i = 0; i < lines.length; i += 2) {
          assert.match(lines[i]!, /^begin /)
          assert.strictEqual(lines[i + 1], lines[i]!.replace("begin", "end"))
        }
        assert.deepStrictEqual(yield* fs.readDirectory(folder), ["log"])
      })
    )

    it.effect("a killed owner's run is released at once, a suspended owner's is not", () =>
      Effect.gen(function* () {
        const folder = yield* temporary
        const lock = yield* RunLock.make(folder)
        const child = yield* holding(folder)
        child.kill("SIGSTOP")
        const error = yield* Effect.flip(Effect.scoped(lock.acquire(id)))
        assert.include(error.message, `process ${child.pid} on`)
        child.kill("SIGKILL")
        yield* ended(child)
        const { lines } = yield* logged(Effect.scoped(lock.acquire(id)))
        assert.match(lines.join("\n"), new RegExp(`^run ${id} is taken over: process ${child.pid} on`))
      })
    )

    it.effect("SIGINT releases the run", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* temporary
        const child = yield* holding(folder)
        child.kill("SIGINT")
        yield* ended(child)
        assert.deepStrictEqual(yield* fs.readDirectory(folder), [])
      })
    )
  })
})
