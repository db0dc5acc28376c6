import { type ChildProcess, spawn } from "node:child_process"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { DateTime, Effect, Exit, Fiber, FileSystem, Logger, Option, Path, Schedule } from "effect"
import { TestClock } from "effect/testing"
import * as ProcessIdentity from "../../../src/pipelines/store/ProcessIdentity.ts"
import * as RunLock from "../../../src/pipelines/store/RunLock.ts"
import { type Capability, needs } from "../../machine/Capability.ts"
import { linux, machineId } from "../../machine/Linux.ts"

const id = "3f9c1e7a52d0"

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "locks-" }))

/** Lines that are logged. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make<unknown, void>(({ message }) => void lines.push(String(message)))
    return { value: yield* Effect.provide(effect, Logger.layer([logger])), lines }
  })

/** Writes a claim as another process would have, which gave its last sign of life at `sign`. */
const claim = Effect.fnUntraced(function* (folder: string, other: object, sign: Date = new Date()) {
  const fs = yield* FileSystem.FileSystem
  const path = `${folder}/${id}.${Math.random().toString(16).slice(2)}.json`
  const since = DateTime.formatIso(DateTime.fromDateUnsafe(sign))
  const self = yield* ProcessIdentity.current
  // A field that is to be absent is undefined here.
  const content = { format: "effect-vae claim 1", run: id, process: { ...self, ...other }, since }
  yield* fs.writeFileString(path, JSON.stringify(content))
  yield* fs.utimes(path, sign, sign)
  return path
})

const ended = (child: ChildProcess) =>
  Effect.callback<void>((resume) => void child.on("exit", () => resume(Effect.void)))

const holder = (...args: ReadonlyArray<string>) =>
  spawn(process.execPath, ["test/pipelines/store/LockHolder.ts", ...args], { stdio: ["ignore", "pipe", "inherit"] })

/** A process that has the run. */
const holding = (folder: string) =>
  Effect.callback<ChildProcess>((resume) => {
    const child = holder(folder, id, "hold")
    child.stdout.once("data", () => resume(Effect.succeed(child)))
  })

const longAgo = new Date("2020-01-01T00:00:00Z")

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
