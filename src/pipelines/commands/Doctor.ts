/**
 * `effect-vae doctor`: reports what this machine supports, and what to do about each "no".
 */
import { availableParallelism, arch, cpus, platform, release, totalmem } from "node:os"
import { statfs } from "node:fs/promises"
import { Console, Context, Effect, Layer, Path } from "effect"
import { Command } from "effect/cli"
import { DataDirectories, Dataset } from "../../core/Dataset.ts"
import { Engine } from "../../core/Engine.ts"
import { cacheFolder } from "../../core/datasets/CacheFolder.ts"
import * as FashionMnist from "../../core/datasets/FashionMnist.ts"
import * as FreyFaces from "../../core/datasets/FreyFaces.ts"
import * as Mnist from "../../core/datasets/Mnist.ts"
import * as OlivettiFaces from "../../core/datasets/OlivettiFaces.ts"
import * as Progress from "../console/Progress.ts"
import * as ChooseEngine from "../training/ChooseEngine.ts"
import { commonFlags, dataDirectory } from "./Flags.ts"

/** A line of the report: a capability, whether it is available, and where or why not. */
interface Answer {
  readonly what: string
  readonly is: boolean
  readonly words: string
}

/** Describes an engine by its spec: `native, avx2, 2 threads`. */
const inWords = ({ spec }: Engine["Service"]): string => {
  const { _tag, device, instructions, threads, version } = spec
  const parts = [_tag, instructions, device, `${threads} threads`, `version ${version}`]
  return parts.filter((part) => part !== undefined).join(", ")
}

const built = (request: ChooseEngine.EngineRequest) =>
  Layer.build(Layer.provide(ChooseEngine.layer(request), Progress.layerSilent)).pipe(
    Effect.map((context) => inWords(Context.get(context, Engine))),
    Effect.scoped
  )

/** Whether an engine works on this machine. */
export const isBuilt = (request: ChooseEngine.EngineRequest) => Effect.isSuccess(built(request))

/** The default engine in words. Never fails. */
export const engineInWords = built({ engine: "auto", device: "auto" }).pipe(
  Effect.map((words) => `engine ${words}`),
  Effect.catch((error) => Effect.succeed(`no engine: ${error.reason}`))
)

/** What to do if an engine is missing. */
const advice: Readonly<Record<string, string>> = {
  "onnxruntime cuda": "; with CUDA's libraries: ONNXRUNTIME_NODE_INSTALL=cuda12 npm install onnxruntime-node@1.30.0"
}

const engines = Effect.forEach(
  [
    { engine: "native", device: "cpu" },
    { engine: "onnxruntime", device: "cpu" },
    { engine: "onnxruntime", device: "webgpu" },
    { engine: "onnxruntime", device: "cuda" },
    { engine: "tensorflow", device: "auto" },
    { engine: "reference", device: "cpu" }
  ] as const,
  (request) => {
    const what = request.device === "auto" ? request.engine : `${request.engine} on ${request.device}`
    return built(request).pipe(
      Effect.map((words): Answer => ({ what, is: true, words })),
      Effect.catch(({ reason }) =>
        Effect.succeed<Answer>({
          what,
          is: false,
          words: `${reason}${advice[`${request.engine} ${request.device}`] ?? ""}`
        })
      )
    )
  }
)

const datasets = Effect.gen(function* () {
  const members = {
    MNIST: Mnist.layer(),
    "Fashion-MNIST": FashionMnist.layer(),
    "Frey Faces": FreyFaces.layer(),
    "Olivetti faces": OlivettiFaces.layer()
  }
  return yield* Effect.forEach(Object.entries(members), ([what, layer]) =>
    Dataset.use((dataset) => dataset.peek).pipe(
      Effect.provide(layer, { local: true }),
      Effect.map((found): Answer =>
        found === undefined
          ? { what, is: false, words: "downloaded on first use; or give its folder with --data-dir" }
          : { what, is: true, words: `${found.source}: ${found.location}` }
      ),
      Effect.catch(({ reason }) => Effect.succeed<Answer>({ what, is: false, words: reason }))
    )
  )
})

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

/** Minimum free space in bytes for a sweep with animations. */
const enoughDisk = 2 ** 30

const machine = Effect.gen(function* () {
  const { resolve } = yield* Path.Path
  const disk = yield* Effect.promise(() => statfs(resolve(".")).catch(() => undefined))
  const free = disk === undefined ? undefined : disk.bavail * disk.bsize
  const memory = gigabytes(totalmem())
  const cache = yield* Effect.orElseSucceed(cacheFolder, () => undefined)
  const answers: ReadonlyArray<Answer> = [
    {
      what: "machine",
      is: true,
      words: `${platform()} ${release()} ${arch()}, ${cpus()[0]?.model ?? "processor unknown"}`
    },
    { what: "cores, memory", is: true, words: `${availableParallelism()} cores, ${memory}` },
    { what: "Node.js", is: true, words: process.versions.node },
    {
      what: "disk",
      is: free === undefined || free >= enoughDisk,
      words: free === undefined ? "free space unknown" : `${gigabytes(free)} free in ${resolve(".")}`
    },
    {
      what: "cache",
      is: cache !== undefined,
      words: cache ?? "set HOME or XDG_CACHE_HOME to keep downloads"
    }
  ]
  return answers
})

const print = (title: string, answers: ReadonlyArray<Answer>) =>
  Effect.gen(function* () {
    yield* Console.log(`\n${title}`)
    const width = Math.max(...answers.map(({ what }) => what.length))
    for (const { is, what, words } of answers)
      yield* Console.log(`  ${is ? "yes" : "no "}  ${what.padEnd(width)}  ${words}`)
  })

export const command = Command.make(
  "doctor",
  { dataDir: commonFlags.dataDir },
  Effect.fn("Doctor.command")(function* ({ dataDir }) {
    yield* print("This machine", yield* machine)
    yield* print("Engines", yield* engines)
    const directories = { dataDirectory: yield* dataDirectory(dataDir), cacheDirectory: undefined }
    yield* print("Data", yield* Effect.provideService(datasets, DataDirectories, directories))
    yield* Console.log(`\nThe default is ${yield* engineInWords}.`)
  })
).pipe(
  Command.withDescription(
    "Reports what this machine supports (engines, devices, data, disk) and how to get what is missing"
  )
)
