/**
 * An executable on a device: one graph of plain operators, with resident state.
 *
 * Laws: new state replaces the old by swapping buffers; a failed run leaves the state unchanged; only inputs and
 * outputs are transferred. Indices that the program computes are not checked: an index out of range reads another
 * element.
 */
import { Effect, type Semaphore } from "effect"
import type { Executable, ExecutableArguments, Program, Signature } from "../../Engine.ts"
import { checkInputs } from "../InputValidation.ts"
import * as DeviceTensors from "../DeviceTensors.ts"
import { boundsOf, checkBounds } from "../graph/Bounds.ts"
import type { Cell, DeviceMemory } from "./DeviceMemory.ts"
import { outputName } from "./Encode.ts"
import { type Input, inOrder } from "../graph/Graph.ts"
import { type Device, engine, failed, open, parsed, toHost } from "./Session.ts"
import { simplify } from "../graph/Simplify.ts"
import { toOrt } from "./DoubleBuffer.ts"
import { trace } from "../graph/Trace.ts"

export interface DeviceSettings {
  readonly device: Device
  readonly threads: number
  readonly memory: DeviceMemory
  readonly turn: Semaphore.Semaphore
}

export const compile = Effect.fnUntraced(function* (
  program: Program,
  signature: Signature,
  { device, memory, threads, turn }: DeviceSettings
) {
  const graph = yield* Effect.try({ try: () => simplify(trace(program, signature)), catch: failed(program.name) })
  const bounds = boundsOf(graph)
  const outputs = Object.keys(graph.outputs)
  const staying = outputs.filter((path) => path.startsWith("state/")).map(outputName)
  // onnxruntime does not load a graph without nodes.
  const loaded = outputs.length === 0 ? undefined : yield* open(program.name, graph, { device, threads, staying })
  const inputs = inOrder(Object.values(graph.outputs))
    .filter((value): value is Input => value.kind === "input")
    .map(({ name }) => [name, ...parsed(name)] as const)

  const run = Effect.fnUntraced(function* (
    args: ExecutableArguments,
    state: Map<string, Cell>,
    data: Map<string, Cell>
  ) {
    if (loaded === undefined) return {}
    const cellOf = (kind: string, name: string): Cell => (kind === "state" ? state : data).get(name)!
    const kept = inputs.filter(([, kind]) => kind !== "inputs")
    yield* memory.bring(new Set(kept.map(([, kind, name]) => cellOf(kind, name))))
    const feeds = Object.fromEntries(
      inputs.map(([path, kind, name]) => [
        path,
        kind === "inputs" ? toOrt(args.inputs[name]!) : cellOf(kind, name).current
      ])
    )
    const results = yield* Effect.tryPromise({ try: () => loaded.run(feeds), catch: failed(program.name) })
    return Object.fromEntries(
      outputs.flatMap((path) => {
        const [kind, name] = parsed(path)
        const tensor = results[outputName(path)]!
        if (kind === "outputs") return [[name, toHost(tensor)]]
        state.get(name)!.replace(tensor)
        return []
      })
    )
  })

  const executable: Executable = {
    run: Effect.fnUntraced(function* (args: ExecutableArguments) {
      const state = yield* memory.find(program.name, "state", signature.state, args.state)
      const data = yield* memory.find(program.name, "data", signature.data, args.data)
      const reason = checkInputs(signature.inputs, args.inputs) ?? checkBounds(bounds, args.inputs)
      yield* DeviceTensors.failIf(engine, program.name, reason)
      // Uninterruptible, because a run cannot be stopped and its buffers must not be released meanwhile.
      return yield* turn.withPermit(Effect.uninterruptible(run(args, state, data)))
    })
  }
  return executable
})
