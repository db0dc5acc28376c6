/**
 * A program on a device, whose state stays there from run to run.
 *
 * Laws: new state takes over the buffers of the old; only inputs and outputs travel, the outputs of submitted runs
 * together. Indices that the program computes itself are not checked: one out of range reads the nearest element.
 */
import { Effect } from "effect"
import type { EngineError, Executable, ExecutableArguments, Outputs, Program, Signature } from "../../Engine.ts"
import type { DType, HostTensors } from "../../Tensors.ts"
import { checkInputs } from "../InputValidation.ts"
import { boundsOf, checkBounds } from "../graph/Bounds.ts"
import { simplify } from "../graph/Simplify.ts"
import { trace } from "../graph/Trace.ts"
import * as DeviceTensors from "../DeviceTensors.ts"
import type { Buffer, Client, Loaded } from "./Client.ts"
import type { Cell, DeviceMemory } from "./DeviceMemory.ts"
import { kernels } from "./Kernels.ts"
import { moduleOf } from "./Module.ts"
import * as Outbox from "./Outbox.ts"
import { PjrtError } from "./Pjrt.ts"

export const engine = "xla"

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof PjrtError)) return cause instanceof Error ? cause.message : String(cause)
  return cause.code === "RESOURCE_EXHAUSTED" ? `the device's memory is exhausted: ${cause.reason}` : cause.reason
}

/** What a failed call says, as the reason of a typed error. */
export const failed =
  (program: string) =>
  (cause: unknown): EngineError =>
    DeviceTensors.engineError(engine, program, reasonOf(cause), cause)

/** What the programs of one engine share. */
export interface Machine {
  readonly client: Client
  readonly memory: DeviceMemory
  /** Compiles StableHLO text with this many results. */
  readonly load: (text: string, results: number) => Promise<Loaded>
}

interface Step {
  readonly args: ExecutableArguments
  readonly state: ReadonlyMap<string, Cell>
  readonly data: ReadonlyMap<string, Cell>
}

/** `state/encoder/bias` is `encoder/bias` of the state. */
const parsed = (path: string): readonly [kind: string, name: string] => {
  const end = path.indexOf("/")
  return [path.slice(0, end), path.slice(end + 1)]
}

export const compile = Effect.fnUntraced(function* (
  program: Program,
  signature: Signature,
  { client, load, memory }: Machine
) {
  const { graph, module } = yield* Effect.try({
    try: () => {
      const graph = simplify(trace(program, signature, kernels))
      return { graph, module: moduleOf(graph) }
    },
    catch: failed(program.name)
  })
  const bounds = boundsOf(graph)
  const inputs = module.inputs.map(({ name }) => parsed(name))
  const outputs = Object.entries(graph.outputs).map(([path, { shape, type }]) => {
    const [kind, name] = parsed(path)
    return { kind, name, type: { shape, dtype: type === "bool" ? "uint8" : (type as DType) } }
  })
  const loaded = yield* Effect.tryPromise({
    try: () => load(module.text, outputs.length),
    catch: failed(program.name)
  })

  /** Inputs that would be donated but are used in another place too. */
  const keptOf = (buffers: ReadonlyArray<Buffer>): ReadonlyArray<number> =>
    [...module.donations.keys()].filter(
      (index) => buffers.indexOf(buffers[index]!) !== buffers.lastIndexOf(buffers[index]!)
    )

  /** Starts a run and gives the results' buffers. */
  const start = ({ args, data, state }: Step): ReadonlyArray<Buffer> => {
    const sent: Array<Buffer> = []
    try {
      const buffers = inputs.map(([kind, name]) => {
        if (kind !== "inputs") return (kind === "state" ? state : data).get(name)!.bring()
        const buffer = client.upload(args.inputs[name]!)
        sent.push(buffer)
        return buffer
      })
      return loaded.execute(buffers, keptOf(buffers))
    } finally {
      sent.forEach(client.destroy)
    }
  }

  const results = outputs.flatMap(({ kind, name, type }) => (kind === "state" ? [] : [{ name, type }]))
  const outbox = yield* Outbox.make(results, { client, load })

  /** Starts a run, gives the state its new values, and returns the reading of the outputs. */
  const begin = (step: Step): (() => Promise<HostTensors>) => {
    const buffers = start(step)
    outputs.forEach(({ kind, name }, index) => {
      if (kind === "state") step.state.get(name)!.replace(buffers[index]!)
    })
    return outbox(buffers.filter((_, index) => outputs[index]!.kind !== "state"))
  }

  const submit = Effect.fnUntraced(function* (args: ExecutableArguments) {
    const state = yield* memory.find(program.name, "state", signature.state, args.state)
    const data = yield* memory.find(program.name, "data", signature.data, args.data)
    const reason = memory.closed() ?? checkInputs(signature.inputs, args.inputs) ?? checkBounds(bounds, args.inputs)
    yield* DeviceTensors.failIf(engine, program.name, reason)
    const read = yield* Effect.try({ try: () => begin({ args, state, data }), catch: failed(program.name) })
    return Effect.tryPromise({ try: read, catch: failed(program.name) }) satisfies Outputs
  })
  const executable: Executable = { submit, run: (args) => Effect.flatten(submit(args)) }
  return executable
})
