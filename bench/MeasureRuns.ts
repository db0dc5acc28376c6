/**
 * Measures whole runs: the wall time of a process that reads images, trains, evaluates after each epoch and writes a
 * summary; and its memory over time.
 */
import { performance } from "node:perf_hooks"
import { Effect, Fiber, FileSystem, Option, Path, Result, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { type Conditions, environment, isOurs, onCores, oursAmong } from "./Competitors.ts"
import { imagesName } from "./Fixtures.ts"
import * as ProcessMemory from "./ProcessMemory.ts"
import { counts } from "./Programs.ts"
import type { Memory, RunResult, RunRow } from "./Results.ts"
import { inTurn, median, ratios, spreadOf } from "./Statistics.ts"

/** A run failed. */
export class RunError extends Schema.TaggedError<RunError>()("RunError", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

const batch = 128
const betweenLooks = "250 millis"

export interface RunOptions {
  /** The folder `bench`. */
  readonly bench: string
  /** With the images in their folder, which the results go to. */
  readonly conditions: Conditions
  readonly python: Result.Result<string, { readonly message: string }>
  readonly epochs: number
  readonly rounds: number
}

/** How to start a competitor's run and read its test loss. */
interface Contestant {
  readonly competitor: string
  readonly command: string
  readonly args: (round: number) => ReadonlyArray<string>
  readonly testLoss: (round: number) => Effect.Effect<number, unknown, FileSystem.FileSystem>
}

const jsonAt = Effect.fnUntraced(function* <A>(file: string, schema: Schema.Codec<A, any>) {
  const fs = yield* FileSystem.FileSystem
  return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(yield* fs.readFileString(file))
})

const OurSummary = Schema.Struct({
  runs: Schema.Array(Schema.Struct({ metrics: Schema.Record(Schema.String, Schema.Number) }))
})
const TorchSummary = Schema.Struct({ test: Schema.Number })

const contestantsOf = Effect.fnUntraced(function* ({ bench, conditions: { folder }, epochs, python }: RunOptions) {
  const path = yield* Path.Path
  const results = (engine: string, round: number) => path.join(folder, `results-${engine}-${epochs}-${round}`)
  const project = (engine: string): Contestant => ({
    competitor: engine,
    command: process.execPath,
    args: (round) =>
      [path.join(bench, "..", "src", "main.ts"), path.join(bench, "experiment.ts"), "--engine", engine].concat([
        "--epochs",
        String(epochs),
        "--data-dir",
        folder,
        "--results",
        results(engine, round)
      ]),
    testLoss: (round) =>
      Effect.map(jsonAt(path.join(results(engine, round), "bench", "summary.json"), OurSummary), ({ runs }) => {
        const { metrics } = runs[0]!
        return -(metrics["test/elbo"] ?? Number.NaN)
      })
  })
  const torch = (way: string): Contestant => {
    const summary = (round: number) => path.join(folder, `torch-${way}-${epochs}-${round}.json`)
    return {
      competitor: `torch-${way}`,
      command: Result.getOrElse(python, () => "python3"),
      args: (round) => [
        path.join(bench, "whole_run.py"),
        way,
        path.join(folder, imagesName),
        String(epochs),
        summary(round)
      ],
      testLoss: (round) => Effect.map(jsonAt(summary(round), TorchSummary), ({ test }) => test)
    }
  }
  return [project("native"), project("onnxruntime"), torch("eager"), torch("compiled")]
})

interface Timed {
  readonly seconds: number
  readonly memory: ReadonlyArray<Memory>
}

/** Runs a command until it exits. */
const time = Effect.fnUntraced(function* (command: string, args: ReadonlyArray<string>, env: Record<string, string>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const memory: Array<Memory> = []
  const start = performance.now()
  const child = yield* spawner.spawn(ChildProcess.make(command, args, { stdin: "ignore", env, extendEnv: true }))
  const said = yield* Effect.forkChild(Stream.mkString(Stream.decodeText(child.all)))
  yield* ProcessMemory.read(child.pid).pipe(
    Effect.tap((found) => Effect.sync(() => Option.isSome(found) && memory.push(found.value))),
    Effect.andThen(Effect.sleep(betweenLooks)),
    Effect.forever,
    Effect.forkScoped
  )
  const code = yield* child.exitCode
  const timed: Timed = { seconds: (performance.now() - start) / 1000, memory }
  if (code === 0) return timed
  const text = yield* Fiber.join(said)
  return yield* new RunError({ reason: `ended with ${code}: ${text.trim().split("\n").at(-1)}` })
}, Effect.scoped)

/** Resident memory in the second and the last tenth of the run, and the last sample. */
const memoryOf = (looks: ReadonlyArray<Memory>): RunRow["memory"] => {
  const last = looks.at(-1)
  if (last === undefined) return undefined
  const tenth = (index: number) =>
    median(
      looks
        .slice(Math.floor((index * looks.length) / 10), Math.ceil(((index + 1) * looks.length) / 10))
        .map(({ resident }) => resident)
    )
  return { ...last, early: tenth(1), late: tenth(9) }
}

/** Measures the run on each competitor, `rounds` times. */
export const measure = Effect.fn("MeasureRuns.measure")(function* (title: string, options: RunOptions) {
  const { conditions, epochs, python, rounds } = options
  const all = yield* contestantsOf(options)
  const taken = new Map<string, Array<Timed>>()
  const failures = new Map<string, string>()
  for (let round = 0; round < rounds; round++) {
    yield* Effect.logInfo(`${title}: round ${round + 1} of ${rounds}`)
    for (const { args, command, competitor } of inTurn(all, round)) {
      if (!isOurs(competitor) && Result.isFailure(python)) failures.set(competitor, python.failure.message)
      if (failures.has(competitor)) continue
      const outcome = yield* Effect.result(
        // Whole runs are measured on the CPU.
        time(...onCores(conditions.threads, command, args(round)), environment({ ...conditions, device: "cpu" }))
      )
      if (Result.isFailure(outcome)) failures.set(competitor, outcome.failure.message)
      else taken.set(competitor, [...(taken.get(competitor) ?? []), outcome.success])
    }
  }
  const secondsOf = (competitor: string) => (taken.get(competitor) ?? []).map(({ seconds }) => seconds)
  const ours = oursAmong(all.map(({ competitor }) => competitor).filter((name) => !failures.has(name))) ?? ""
  const rows = yield* Effect.forEach(all, ({ competitor, testLoss }) =>
    Effect.gen(function* () {
      const reason = failures.get(competitor)
      if (reason !== undefined) return { competitor, status: "skipped", reason } satisfies RunRow as RunRow
      const seconds = secondsOf(competitor)
      const memory = memoryOf(taken.get(competitor)!.at(-1)!.memory)
      const row: RunRow = {
        competitor,
        status: "measured",
        seconds: spreadOf(seconds),
        ratio: ratios(seconds, secondsOf(ours)),
        ...Option.match(yield* Effect.option(testLoss(rounds - 1)), {
          onNone: () => ({}),
          onSome: (found) => (Number.isFinite(found) ? { testLoss: found } : {})
        }),
        ...(memory !== undefined && { memory })
      }
      return row
    })
  )
  const result: RunResult = { title, epochs, steps: epochs * Math.ceil(counts.train / batch), rows }
  return result
})
