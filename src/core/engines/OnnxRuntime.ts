/**
 * The onnxruntime engine: records a program once as an ONNX graph, TensorFlow.js's derivatives included, and runs the
 * graph with onnxruntime.
 *
 * Laws: state stays in two sets of buffers that change places, so that a step copies none of it; data is read where it
 * lies; a run that fails leaves the state as it was; runs on one engine follow each other.
 */
import { availableParallelism } from "node:os"
import { Effect, Layer, type Scope, Semaphore } from "effect"
import * as ort from "onnxruntime-node"
import {
  Engine,
  EngineError,
  type Executable,
  type ExecutableArguments,
  type Program,
  type Signature
} from "../Engine.ts"
import type { HostTensor, HostTensors } from "../Tensors.ts"
import { allocate, checkInputs } from "./Border.ts"
import { encode, outputName } from "./onnxruntime/Encode.ts"
import { type Graph, type Input, inOrder, type Value } from "./onnxruntime/Graph.ts"
import { simplify } from "./onnxruntime/Simplify.ts"
import { Slot, toOrt } from "./onnxruntime/Slot.ts"
import { trace } from "./onnxruntime/Trace.ts"
import * as Placements from "./Placements.ts"

const engine = "onnxruntime"

export interface OnnxRuntimeOptions {
  /** Threads of one operator. All cores unless given. */
  readonly threads?: number
}

/** What a failed call of a library says, as the reason of a typed error. */
const failed =
  (program: string) =>
  (cause: unknown): EngineError =>
    Placements.failure(engine, program, cause instanceof Error ? cause.message : String(cause), cause)

const session = (
  program: string,
  graph: Graph,
  threads: number
): Effect.Effect<ort.InferenceSession, EngineError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () =>
        ort.InferenceSession.create(encode(graph), {
          executionProviders: ["cpu"],
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          executionMode: "sequential",
          // Errors only: warnings speak of the graph's form, which is not the user's.
          logSeverityLevel: 3
        }),
      catch: failed(program)
    }),
    (session) => Effect.promise(() => session.release())
  )

/** `state/encoder/bias` is `encoder/bias` of the state. */
const parsed = (name: string): readonly [kind: string, name: string] => {
  const end = name.indexOf("/")
  return [name.slice(0, end), name.slice(end + 1)]
}

/** A buffer for an output, for its new owner. */
const outputBuffer = ({ shape, type }: Value): ort.Tensor => {
  const { values } = allocate({ shape, dtype: type === "bool" ? "uint8" : (type as HostTensor["dtype"]) })
  return new ort.Tensor(type as "float32", values as Float32Array, shape)
}

const toHost = ({ dims, type, data }: ort.Tensor): HostTensor => ({
  shape: dims,
  dtype: type === "bool" ? "uint8" : (type as HostTensor["dtype"]),
  values: data as HostTensor["values"]
})

const placements = Placements.make<Slot>({
  engine,
  acquire: (tensor) => new Slot(tensor),
  release: () => {},
  read: (slot, type) => slot.read(type)
})

const compile = Effect.fnUntraced(function* (
  program: Program,
  signature: Signature,
  threads: number,
  turn: Semaphore.Semaphore
) {
  const graph = yield* Effect.try({ try: () => simplify(trace(program, signature)), catch: failed(program.name) })
  const loaded = yield* session(program.name, graph, threads)
  const inputs = inOrder(Object.values(graph.outputs)).filter((value): value is Input => value.kind === "input")
  const outputs = Object.entries(graph.outputs)

  const run = (args: ExecutableArguments, state: Map<string, Slot>, data: Map<string, Slot>) => {
    const find = (path: string): ort.Tensor => {
      const [kind, name] = parsed(path)
      if (kind === "inputs") return toOrt(args.inputs[name]!)
      return (kind === "state" ? state : data).get(name)!.current
    }
    const target = ([path, value]: [string, Value]): [string, ort.Tensor] => {
      const [kind, name] = parsed(path)
      return [outputName(path), kind === "state" ? state.get(name)!.next(signature.state[name]!) : outputBuffer(value)]
    }
    const feeds = Object.fromEntries(inputs.map(({ name }) => [name, find(name)]))
    const fetches = Object.fromEntries(outputs.map(target))
    return loaded.run(feeds, fetches).then((): HostTensors => {
      const results = outputs.map(([path]) => [...parsed(path), fetches[outputName(path)]!] as const)
      for (const [kind, name] of results) if (kind === "state") state.get(name)!.swap()
      return Object.fromEntries(
        results.flatMap(([kind, name, tensor]) => (kind === "outputs" ? [[name, toHost(tensor)]] : []))
      )
    })
  }

  const executable: Executable = {
    run: Effect.fnUntraced(function* (args: ExecutableArguments) {
      const state = yield* placements.find(program.name, "state", signature.state, args.state)
      const data = yield* placements.find(program.name, "data", signature.data, args.data)
      yield* Placements.failWith(engine, program.name, checkInputs(signature.inputs, args.inputs))
      // Uninterruptible, because a run cannot be stopped and its buffers must not be given away meanwhile.
      return yield* turn.withPermit(
        Effect.uninterruptible(Effect.tryPromise({ try: () => run(args, state, data), catch: failed(program.name) }))
      )
    })
  }
  return executable
})

/** Provides the onnxruntime engine on the CPU. */
export const layer = (options: OnnxRuntimeOptions = {}): Layer.Layer<Engine, EngineError> =>
  Layer.effect(
    Engine,
    Effect.gen(function* () {
      const threads = options.threads ?? availableParallelism()
      const turn = yield* Semaphore.make(1)
      return {
        spec: { _tag: "OnnxRuntime", device: "cpu", threads, version: ort.env.versions.node ?? "" },
        place: placements.place,
        compile: (program, signature) => compile(program, signature, threads, turn)
      }
    })
  )
