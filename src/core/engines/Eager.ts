/**
 * Eager execution: runs a program operation by operation on a TensorFlow.js backend.
 *
 * Laws: a run leaks no tensors; a failed run leaves the state unchanged; `uint8` data is not widened in memory.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  type Engine,
  EngineError,
  type Executable,
  type ExecutableArguments,
  type Program,
  type Signature
} from "../Engine.ts"
import type { DType, HostTensor, HostTensors, Tensors } from "../Tensors.ts"
import { useBackend } from "./Backend.ts"
import { checkInputs, checkResults, hostDType, programDType } from "./InputValidation.ts"
import * as DeviceTensors from "./DeviceTensors.ts"

const mapRecord = <A, B>(record: Readonly<Record<string, A>>, f: (value: A, name: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]))

/** A copy of a tensor's values. */
const toHost = (tensor: tf.Tensor, dtype: DType): HostTensor => {
  const { shape } = tensor
  const values = tensor.dataSync()
  if (dtype === "int32") return { shape, dtype, values: Int32Array.from(values) }
  if (dtype === "uint8") return { shape, dtype, values: Uint8Array.from(values) }
  return { shape, dtype, values: Float32Array.from(values) }
}

/** The operations of an eager engine on a registered backend. */
export const make = (engine: string, backendName: string): Pick<Engine["Service"], "place" | "compile"> => {
  /** A tensor on the host's array, without a copy; bytes are not widened. */
  const toTensor = ({ shape, dtype, values }: HostTensor): tf.Tensor => {
    useBackend(backendName)
    const backend = tf.backend()
    const info = { shape: [...shape], dtype: programDType(dtype) }
    const dataId = backend.write(values, info.shape, info.dtype)
    return tf.engine().makeTensorFromTensorInfo({ ...info, dataId }, backend)
  }

  const residentTensors = DeviceTensors.make<tf.Tensor>({
    engine,
    acquire: toTensor,
    release: (tensor) => tensor.dispose(),
    read: (tensor, { dtype }) => toHost(tensor, dtype)
  })

  /** Runs the program once. Returns the outputs as host tensors, and the new state as tensors that outlive the tidy. */
  const runOnce = (
    program: Program,
    signature: Signature,
    state: Map<string, tf.Tensor>,
    data: Map<string, tf.Tensor>,
    inputs: HostTensors
  ): { readonly outputs: HostTensors; readonly state: Tensors } => {
    useBackend(backendName)
    let outputs: HostTensors = {}
    const next = tf.tidy(() => {
      const results = program.run({
        state: mapRecord(signature.state, (_, name) => state.get(name)!),
        data: mapRecord(signature.data, (_, name) => data.get(name)!),
        inputs: mapRecord(inputs, toTensor)
      })
      const reason = checkResults(signature, results)
      if (reason !== undefined) throw DeviceTensors.engineError(engine, program.name, reason)
      outputs = mapRecord(results.outputs, (tensor) => toHost(tensor, hostDType(tensor.dtype)!))
      // A program may return a tensor twice, or one of its arguments: each name gets its own tensor.
      return mapRecord(results.state ?? {}, (tensor) => tf.clone(tensor))
    })
    return { outputs, state: next }
  }

  const compile = (program: Program, signature: Signature): Effect.Effect<Executable> =>
    Effect.succeed({
      run: Effect.fnUntraced(function* (args: ExecutableArguments) {
        const state = yield* residentTensors.find(program.name, "state", signature.state, args.state)
        const data = yield* residentTensors.find(program.name, "data", signature.data, args.data)
        yield* DeviceTensors.failIf(engine, program.name, checkInputs(signature.inputs, args.inputs))
        const results = yield* Effect.try({
          try: () => runOnce(program, signature, state, data, args.inputs),
          catch: (cause) =>
            cause instanceof EngineError
              ? cause
              : DeviceTensors.engineError(
                  engine,
                  program.name,
                  cause instanceof Error ? cause.message : String(cause),
                  cause
                )
        })
        for (const [name, tensor] of Object.entries(results.state)) {
          state.get(name)?.dispose()
          state.set(name, tensor)
        }
        return results.outputs
      })
    })

  return { place: residentTensors.place, compile }
}
