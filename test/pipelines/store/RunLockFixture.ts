/**
 * Claims and processes for the tests of locks on runs.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { DateTime, Effect, FileSystem, Logger } from "effect"
import * as ProcessIdentity from "../../../src/pipelines/store/ProcessIdentity.ts"

export const id = "3f9c1e7a52d0"

export const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "locks-" }))

/** Lines that are logged. */
export const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make<unknown, void>(({ message }) => void lines.push(String(message)))
    return { value: yield* Effect.provide(effect, Logger.layer([logger])), lines }
  })

/** Writes a claim as another process would have, which gave its last sign of life at `sign`. */
export const claim = Effect.fnUntraced(function* (folder: string, other: object, sign: Date = new Date()) {
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

export const ended = (child: ChildProcess) =>
  Effect.callback<void>((resume) => void child.on("exit", () => resume(Effect.void)))

export const holder = (...args: ReadonlyArray<string>) =>
  spawn(process.execPath, ["test/pipelines/store/LockHolder.ts", ...args], { stdio: ["ignore", "pipe", "inherit"] })

/** A process that has the run. */
export const holding = (folder: string) =>
  Effect.callback<ChildProcess>((resume) => {
    const child = holder(folder, id, "hold")
    child.stdout.once("data", () => resume(Effect.succeed(child)))
  })

export const longAgo = new Date("2020-01-01T00:00:00Z")
