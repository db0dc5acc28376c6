/**
 * Finds and loads TensorFlow.js's binding to libtensorflow: `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node`,
 * from the project's packages or from `tensorflow/`, where `pnpm run setup:tensorflow` installs it.
 *
 * Laws: it is loaded on demand, once per process, with the project's copy of TensorFlow.js, because backends are
 * registered with one copy. The current backend stays selected.
 */
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { availableParallelism } from "node:os"
import { dirname, join } from "node:path"
import { arch, getBuiltinModule, platform } from "node:process"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Option, Schema } from "effect"
import { useBackend } from "../Backend.ts"
import { patchGradients } from "../PatchedGradients.ts"
import { keepBytes, type TensorFlowBackend } from "./Bytes.ts"
import { replaceKernels } from "./Kernel.ts"
import { patchedKernels } from "./PatchedKernels.ts"

/** libtensorflow cannot be used on this machine. */
export class TensorFlowUnavailable extends Schema.TaggedError<TensorFlowUnavailable>()("TensorFlowUnavailable", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return this.reason
  }
}

/** The name under which the package registers its backend. */
export const backendName = "tensorflow"

/** Devices of TensorFlow. */
export type Device = "cpu" | "gpu"

const packages = { gpu: "@tensorflow/tfjs-node-gpu", cpu: "@tensorflow/tfjs-node" } as const

/** Platforms for which libtensorflow and the package are built. */
const platforms = ["linux x64", "darwin x64", "win32 x64"]

/** The repository's folder `tensorflow/`; the published package has none. */
const setup = new URL("../../../../tensorflow/package.json", import.meta.url)

const toDo = !platforms.includes(`${platform} ${arch}`)
  ? `it does not exist for ${platform} ${arch}: use another engine`
  : existsSync(setup)
    ? "run `pnpm run setup:tensorflow`"
    : "run `npm install @tensorflow/tfjs-node@4.22.0`, which downloads libtensorflow"

/** An installed package whose binding is built. */
export interface Found {
  readonly name: string
  /** Folder of the package. */
  readonly folder: string
}

const project = createRequire(import.meta.url)
const apart = createRequire(setup)

/** The project's packages, then those of the setup. */
export const places: ReadonlyArray<NodeJS.Require> = [project, apart]

const foldersOf = (name: string, from: ReadonlyArray<NodeJS.Require>): ReadonlyArray<string> =>
  from.flatMap((place) => Option.toArray(Option.liftThrowable(() => dirname(place.resolve(`${name}/package.json`)))()))

/** File of the binding for the newest Node-API version that the package supports. */
const bindingOf = (folder: string): string => join(folder, "lib", "napi-v8", "tfjs_binding.node")

/**
 * Finds a package whose binding is built. Loads nothing. Without `device`, the GPU package is preferred.
 */
export const find = (device?: Device, from = places): Effect.Effect<Found, TensorFlowUnavailable> =>
  Effect.suspend(() => {
    const names = device === undefined ? [packages.gpu, packages.cpu] : [packages[device]]
    const installed = names.flatMap((name) => foldersOf(name, from).map((folder): Found => ({ name, folder })))
    const built = installed.find(({ folder }) => existsSync(bindingOf(folder)))
    if (built !== undefined) return Effect.succeed(built)
    const [first] = installed
    const reason =
      first === undefined
        ? `the package ${names.join(" or ")} is not installed; ${toDo}`
        : `the binding of ${first.name} is not built (there is no ${bindingOf(first.folder)}); ${toDo}`
    return Effect.fail(new TensorFlowUnavailable({ reason }))
  })

/** Functions that the package calls and that Node 23 removed or deprecated. */
const restoreUtil = (): void => {
  const isNullOrUndefined = (value: unknown): boolean => value === undefined || value === null
  Object.assign(getBuiltinModule("node:util"), { isNullOrUndefined, isArray: Array.isArray })
}

/** The copy of `@tensorflow/tfjs-core` that a place's `@tensorflow/tfjs` uses. */
const coreOf = (place: NodeJS.Require): string =>
  createRequire(place.resolve("@tensorflow/tfjs")).resolve("@tensorflow/tfjs-core")

const reasonOf = (cause: unknown, { name, folder }: Found): string => {
  const [said] = (cause instanceof Error ? cause.message : String(cause)).split("\n")
  return /libtensorflow.*cannot open shared object/.test(said!)
    ? `${name} finds no libtensorflow (${said}); ${toDo}`
    : `${name} in ${folder} does not load: ${said}`
}

/** Environment variables for the number of threads, which TensorFlow reads when it is loaded. */
const threadsVariable = "TF_NUM_INTRAOP_THREADS"

/** A loaded package and its number of threads. */
export interface Loaded {
  readonly folder: string
  readonly backend: TensorFlowBackend
  readonly threads: number
}

let loaded: Loaded | undefined

const loadNow = ({ folder }: Found, wanted: number | undefined): Loaded => {
  if (loaded !== undefined) {
    if (loaded.folder !== folder) throw new Error(`this process has already loaded ${loaded.folder}`)
    if (wanted === undefined || wanted === loaded.threads) return loaded
    throw new Error(`this process has already loaded it for ${loaded.threads} threads, not ${wanted}`)
  }
  const place = createRequire(join(folder, "package.json"))
  const [its, ours] = [coreOf(place), project.resolve("@tensorflow/tfjs-core")]
  if (its !== ours) {
    throw new Error(`it uses another copy of @tensorflow/tfjs-core, ${its}, than the project, ${ours}`)
  }
  restoreUtil()
  const threads = wanted ?? (Number(process.env[threadsVariable]) || availableParallelism())
  process.env[threadsVariable] = String(threads)
  // TensorFlow's warnings are about its build, which the user cannot change.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2"
  const current = tf.getBackend()
  place(folder)
  // The package loads TensorFlow.js's own gradients, over those that are patched.
  patchGradients()
  const backend = tf.findBackend(backendName) as TensorFlowBackend
  if (current) useBackend(current)
  keepBytes(backend)
  replaceKernels(backendName, patchedKernels)
  loaded = { folder, backend, threads }
  return loaded
}

/** Loads a package. Its operations use `threads` threads; default: all cores. */
export const load = (found: Found, threads?: number): Effect.Effect<Loaded, TensorFlowUnavailable> =>
  Effect.try({
    try: () => loadNow(found, threads),
    catch: (cause) => new TensorFlowUnavailable({ reason: reasonOf(cause, found), cause })
  })
