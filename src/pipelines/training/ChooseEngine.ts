/**
 * Chooses the engine and the device: the requested ones, or the fastest that work on this machine.
 */
import { Context, Effect, type FileSystem, Layer, type Path } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { Engine, EngineError } from "../../core/Engine.ts"
import * as Native from "../../core/engines/Native.ts"
import * as Probe from "../../core/engines/onnxruntime/Probe.ts"
import * as OnnxRuntime from "../../core/engines/OnnxRuntime.ts"
import * as Reference from "../../core/engines/Reference.ts"
import * as TensorFlow from "../../core/engines/TensorFlow.ts"
import * as XlaProbe from "../../core/engines/xla/Probe.ts"
import * as Xla from "../../core/engines/Xla.ts"
import { Progress } from "../console/Progress.ts"

/** Values of `--engine`. */
export const names = ["auto", "native", "xla", "onnxruntime", "tensorflow", "reference"] as const
export type Name = (typeof names)[number]

/** Values of `--device`. */
export const devices = ["auto", "cpu", "webgpu", "cuda", "rocm", "tpu"] as const
export type Device = (typeof devices)[number]

/** The requested engine and device. */
export interface EngineRequest {
  readonly engine: Name
  readonly device: Device
}

type EngineName = Exclude<Name, "auto">
type DeviceName = Exclude<Device, "auto">

/** An engine on a device. */
interface Candidate {
  readonly engine: EngineName
  readonly device: Device
}

/** Candidates, fastest first. */
const candidates: ReadonlyArray<Candidate & { readonly device: DeviceName }> = [
  { engine: "xla", device: "cuda" },
  { engine: "xla", device: "rocm" },
  { engine: "xla", device: "tpu" },
  { engine: "onnxruntime", device: "cuda" },
  { engine: "native", device: "cpu" },
  { engine: "onnxruntime", device: "webgpu" },
  { engine: "onnxruntime", device: "cpu" },
  { engine: "xla", device: "cpu" },
  { engine: "tensorflow", device: "cuda" },
  { engine: "tensorflow", device: "cpu" },
  { engine: "reference", device: "cpu" }
]

/** On arm64 machine code ran under emulation only, where a missing memory barrier does not show: it is for who asks. */
const isAutomatic = ({ engine }: Candidate): boolean => engine !== "native" || process.arch !== "arm64"

/** The candidates that match a request. TensorFlow picks its device itself. */
const candidatesFor = (asked: EngineRequest): ReadonlyArray<Candidate> => {
  const found = candidates.filter(
    (candidate) =>
      (asked.engine === "auto" ? isAutomatic(candidate) : asked.engine === candidate.engine) &&
      (asked.device === "auto" || asked.device === candidate.device)
  )
  if (asked.device !== "auto") return found
  const isFirst = ({ engine }: Candidate, index: number) =>
    engine !== "tensorflow" || found.findIndex((other) => other.engine === engine) === index
  return found
    .filter(isFirst)
    .map((candidate) => (candidate.engine === "tensorflow" ? { ...candidate, device: "auto" } : candidate))
}

/** Why a request cannot be met, and what is allowed; undefined if it can. */
export const unsupportedReason = (asked: EngineRequest): string | undefined => {
  if (candidatesFor(asked).length > 0) return undefined
  const allowed = [...Map.groupBy(candidates, ({ engine }) => engine)].map(([engine, on]) => {
    const devices = on.map(({ device }) => device).toSorted()
    return `${engine} computes on ${devices.join(", ")}`
  })
  return `--engine ${asked.engine} --device ${asked.device}: ${allowed.join("; ")}`
}

type Needed = ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path | Progress

/** The layer of a candidate, and a note about it. Devices with their own drivers are probed first. */
const engineOf = Effect.fnUntraced(function* (
  { device, engine }: Candidate,
  asked: EngineRequest,
  threads: number | undefined
) {
  const options = threads === undefined ? {} : { threads }
  if (engine === "reference") return { layer: Reference.layer, note: " (slow)" }
  if (engine === "native") return { layer: Native.layer(options), note: "" }
  if (engine === "tensorflow") {
    const chosen = device === "auto" ? {} : ({ device: device === "cuda" ? "gpu" : "cpu" } as const)
    return { layer: TensorFlow.layer({ ...options, ...chosen }), note: "" }
  }
  if (engine === "xla") {
    const on = Xla.devices.find((name) => name === device) ?? "cpu"
    const plugin = yield* XlaProbe.find(on)
    return { layer: Xla.layer({ device: on, plugin }), note: on === "cpu" ? "" : `; ${plugin} passed a trial on it` }
  }
  const on = OnnxRuntime.devices.find((name) => name === device) ?? "cpu"
  const works = on === "cpu" ? undefined : yield* Probe.find(on, { hardware: asked.device === "auto" })
  const note = works?.software === undefined ? "" : ` (by ${works.software}, which computes on the CPU)`
  return { layer: OnnxRuntime.layer({ ...options, device: on }), note }
})

/** Why a candidate was rejected. */
interface Reason {
  readonly name: string
  readonly reason: string
}

/** `cuda, webgpu: there is no graphics device here`, for each reason. */
const inWords = (reasons: ReadonlyArray<Reason>): ReadonlyArray<string> =>
  [...Map.groupBy(reasons, ({ reason }) => reason)].map(
    ([reason, others]) => `${others.map(({ name }) => name).join(", ")}: ${reason}`
  )

/** Prints in one line which engine was chosen, and why not the faster ones. */
const announced = (
  layer: Layer.Layer<Engine, EngineError>,
  words: string
): Layer.Layer<Engine, EngineError, Progress> =>
  Layer.tap(layer, (context) => {
    const { _tag, device, kind = device } = Context.get(context, Engine).spec
    const on = kind === device ? device : `${device}, ${kind}`
    return Progress.use((progress) => progress.line(`engine: ${_tag} on ${on}${words}`))
  })

const nameOf = ({ device, engine }: Candidate, asked: EngineRequest): string => {
  if (device === "auto") return engine
  return asked.engine === "auto" && engine !== "onnxruntime" ? `${engine} on ${device}` : device
}

/**
 * Provides the requested engine with `threads` threads (default: all cores). Errors: `EngineError` with the reason of
 * each rejected candidate.
 */
export const layer = (asked: EngineRequest, threads?: number): Layer.Layer<Engine, EngineError, Needed> => {
  const first = (
    [candidate, ...others]: ReadonlyArray<Candidate>,
    reasons: ReadonlyArray<Reason>
  ): Layer.Layer<Engine, EngineError, Needed> => {
    if (candidate === undefined) {
      const engine = asked.engine === "auto" ? "this machine" : asked.engine
      const reason = unsupportedReason(asked) ?? inWords(reasons).join("; ")
      const program = asked.device === "auto" ? "programs" : `programs on ${asked.device}`
      return Layer.effect(Engine, Effect.fail(new EngineError({ engine, program, reason })))
    }
    const why = inWords(reasons)
      .map((reason) => `; not ${reason}`)
      .join("")
    const opened = Layer.unwrap(
      Effect.map(engineOf(candidate, asked, threads), ({ layer, note }) => announced(layer, `${note}${why}`))
    )
    // Without an alternative, the engine's own error is the most useful.
    if (others.length === 0 && reasons.length === 0) return opened
    return Layer.catch(opened, (error) =>
      first(others, [...reasons, { name: nameOf(candidate, asked), reason: error.reason }])
    )
  }
  return first(candidatesFor(asked), [])
}
