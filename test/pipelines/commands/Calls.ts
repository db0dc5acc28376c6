/**
 * What tests of the command line need: a results folder with finished runs, and calls as a person makes them, in this
 * process.
 */
import { Cause, Console, Context, Effect, Exit, FileSystem, Layer, Queue, Stdio, Terminal } from "effect"
import type { Experiment } from "../../../src/core/Experiment.ts"
import * as CommandLine from "../../../src/pipelines/commands/CommandLine.ts"
import { teardown } from "../../../src/pipelines/commands/ExitCode.ts"
import { Curves, experiment, platform, runExperiment, temporaryFolder } from "../Sandbox.ts"

export const small: Experiment<any> = experiment(Curves())
export const file = "test/pipelines/commands/SmallExperiment.ts"
export const changedFile = "test/pipelines/commands/ChangedExperiment.ts"

export interface Called {
  /** What was printed, and the error's message. */
  readonly output: string
  /** As the program would exit. */
  readonly code: number
}

/** `exp` with these arguments. */
export const exp = (...args: ReadonlyArray<string>): Effect.Effect<Called> => expWith(Layer.empty, ...args)

/** `exp` with some services replaced. */
export const expWith = <A>(services: Layer.Layer<A>, ...args: ReadonlyArray<string>): Effect.Effect<Called> =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const collect = (...texts: ReadonlyArray<unknown>) => void lines.push(texts.map(String).join(" "))
    const collecting = Object.assign(Object.create(globalThis.console), { log: collect, error: collect })
    const exit = yield* CommandLine.run(args, "0").pipe(
      Effect.provide(Layer.provideMerge(services, platform)),
      Effect.provideService(Console.Console, collecting),
      Effect.exit
    )
    if (Exit.isFailure(exit)) {
      const error = Cause.squash(exit.cause)
      lines.push(error instanceof Error ? error.message : String(error))
    }
    let code = 0
    teardown(exit, (found) => (code = found))
    return { output: lines.join("\n"), code }
  })

/** A terminal on which a person presses one key. */
export const terminalWith = (key: string): Layer.Layer<Terminal.Terminal | Stdio.Stdio> =>
  Layer.merge(
    Layer.effect(
      Terminal.Terminal,
      Effect.gen(function* () {
        const keys = yield* Queue.make<Terminal.UserInput, Cause.Done>()
        const pressed = { name: key, ctrl: false, meta: false, shift: false }
        yield* Queue.offer(keys, { input: { _tag: "Some", value: key } as never, key: pressed })
        return Terminal.make({
          columns: Effect.succeed(100),
          rows: Effect.succeed(50),
          size: Effect.never,
          readInput: Effect.succeed(keys),
          readLine: Effect.never,
          display: () => Effect.void
        })
      })
    ),
    Stdio.layerTest({ stdinIsTerminal: Effect.succeed(true), stdoutIsTerminal: Effect.succeed(true) })
  )

/** A results folder with the sandbox's sweep; its runs, of beta 0 and 4. */
export interface Finished {
  readonly results: string
  readonly ids: readonly [string, string]
  /** Paths of the runs' folders. */
  readonly folders: readonly [string, string]
}

const at = (results: string, ids: Finished["ids"]): Finished => ({
  results,
  ids,
  folders: [`${results}/small/${ids[0]}`, `${results}/small/${ids[1]}`]
})

/** One sweep that several tests share; each works on a copy. */
export class Sweep extends Context.Service<Sweep, Finished>()("test/Sweep") {
  static readonly layer = Layer.effect(
    this,
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* runExperiment(small, results)
      const { runs } = yield* json(`${results}/small/summary.json`)
      return at(results, [runs[0].id, runs[1].id])
    }).pipe(Effect.orDie)
  )
}

/** How a suite shares the sweep: with a real clock, and time enough on a busy machine. */
export const shared = { excludeTestServices: true, timeout: "3 minutes" } as const

/** A copy of the finished sweep, gone with the scope. */
export const copy = Effect.gen(function* () {
  const { ids, results } = yield* Sweep
  const folder = `${yield* temporaryFolder}/results`
  yield* FileSystem.FileSystem.use((fs) => fs.copy(results, folder)).pipe(Effect.provide(platform), Effect.orDie)
  return at(folder, ids)
})

/** The content of a JSON file. */
export const json = (path: string): Effect.Effect<any> =>
  FileSystem.FileSystem.use((fs) => fs.readFileString(path)).pipe(
    Effect.map((text) => JSON.parse(text)),
    Effect.provide(platform),
    Effect.orDie
  )

/** Changes a text file as a person does by hand; the change must change something. */
export const edit = (path: string, change: (text: string) => string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(path)
    const changed = change(text)
    if (changed === text) return yield* Effect.die(`nothing is changed in ${path}`)
    yield* fs.writeFileString(path, changed)
  }).pipe(Effect.provide(platform), Effect.orDie)

/** Changes a value of a JSON file. */
export const editJson = (path: string, change: (value: any) => void): Effect.Effect<void> =>
  edit(path, (text) => {
    const value = JSON.parse(text)
    change(value)
    return JSON.stringify(value, null, 2)
  })

/** Flips one bit in the middle of a file. */
export const flipBit = (path: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* fs.readFile(path)
    bytes[bytes.length >> 1]! ^= 1
    yield* fs.writeFile(path, bytes)
  }).pipe(Effect.provide(platform), Effect.orDie)

/** A file system that works. */
export const files = Effect.orDie(Effect.provide(FileSystem.FileSystem.use(Effect.succeed), platform))
