/**
 * `pnpm run bench`: measures the same training steps on this project's engines and on other libraries, and a whole run
 * against a PyTorch script. Writes `bench/results/DATE-MACHINE.json` and a chart as `.png`, and prints tables.
 *
 *     pnpm run bench                                   everything except memory: 5 rounds, about 20 minutes on an idle machine
 *     pnpm run bench --memory                          also the memory over 10,000 steps of the whole run: about 8 more minutes
 *     pnpm run bench --programs dense --rounds 7       some programs: dense, convolutional, importance-weighted, run
 *     pnpm run bench --instructions avx2               all restricted to AVX2, as on a processor without AVX-512
 *     pnpm run bench --device cuda --competitors xla,jax  on an accelerator; see bench/gpu.sh
 *     pnpm run bench --competitors onnxruntime,jax     some competitors, including those that take part only if named
 *
 * The first run creates `bench/.venv` (Python 3.11 or later, about 7 GB). Without Python or PyPI the other libraries
 * are skipped. PyTorch compiled needs a C++ compiler. Every competitor gets the same parameters, images, batches, noise
 * and number of threads; a row is void if its loss after some steps differs by more than 1e-3. A competitor's process
 * starts once and is idle while others run; competitors take turns within each round. Run it on an idle machine: the
 * load average is part of the results.
 */
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import {
  Console,
  DateTime,
  Effect,
  FileSystem,
  Layer,
  Logger,
  Option,
  Path,
  Result,
  Runtime,
  Schema,
  Stdio
} from "effect"
import { Command, Flag } from "effect/cli"
import packageJson from "../package.json" with { type: "json" }
import * as RenderFigure from "../src/pipelines/figures/RenderFigure.ts"
import { collect } from "../src/pipelines/store/Provenance.ts"
import { chart } from "./Chart.ts"
import {
  type Competitor,
  competitors,
  type Conditions,
  devices,
  environment,
  instructionSets,
  isPython,
  onCores
} from "./Competitors.ts"
import * as Fixtures from "./Fixtures.ts"
import * as MeasureRuns from "./MeasureRuns.ts"
import * as MeasureSteps from "./MeasureSteps.ts"
import { productsOf, programs } from "./Programs.ts"
import * as PythonEnvironment from "./PythonEnvironment.ts"
import { type Results, ResultsFile, type RunResult, type StepResult } from "./Results.ts"
import { markdown, summary } from "./Table.ts"
import * as Worker from "./Worker.ts"

class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { reason: Schema.String }) {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return this.reason
  }
}

/** Epochs of the run whose memory is measured: 22 epochs of 469 steps. */
const memoryEpochs = 22

const unlessOnRequest = (
  members: ReadonlyArray<readonly [name: string, member: { readonly onRequest?: boolean }]>
): ReadonlyArray<string> => members.flatMap(([name, { onRequest }]) => (onRequest === true ? [] : [name]))

const flags = {
  programs: Flag.String("programs").pipe(
    Flag.withDefault([...unlessOnRequest(Object.entries(programs)), "run"].join(",")),
    Flag.withDescription("programs, separated by commas; `convolutional-128` is measured only if named")
  ),
  competitors: Flag.String("competitors").pipe(
    Flag.withDefault(unlessOnRequest(competitors.map((competitor) => [competitor.name, competitor])).join(",")),
    Flag.withDescription("competitors, separated by commas; `reference` and `tensorflow` take part only if named")
  ),
  rounds: Flag.Int("rounds").pipe(Flag.withDefault(5), Flag.withDescription("rounds of measurements")),
  threads: Flag.Int("threads").pipe(
    Flag.withDefault(availableParallelism()),
    Flag.withDescription("threads of every competitor")
  ),
  device: Flag.Literals("device", devices).pipe(
    Flag.withDefault("cpu" as const),
    Flag.withDescription("where `xla`, PyTorch and JAX compute")
  ),
  instructions: Flag.Literals("instructions", instructionSets).pipe(
    Flag.optional,
    Flag.withDescription("the instruction set that all are restricted to, as on a processor that has no wider one")
  ),
  memory: Flag.Boolean("memory").pipe(
    Flag.withDefault(false),
    Flag.withDescription("also measure the memory of a run of 10,000 steps")
  ),
  python: Flag.String("python").pipe(
    Flag.optional,
    Flag.withDescription("Python interpreter with the packages of bench/requirements.txt; default: bench/.venv")
  ),
  out: Flag.String("out").pipe(Flag.optional, Flag.withDescription("folder of the results; default: bench/results"))
}

const chosen = Effect.fnUntraced(function* (what: string, text: string, known: ReadonlyArray<string>) {
  const names = text.split(",").map((name) => name.trim())
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return names
  return yield* new UsageError({ reason: `--${what} ${unknown}: there are ${known.join(", ")}` })
})

const loads = (): ReadonlyArray<number> => loadavg().map((load) => Math.round(100 * load) / 100)

/** Starts the workers. Those that fail to start are skipped with a warning. */
const startWorkers = Effect.fnUntraced(function* (
  bench: string,
  members: ReadonlyArray<Competitor>,
  python: Result.Result<string, { readonly message: string }>,
  conditions: Conditions
) {
  const path = yield* Path.Path
  const outcomes = yield* Effect.forEach(members, (competitor) => {
    const command = isPython(competitor) ? python : Result.succeed(process.execPath)
    return Result.isFailure(command)
      ? Effect.succeed(
          Result.fail(new Worker.WorkerError({ competitor: competitor.name, reason: command.failure.message }))
        )
      : Effect.result(
          Worker.start(
            competitor,
            ...onCores(conditions.threads, command.success, [
              path.join(bench, "workers", competitor.file),
              competitor.way
            ]),
            environment(conditions, competitor)
          )
        )
  })
  return {
    workers: outcomes.filter(Result.isSuccess).map(({ success }) => success),
    failures: outcomes.filter(Result.isFailure).map(({ failure }) => failure)
  }
})

const bench = Effect.fn("bench")(function* (given: Command.Command.Config.Infer<typeof flags>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { rounds, threads } = given
  const loadBefore = loads()
  const wanted = yield* chosen("programs", given.programs, [...Object.keys(programs), "run"])
  const named = yield* chosen(
    "competitors",
    given.competitors,
    competitors.map(({ name }) => name)
  )
  const members = competitors.filter(({ name }) => named.includes(name))
  const folder = import.meta.dirname
  const python = Option.isSome(given.python)
    ? Result.succeed(given.python.value)
    : yield* Effect.result(PythonEnvironment.interpreter(folder))
  if (Result.isFailure(python)) yield* Effect.logWarning(`without Python: ${python.failure.message}`)
  const temporary = yield* fs.makeTempDirectoryScoped({ prefix: "bench-" })
  const instructions = Option.getOrUndefined(given.instructions)
  const conditions: Conditions = { threads, folder: temporary, device: given.device, instructions }
  const images = yield* Fixtures.images(temporary)

  const measured: Array<StepResult> = []
  const pins = (yield* fs.readFileString(path.join(folder, "requirements.txt"))).matchAll(/^([\w-]+)==(.+)$/gm)
  const { git, host, versions: own } = yield* collect
  const versions: Record<string, Readonly<Record<string, string>>> = {
    project: own,
    requirements: Object.fromEntries(Array.from(pins, ([, name, version]) => [name!, version!]))
  }
  const startSeconds: Record<string, number> = {}
  const stepPrograms = wanted.filter((name) => name !== "run")
  if (stepPrograms.length > 0) {
    yield* Effect.gen(function* () {
      const { failures, workers } = yield* startWorkers(folder, members, python, conditions)
      for (const worker of workers) {
        versions[worker.competitor.name] = worker.versions
        startSeconds[worker.competitor.name] = worker.startSeconds
      }
      for (const name of stepPrograms) {
        const program = programs[name]!
        const { autoencoder, file, run } = yield* Fixtures.program(temporary, name, program)
        const products = productsOf(program, { autoencoder, objective: run.objective })
        const result = yield* MeasureSteps.measure({ name, bench: program, products, file, images }, workers, rounds)
        const absent = failures.map(({ competitor, reason }) => ({ competitor, status: "skipped" as const, reason }))
        measured.push({ ...result, rows: [...result.rows, ...absent] })
      }
    }).pipe(Effect.scoped)
  }

  const runs: Array<RunResult> = []
  const options = { bench: folder, conditions, python }
  if (wanted.includes("run")) {
    runs.push(yield* MeasureRuns.measure("A whole run", { ...options, epochs: 2, rounds }))
  }
  if (given.memory) {
    runs.push(yield* MeasureRuns.measure("Memory of a long run", { ...options, epochs: memoryEpochs, rounds: 1 }))
  }

  const date = DateTime.formatIso(yield* DateTime.now).slice(0, 16)
  const results: Results = {
    date,
    ...(git !== undefined && { commit: `${git.commit}${git.dirty ? " and changes" : ""}` }),
    machine: {
      cpu: cpus()[0]?.model ?? host.arch,
      cores: availableParallelism(),
      threads,
      ...(given.device !== "cpu" && { device: given.device }),
      ...(instructions !== undefined && { instructions }),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${platform()} ${release()}`,
      loadBefore,
      loadAfter: loads()
    },
    rounds,
    versions,
    startSeconds,
    steps: measured,
    runs
  }
  const target = Option.getOrElse(given.out, () => path.join(folder, "results"))
  const machine = `${results.machine.cpu} ${results.machine.cores} cores ${instructions ?? ""}`
    .trim()
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .toLowerCase()
  const file = path.join(target, `${date.replaceAll(":", "")}-${machine}.json`)
  yield* fs.makeDirectory(target, { recursive: true })
  yield* fs.writeFileString(file, `${yield* Schema.encodeEffect(ResultsFile)(results)}\n`)
  const { png } = yield* RenderFigure.render(chart(results))
  yield* fs.writeFile(file.replace(/json$/, "png"), png)
  yield* Console.log(`\n${markdown(results)}\n\n${summary(results)}\n\n${file}`)
}, Effect.scoped)

const command = Command.make("bench", flags, bench).pipe(
  Command.withDescription("Measures training steps and whole runs, and compares with other libraries.")
)

const program = Stdio.Stdio.use((stdio) => stdio.args).pipe(
  Effect.flatMap((args) => Command.runWith(command, { version: packageJson.version })(args)),
  Effect.provide(Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici, Logger.layer([Logger.consolePretty()])))
)

NodeRuntime.runMain(program)
