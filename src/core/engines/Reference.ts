/**
 * The reference engine: runs a program eagerly on TensorFlow.js's plain CPU backend. Slow and obvious; the others are
 * checked against it.
 *
 * Laws: a run leaves no tensors behind but the new state, which replaces the old; bytes stay bytes in memory.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import {
  Engine,
  EngineError,
  type Executable,
  type ExecutableArguments,
  type Placed,
  type Program,
  type Signature
} from "../Engine.ts"
import { type DType, type HostTensor, type HostTensors, type Tensors, type TensorTypes, typesOf } from "../Tensors.ts"
import { useBackend } from "./Backend.ts"
import { checkInputs, checkResults, checkTypes, checkValues, hostDType, programDType } from "./Border.ts"

const failure = (program: string, reason: string, cause?: unknown): EngineError =>
  new EngineError({ engine: "reference", program, reason, ...(cause === undefined ? {} : { cause }) })

const failUnless = (program: string, reason: string | undefined): Effect.Effect<void, EngineError> =>
  reason === undefined ? Effect.void : Effect.fail(failure(program, reason))

const mapRecord = <A, B>(record: Readonly<Record<string, A>>, f: (value: A, name: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]))

/** A tensor over the host's own array: no copy, and bytes are not widened. */
const toTensor = ({ shape, dtype, values }: HostTensor): tf.Tensor => {
  const backend = tf.backend()
  const info = { shape: [...shape], dtype: programDType(dtype) }
  const dataId = backend.write(values, info.shape, info.dtype)
  return tf.engine().makeTensorFromTensorInfo({ ...info, dataId }, backend)
}

/** A copy of a tensor's values. */
const toHost = (tensor: tf.Tensor, dtype: DType): HostTensor => {
  const { shape } = tensor
  const values = tensor.dataSync()
  if (dtype === "int32") return { shape, dtype, values: Int32Array.from(values) }
  if (dtype === "uint8") return { shape, dtype, values: Uint8Array.from(values) }
  return { shape, dtype, values: Float32Array.from(values) }
}

/** Tensors behind each placed record; a run that returns state replaces them, and they are gone with the scope. */
const placements = new WeakMap<Placed, Map<string, tf.Tensor>>()

const tensorsOf = (
  program: string,
  kind: string,
  declared: TensorTypes,
  placed: Placed
): Effect.Effect<Map<string, tf.Tensor>, EngineError> => {
  const tensors = placements.get(placed)
  const reason =
    tensors === undefined
      ? `${kind} was not placed by this engine, or its scope is closed`
      : checkTypes(kind, declared, placed.types)
  return tensors !== undefined && reason === undefined
    ? Effect.succeed(tensors)
    : Effect.fail(failure(program, reason ?? ""))
}

const place = Effect.fnUntraced(function* (tensors: HostTensors) {
  yield* failUnless("place", checkValues("tensor", tensors))
  const types = typesOf(tensors)
  const placed: Placed = {
    types,
    read: Effect.suspend(() => tensorsOf("read", "tensors", {}, placed)).pipe(
      Effect.map((held) => mapRecord(types, ({ dtype }, name) => toHost(held.get(name)!, dtype)))
    )
  }
  const acquire = Effect.sync(() => {
    useBackend("cpu")
    placements.set(placed, new Map(Object.entries(mapRecord(tensors, toTensor))))
    return placed
  })
  const release = Effect.sync(() => {
    placements.get(placed)?.forEach((tensor) => tensor.dispose())
    placements.delete(placed)
  })
  return yield* Effect.acquireRelease(acquire, () => release)
})

/** Runs the program once; gives the outputs as host tensors and the new state as tensors that outlive the tidy. */
const runOnce = (
  program: Program,
  signature: Signature,
  state: Map<string, tf.Tensor>,
  data: Map<string, tf.Tensor>,
  inputs: HostTensors
): { readonly outputs: HostTensors; readonly state: Tensors } => {
  useBackend("cpu")
  let outputs: HostTensors = {}
  const next = tf.tidy(() => {
    const results = program.run({
      state: mapRecord(signature.state, (_, name) => state.get(name)!),
      data: mapRecord(signature.data, (_, name) => data.get(name)!),
      inputs: mapRecord(inputs, toTensor)
    })
    const reason = checkResults(signature, results)
    if (reason !== undefined) throw failure(program.name, reason)
    outputs = mapRecord(results.outputs, (tensor) => toHost(tensor, hostDType(tensor.dtype)!))
    // A program may return a tensor twice, or one that it was given: each name gets a tensor of its own.
    return mapRecord(results.state ?? {}, (tensor) => tf.clone(tensor))
  })
  return { outputs, state: next }
}

const compile = (program: Program, signature: Signature): Effect.Effect<Executable> =>
  Effect.succeed({
    run: Effect.fnUntraced(function* (args: ExecutableArguments) {
      const state = yield* tensorsOf(program.name, "state", signature.state, args.state)
      const data = yield* tensorsOf(program.name, "data", signature.data, args.data)
      yield* failUnless(program.name, checkInputs(signature.inputs, args.inputs))
      const results = yield* Effect.try({
        try: () => runOnce(program, signature, state, data, args.inputs),
        catch: (cause) =>
          cause instanceof EngineError
            ? cause
            : failure(program.name, cause instanceof Error ? cause.message : String(cause), cause)
      })
      for (const [name, tensor] of Object.entries(results.state)) {
        state.get(name)?.dispose()
        state.set(name, tensor)
      }
      return results.outputs
    })
  })

/** Provides the reference engine. */
export const layer: Layer.Layer<Engine> = Layer.succeed(Engine, {
  spec: { _tag: "Reference", device: "cpu", threads: 1, version: tf.version_core },
  place,
  compile
})
