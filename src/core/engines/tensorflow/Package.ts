/**
 * Where TensorFlow.js's binding to libtensorflow is, and loading it: `@tensorflow/tfjs-node-gpu` or
 * `@tensorflow/tfjs-node`, among the project's own packages or in `tensorflow/`, where `pnpm run setup:tensorflow` puts it.
 *
 * Laws: nothing of it is loaded before it is asked for; it is loaded once in a process, onto the project's own copy of
 * TensorFlow.js, since backends are registered with one copy; the backend that was current stays so.
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

/** Why libtensorflow cannot be used here, and what to do. */
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

/** What the programs run on. */
export type Device = "cpu" | "gpu"

const packages = { gpu: "@tensorflow/tfjs-node-gpu", cpu: "@tensorflow/tfjs-node" } as const

/** What libtensorflow and the package are built for. */
const platforms = ["linux x64", "darwin x64", "win32 x64"]

/** Of the repository; the published package has no such folder. */
const setup = new URL("../../../../tensorflow/package.json", import.meta.url)

const toDo = !platforms.includes(`${platform} ${arch}`)
  ? `there is none for ${platform} ${arch}: use another engine`
  : existsSync(setup)
    ? "`pnpm run setup:tensorflow` sets it up"
    : "npm install @tensorflow/tfjs-node@4.22.0, whose installer downloads libtensorflow"

/** A package whose binding is built. */
export interface Found {
  readonly name: string
  /** What is loaded. */
  readonly folder: string
}

const project = createRequire(import.meta.url)
const apart = createRequire(setup)

/** The project's own packages, then what was set up. */
export const places: ReadonlyArray<NodeJS.Require> = [project, apart]

const foldersOf = (name: string, from: ReadonlyArray<NodeJS.Require>): ReadonlyArray<string> =>
  from.flatMap((place) => Option.toArray(Option.liftThrowable(() => dirname(place.resolve(`${name}/package.json`)))()))

/** For the newest version of Node's binary interface that the package knows. */
const bindingOf = (folder: string): string => join(folder, "lib", "napi-v8", "tfjs_binding.node")

/**
 * Looks for a package whose binding is built and loads nothing. On a device that is not named, the package for graphics
 * cards is preferred.
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

/** Functions that the package calls, and that Node 23 has lost or calls deprecated. */
const restoreUtil = (): void => {
  const isNullOrUndefined = (value: unknown): boolean => value === undefined || value === null
  Object.assign(getBuiltinModule("node:util"), { isNullOrUndefined, isArray: Array.isArray })
}

/** The core that a place's `@tensorflow/tfjs` stands on. */
const coreOf = (place: NodeJS.Require): string =>
  createRequire(place.resolve("@tensorflow/tfjs")).resolve("@tensorflow/tfjs-core")

const reasonOf = (cause: unknown, { name, folder }: Found): string => {
  const [said] = (cause instanceof Error ? cause.message : String(cause)).split("\n")
  return /libtensorflow.*cannot open shared object/.test(said!)
    ? `${name} finds no libtensorflow (${said}); ${toDo}`
    : `${name} in ${folder} does not load: ${said}`
}

/** Where TensorFlow looks, when it is loaded, for how many threads an operation has. */
const threadsVariable = "TF_NUM_INTRAOP_THREADS"

/** A loaded package, with the number of threads that it was loaded for. */
export interface Loaded {
  readonly folder: string
  readonly backend: TensorFlowBackend
  readonly threads: number
}

let loaded: Loaded | undefined

const loadNow = ({ folder }: Found, wanted: number | undefined): Loaded => {
  if (loaded !== undefined) {
    if (loaded.folder !== folder) throw new Error(`this process has loaded ${loaded.folder} already`)
    if (wanted === undefined || wanted === loaded.threads) return loaded
    throw new Error(`this process has loaded it for ${loaded.threads} threads already, not ${wanted}`)
  }
  const place = createRequire(join(folder, "package.json"))
  const [its, ours] = [coreOf(place), coreOf(project)]
  if (its !== ours) {
    throw new Error(`it stands on another copy of @tensorflow/tfjs-core, ${its}, than the project, ${ours}`)
  }
  restoreUtil()
  const threads = wanted ?? (Number(process.env[threadsVariable]) || availableParallelism())
  process.env[threadsVariable] = String(threads)
  // TensorFlow's warnings speak of how it was built, which is not the user's.
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

/** Loads a package onto TensorFlow.js; its operations use `threads` threads; default: all cores. */
export const load = (found: Found, threads?: number): Effect.Effect<Loaded, TensorFlowUnavailable> =>
  Effect.try({
    try: () => loadNow(found, threads),
    catch: (cause) => new TensorFlowUnavailable({ reason: reasonOf(cause, found), cause })
  })
