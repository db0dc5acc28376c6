import { spawn } from "node:child_process"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, FileSystem, Option, Path } from "effect"
import { TestClock } from "effect/testing"
import * as RunLock from "../../../src/pipelines/store/RunLock.ts"
import { needs } from "../../machine/Capability.ts"
import { linux } from "../../machine/Linux.ts"
import { id, temporary, logged, claim, longAgo } from "./RunLockFixture.ts"

describe("RunLock", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("one process owns the run, others learn which, and the run is released with the scope", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = `${yield* temporary}/locks`
        const [lock, other] = [yield* RunLock.make(folder), yield* RunLock.make(folder)]
        assert.isTrue(Option.isNone(yield* lock.owner(id)))
        assert.isFalse(yield* fs.exists(folder))
        const whileHeld = Effect.gen(function* () {
          yield* lock.acquire(id)
          const error = yield* Effect.flip(Effect.scoped(other.acquire(id)))
          assert.strictEqual(error._tag, "RunLocked")
          assert.match(error.message, new RegExp(`^run ${id} is being trained by process ${process.pid} on \\S+$`))
          assert.include(error.message, Option.getOrThrow(yield* other.owner(id)))
          // Another run is another matter.
          yield* Effect.scoped(other.acquire("000000000000"))
          assert.strictEqual((yield* fs.readDirectory(folder)).length, 1)
        })
        const ends = [Effect.void, Effect.fail("failure"), Effect.die("defect"), Effect.interrupt]
        for (const end of ends) {
          yield* Effect.exit(Effect.scoped(Effect.andThen(whileHeld, end)))
          assert.isTrue(Option.isNone(yield* other.owner(id)))
          assert.deepStrictEqual(yield* fs.readDirectory(folder), [])
        }
        const fiber = yield* Effect.forkChild(Effect.scoped(Effect.andThen(lock.acquire(id), Effect.never)))
        while (Option.isNone(yield* other.owner(id))) yield* Effect.promise(() => new Promise(setImmediate))
        yield* Fiber.interrupt(fiber)
        yield* Effect.scoped(other.acquire(id))
      })
    )

    it.effect(
      "a zombie owner is skipped",
      () =>
        Effect.gen(function* () {
          const folder = yield* temporary
          // The shell becomes a process that waits for no child.
          const parent = spawn("sh", ["-c", "sleep 0.01 & echo $!; exec sleep 60"], {
            stdio: ["ignore", "pipe", "ignore"]
          })
          const pid = yield* Effect.callback<number>((resume) => {
            parent.stdout.once("data", (chunk) => resume(Effect.succeed(Number(String(chunk)))))
          })
          const fs = yield* FileSystem.FileSystem
          const stat = fs.readFileString(`/proc/${pid}/stat`)
          while (!/\) Z /.test(yield* stat)) yield* Effect.promise(() => new Promise(setImmediate))
          yield* claim(folder, { pid, began: (yield* stat).slice((yield* stat).lastIndexOf(")") + 2).split(" ")[19] })
          yield* Effect.scoped((yield* RunLock.make(folder)).acquire(id))
          parent.kill()
        }),
      needs(linux)
    )

    const elsewhere: ReadonlyArray<readonly [string, object, Date]> = [
      ["on another host", { host: "elsewhere", pid: 1 }, longAgo],
      ["on another machine of the same name", { machine: "0000000000000000", pid: 1 }, longAgo],
      ["in another container", { pidSpace: "pid:[1]", pid: 1 }, longAgo],
      [
        "on a copy of the virtual machine",
        { boot: "11111111-2222-3333-4444-555555555555" },
        new Date(Date.now() + 60_000)
      ],
      ["whose beginning is not known", { pid: process.pid, began: undefined }, longAgo]
    ]
    for (const [name, other, sign] of elsewhere) {
      it.effect(`an owner ${name} is skipped after a long silence, independent of its clock`, () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const folder = yield* temporary
          const path = yield* claim(folder, other, sign)
          const lock = yield* RunLock.make(folder)
          const taken = Effect.map(Effect.flip(Effect.scoped(lock.acquire(id))), ({ _tag }) => _tag)
          assert.strictEqual(yield* taken, "RunLocked")
          yield* TestClock.adjust("2 minutes")
          assert.strictEqual(yield* taken, "RunLocked")
          // A sign of life; its clock may go backwards.
          const earlier = new Date(sign.getTime() - 1000)
          yield* fs.utimes(path, earlier, earlier)
          yield* TestClock.adjust("2 minutes")
          assert.strictEqual(yield* taken, "RunLocked")
          yield* TestClock.adjust("2 minutes")
          assert.strictEqual(yield* taken, "RunLocked")
          yield* TestClock.adjust("2 minutes")
          const { lines } = yield* logged(Effect.scoped(lock.acquire(id)))
          assert.match(
            lines.join("\n"),
            /^run \S+ is taken over: process \d+ on \S+, which had it, has sent no heartbeat/
          )
          assert.isFalse(yield* fs.exists(path))
        })
      )
    }

    it.effect("an owner sends heartbeats", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const folder = yield* temporary
        const lock = yield* RunLock.make(folder)
        yield* lock.acquire(id)
        const path = join(folder, (yield* fs.readDirectory(folder))[0]!)
        const sign = Effect.map(fs.stat(path), ({ mtime }) => Option.getOrThrow(mtime).getTime())
        for (const _ of [1, 2, 3]) {
          const before = yield* sign
          while ((yield* sign) === before) {
            yield* TestClock.adjust("5 seconds")
            yield* Effect.promise(() => new Promise(setImmediate))
          }
        }
      })
    )

    it.effect.each(["", '{"format":"effect-vae cl', '{"format":"effect-vae claim 2"}', "\u0000"])(
      "an unreadable claim (%j) is valid until a long silence",
      (content) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const folder = yield* temporary
          yield* fs.writeFileString(`${folder}/${id}.0123.json`, content)
          const lock = yield* RunLock.make(folder)
          const error = yield* Effect.flip(Effect.scoped(lock.acquire(id)))
          assert.match(error.message, /is being trained by a process whose claim \S+ cannot be read/)
          yield* TestClock.adjust("4 minutes")
          yield* Effect.scoped(lock.acquire(id))
        })
    )

    it.effect("an owner that was considered dead detects it", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const folder = yield* temporary
        const held = yield* (yield* RunLock.make(folder)).acquire(id)
        yield* held.check
        yield* fs.remove(join(folder, (yield* fs.readDirectory(folder))[0]!))
        yield* Effect.scoped((yield* RunLock.make(folder)).acquire(id))
        const error = yield* Effect.flip(held.check)
        assert.match(error.message, /no longer has run 3f9c1e7a52d0/)
      })
    )

    it.effect("a read-only folder is a typed failure without leftovers", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* temporary
        yield* fs.writeFileString(`${folder}/file`, "")
        const lock = yield* RunLock.make(`${folder}/file/locks`)
        const exit = yield* Effect.exit(Effect.scoped(lock.acquire(id)))
        assert.isTrue(Exit.isFailure(exit))
        assert.match(String(exit), /file is in the place of a folder/)
        assert.deepStrictEqual(yield* fs.readDirectory(folder), ["file"])
      })
    )
  })
})
