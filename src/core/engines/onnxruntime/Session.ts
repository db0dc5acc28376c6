/**
 * A graph loaded by onnxruntime on one of its devices.
 */
import { Effect, type Scope } from "effect"
import type { EngineError } from "../../Engine.ts"
import type { HostTensor } from "../../Tensors.ts"
import { engineError } from "../DeviceTensors.ts"
import { encode } from "./Encode.ts"
import type { Graph } from "../graph/Graph.ts"
import * as Library from "./Library.ts"

export const engine = "onnxruntime"

/** Where onnxruntime can compute. */
export const devices = ["cpu", "webgpu", "cuda"] as const
export type Device = (typeof devices)[number]

/**
 * How long an idle thread waits busily for more work: enough for the next operator, too little to keep other processes
 * from a core. On a machine with other work, onnxruntime's own default takes more than twice as long a step.
 */
const spinMicroseconds = "20"

/** What a failed call of a library says, as the reason of a typed error. */
export const failed =
  (program: string) =>
  (cause: unknown): EngineError =>
    engineError(engine, program, cause instanceof Error ? cause.message : String(cause), cause)

/**
 * onnxruntime 1.30 puts convolutions into a layout with channels last unless told not to, and then computes wrongly those
 * of an odd number of channels above 4 into a multiple of 4, and those in groups of several filters.
 */
const webGpu = { name: "webgpu", preferredLayout: "NCHW" } as const

/**
 * Keeps CUDA's matrix products in full precision: the provider's default of 10 bits differs from other engines by more
 * than they may. Its binding for Node.js has no option for it.
 */
const inFullPrecision = (device: Device): void => {
  if (device === "cuda") process.env["NVIDIA_TF32_OVERRIDE"] ??= "0"
}

export interface SessionOptions {
  readonly device: Device
  /** Of what is done on the CPU. */
  readonly threads: number
  /** Names of the outputs that stay on the device; the others go to the host. */
  readonly staying?: ReadonlyArray<string>
}

/** The graph ready to run, until the scope closes. */
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
          // Errors only: warnings speak of the graph's form, which is not the user's.
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

/** `state/encoder/bias` is `encoder/bias` of the state. */
export const parsed = (name: string): readonly [kind: string, name: string] => {
  const end = name.indexOf("/")
  return [name.slice(0, end), name.slice(end + 1)]
}

/** A tensor in the host's memory, without a copy. */
export const toHost = ({ dims, type, data }: Library.Tensor): HostTensor => ({
  shape: dims,
  dtype: type === "bool" ? "uint8" : (type as HostTensor["dtype"]),
  values: data as HostTensor["values"]
})
