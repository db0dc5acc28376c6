/**
 * onnxruntime sessions: a graph loaded on a device.
 */
import { Effect, type Scope } from "effect"
import type { EngineError } from "../../Engine.ts"
import type { HostTensor } from "../../Tensors.ts"
import { engineError } from "../DeviceTensors.ts"
import { encode } from "./Encode.ts"
import type { Graph } from "../graph/Graph.ts"
import * as Library from "./Library.ts"

export const engine = "onnxruntime"

/** Devices of onnxruntime. */
export const devices = ["cpu", "webgpu", "cuda"] as const
export type Device = (typeof devices)[number]

/**
 * Duration of an idle thread's spinning: long enough for the next operator, too short to starve other processes. On a
 * busy machine, a step with onnxruntime's default takes more than twice as long.
 */
const spinMicroseconds = "20"

/** Converts the error of a library call to a typed error. */
export const failed =
  (program: string) =>
  (cause: unknown): EngineError =>
    engineError(engine, program, cause instanceof Error ? cause.message : String(cause), cause)

/**
 * Keeps channels first: with its default, channels last, onnxruntime 1.30 computes wrong convolutions from an odd
 * number of channels above 4 to a multiple of 4, and wrong grouped convolutions with several filters per group.
 */
const webGpu = { name: "webgpu", preferredLayout: "NCHW" } as const

/**
 * Disables TF32 in CUDA's matrix products: its 10 bits of mantissa exceed the tolerance between engines. The binding
 * for Node.js has no option for it.
 */
const inFullPrecision = (device: Device): void => {
  if (device === "cuda") process.env["NVIDIA_TF32_OVERRIDE"] ??= "0"
}

export interface SessionOptions {
  readonly device: Device
  /** Threads per operator on the CPU. */
  readonly threads: number
  /** Names of the outputs that stay on the device; the others are copied to the host. */
  readonly staying?: ReadonlyArray<string>
}

/** A session of the graph, until the scope closes. */
export const open = (
  program: string,
  graph: Graph | Uint8Array,
  { device, threads, staying = [] }: SessionOptions
): Effect.Effect<Library.Session, EngineError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => {
        inFullPrecision(device)
        return Library.create(graph instanceof Uint8Array ? graph : encode(graph), {
          executionProviders: [device === "webgpu" ? webGpu : device],
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          extra: { session: { intra_op: { spin_duration_us: spinMicroseconds } } },
          executionMode: "sequential",
          // Errors only: warnings are about the generated graph, which the user cannot change.
          logSeverityLevel: 3,
          ...(staying.length > 0 && {
            preferredOutputLocation: Object.fromEntries(staying.map((name) => [name, "gpu-buffer" as const]))
          })
        })
      },
      catch: failed(program)
    }),
    (session) => Effect.promise(() => session.release())
  )

/** Splits `state/encoder/bias` into `state` and `encoder/bias`. */
export const parsed = (name: string): readonly [kind: string, name: string] => {
  const end = name.indexOf("/")
  return [name.slice(0, end), name.slice(end + 1)]
}

/** Converts a tensor in host memory to a host tensor, without a copy. */
export const toHost = ({ dims, type, data }: Library.Tensor): HostTensor => ({
  shape: dims,
  dtype: type === "bool" ? "uint8" : (type as HostTensor["dtype"]),
  values: data as HostTensor["values"]
})
