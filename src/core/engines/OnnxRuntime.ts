/**
 * The onnxruntime engine: records a program, gradients included, as an ONNX graph and runs it with onnxruntime.
 *
 * Laws: on the CPU, state is double-buffered and data is not copied; on WebGPU both stay on the device; a failed run
 * leaves the state unchanged; runs on one engine are serialised.
 */
import { availableParallelism } from "node:os"
import { Effect, Layer, Record, Semaphore } from "effect"
import {
  Engine,
  type EngineError,
  type Executable,
  type ExecutableArguments,
  type Program,
  type Signature
} from "../Engine.ts"
import type { HostTensor, HostTensors } from "../Tensors.ts"
import { allocate, checkInputs } from "./InputValidation.ts"
import { prepare, settle } from "./onnxruntime/Arena.ts"
import { boundsOf, checkBounds } from "./graph/Bounds.ts"
import * as BlockedLayout from "./onnxruntime/BlockedLayout.ts"
import * as DeviceExecutable from "./onnxruntime/DeviceExecutable.ts"
import * as DeviceMemory from "./onnxruntime/DeviceMemory.ts"
import { outputName } from "./onnxruntime/Encode.ts"
import { type Input, inOrder, type Value } from "./graph/Graph.ts"
import { Tensor, version } from "./onnxruntime/Library.ts"
import { mergeUnitAxes } from "./onnxruntime/UnitAxes.ts"
import { type Device, engine, failed, open, parsed, toHost } from "./onnxruntime/Session.ts"
import { simplify } from "./graph/Simplify.ts"
import { DoubleBuffer, toOrt } from "./onnxruntime/DoubleBuffer.ts"
import { splitUpdate } from "./onnxruntime/FusedUpdate.ts"
import { trace } from "./graph/Trace.ts"
import * as DeviceTensors from "./DeviceTensors.ts"

export { type Device, devices } from "./onnxruntime/Session.ts"

export interface OnnxRuntimeOptions {
  /**
   * Device of the programs; default: `cpu`. On `webgpu`, state and data stay on the device. `cuda` requires
   * onnxruntime's CUDA provider, and copies state and data to and from the device in each run, because the binding for
   * Node.js keeps no buffers there.
   */
  readonly device?: Device
  /** Threads per operator; default: all cores. */
  readonly threads?: number
  /**
   * Whether to update state in place by a WebAssembly loop and to run convolutions in onnxruntime's blocked layout,
   * instead of only plain ONNX operators; default: true on the CPU, otherwise false.
   */
  readonly fuse?: boolean
}

interface Settings extends Required<OnnxRuntimeOptions> {
  readonly blocks: Effect.Effect<number | undefined>
}

/** A new buffer for an output, owned by the caller. */
const outputBuffer = ({ shape, type }: Value): Tensor => {
  const { values } = allocate({ shape, dtype: type === "bool" ? "uint8" : (type as HostTensor["dtype"]) })
  return new Tensor(type as "float32", values as Float32Array, shape)
}

/** Resident tensors in host memory, shared by the engines on the CPU that build on this one. */
export const residentTensors: DeviceTensors.DeviceTensors<DoubleBuffer> = DeviceTensors.make<DoubleBuffer>({
  engine,
  acquire: (tensor) => new DoubleBuffer(tensor),
  release: () => {},
  read: (slot, type) => slot.read(type)
})

/** A recorded program, and the state updates after its graph. */
const plan = (program: Program, signature: Signature, fuse: boolean) => {
  const graph = simplify(trace(program, signature))
  const parts = splitUpdate(graph)
  const handedOver = Object.entries(parts.graph.outputs).filter(([path]) => path.startsWith("tail/"))
  const updates = fuse ? prepare(parts.updates, signature.state, Object.fromEntries(handedOver)) : undefined
  return { graph: mergeUnitAxes(updates === undefined ? graph : parts.graph), updates }
}

/** Length of a block of channels in the blocked layout; undefined if the probe fails. */
const probeBlocks: Effect.Effect<number | undefined> = BlockedLayout.probe((graph, inputs) =>
  Effect.scoped(
    Effect.gen(function* () {
      const loaded = yield* open("probe", graph, { device: "cpu", threads: 1 })
      const results = yield* Effect.tryPromise({
        try: () => loaded.run(Record.map(inputs, toOrt)),
        catch: failed("probe")
      })
      return Object.fromEntries(Object.keys(graph.outputs).map((name) => [name, toHost(results[outputName(name)]!)]))
    })
  )
).pipe(Effect.orElseSucceed(() => undefined))

const compile = Effect.fnUntraced(function* (
  program: Program,
  signature: Signature,
  { blocks, device, fuse, threads }: Settings,
  turn: Semaphore.Semaphore
) {
  const { graph: planned, updates } = yield* Effect.try({
    try: () => plan(program, signature, fuse),
    catch: failed(program.name)
  })
  const block = BlockedLayout.isApplicable(planned) ? yield* blocks : undefined
  const graph = block === undefined ? planned : BlockedLayout.toBlockedLayout(planned, block)
  const outputs = Object.entries(graph.outputs)
  // onnxruntime does not load a graph without nodes.
  const loaded = outputs.length === 0 ? undefined : yield* open(program.name, graph, { device, threads })
  const inputs = inOrder(Object.values(graph.outputs)).filter((value): value is Input => value.kind === "input")
  // The CPU's operators check indices themselves.
  const bounds = device === "cpu" ? [] : boundsOf(graph)

  const run = async (
    args: ExecutableArguments,
    state: Map<string, DoubleBuffer>,
    data: Map<string, DoubleBuffer>
  ): Promise<HostTensors> => {
    const inPlace = updates && settle(state, updates)
    const source = (path: string): Tensor => {
      const [kind, name] = parsed(path)
      if (kind === "inputs") return toOrt(args.inputs[name]!)
      return (kind === "state" ? state : data).get(name)!.current
    }
    const target = (path: string, value: Value): Tensor => {
      const [kind, name] = parsed(path)
      if (kind === "tail") return inPlace!.targets[path]!
      return kind === "state" ? state.get(name)!.next(signature.state[name]!) : outputBuffer(value)
    }
    const feeds = Object.fromEntries(inputs.map(({ name }) => [name, source(name)]))
    const fetches = Object.fromEntries(outputs.map(([path, value]) => [outputName(path), target(path, value)]))
    await loaded?.run(feeds, fetches)
    inPlace?.run()
    const results = outputs.map(([path]) => [...parsed(path), fetches[outputName(path)]!] as const)
    for (const [kind, name] of results) if (kind === "state") state.get(name)!.swap()
    return Object.fromEntries(
      results.flatMap(([kind, name, tensor]) => (kind === "outputs" ? [[name, toHost(tensor)]] : []))
    )
  }

  const executable: Executable = {
    run: Effect.fnUntraced(function* (args: ExecutableArguments) {
      const state = yield* residentTensors.find(program.name, "state", signature.state, args.state)
      const data = yield* residentTensors.find(program.name, "data", signature.data, args.data)
      const reason = checkInputs(signature.inputs, args.inputs) ?? checkBounds(bounds, args.inputs)
      yield* DeviceTensors.failIf(engine, program.name, reason)
      // Uninterruptible, because a run cannot be stopped and its buffers must not be released meanwhile.
      const results = Effect.tryPromise({ try: () => run(args, state, data), catch: failed(program.name) })
      return yield* turn.withPermit(Effect.uninterruptible(results))
    })
  }
  return executable
})

/** Provides the onnxruntime engine. Errors: `EngineError` if the device does not exist. */
export const layer = (options: OnnxRuntimeOptions = {}): Layer.Layer<Engine, EngineError> =>
  Layer.effect(
    Engine,
    Effect.gen(function* () {
      const { device = "cpu", threads = availableParallelism() } = options
      const spec = { _tag: "OnnxRuntime", device, threads, version: version }
      const turn = yield* Semaphore.make(1)
      if (device === "webgpu") {
        const memory = yield* DeviceMemory.make(device, threads, turn)
        const settings = { device, threads, memory, turn }
        return {
          spec,
          place: memory.place,
          compile: (program, signature) => DeviceExecutable.compile(program, signature, settings)
        }
      }
      const fuse = device === "cpu" && (options.fuse ?? true)
      const blocks = fuse ? yield* Effect.cached(probeBlocks) : Effect.succeed(undefined)
      const settings = { device, threads, fuse, blocks }
      return {
        spec,
        place: residentTensors.place,
        compile: (program, signature) => compile(program, signature, settings, turn)
      }
    })
  )
