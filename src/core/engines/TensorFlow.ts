/**
 * The TensorFlow engine: runs a program eagerly on libtensorflow, through TensorFlow.js's binding. State and data stay
 * in TensorFlow's memory. `pnpm run setup:tensorflow` installs it.
 */
import { Effect, Layer } from "effect"
import { Engine, type EngineError } from "../Engine.ts"
import * as Eager from "./Eager.ts"
import * as DeviceTensors from "./DeviceTensors.ts"
import * as Package from "./tensorflow/Package.ts"

const engine = "tensorflow"

export interface TensorFlowOptions {
  /** Default: `gpu` if the GPU package is installed and TensorFlow finds a GPU, else `cpu`. */
  readonly device?: Package.Device
  /** Threads per operation, for the whole process; default: all cores. */
  readonly threads?: number
}

/** Whether the package is installed. Loads nothing. */
export const isInstalled = (options: TensorFlowOptions = {}): Effect.Effect<boolean> =>
  Effect.isSuccess(Package.find(options.device))

const load = Effect.fnUntraced(function* ({ device, threads }: TensorFlowOptions) {
  const loaded = yield* Package.load(yield* Package.find(device), threads)
  if (device !== "gpu" || loaded.backend.isUsingGpuDevice) return loaded
  return yield* new Package.TensorFlowUnavailable({
    reason: "TensorFlow finds no GPU: it needs an NVIDIA GPU, its driver, CUDA and cuDNN"
  })
})

/** Provides the TensorFlow engine. Errors: `EngineError` with the reason and what to do. */
export const layer = (options: TensorFlowOptions = {}): Layer.Layer<Engine, EngineError> =>
  Layer.effect(
    Engine,
    load(options).pipe(
      Effect.map(({ backend, threads }) => ({
        spec: {
          _tag: "TensorFlow",
          device: backend.isUsingGpuDevice ? "gpu" : "cpu",
          threads,
          version: backend.binding.TF_Version
        },
        ...Eager.make(engine, Package.backendName)
      })),
      Effect.mapError(({ reason, cause }) => DeviceTensors.engineError(engine, "any program", reason, cause))
    )
  )
