/**
 * The native engine: compiles a program's recorded graph to AVX-512 machine code in memory, and leaves to onnxruntime what
 * it has no code for, on the same state.
 *
 * Laws: state is written in place, and whatever can be refused is refused before; the same arguments give the same bits,
 * whatever the number of threads; runs on one engine follow each other.
 */
import { availableParallelism } from "node:os"
import { Context, Effect, Layer, Semaphore } from "effect"
import {
  Engine,
  EngineError,
  type Executable,
  type ExecutableArguments,
  type Placed,
  type Program,
  type Signature
} from "../Engine.ts"
import type { HostTensors, TensorType } from "../Tensors.ts"
import { checkInputs } from "./InputValidation.ts"
import { fuseImages } from "./native/FuseImages.ts"
import * as Held from "./native/Held.ts"
import { imageKernels } from "./graph/ImageKernels.ts"
import * as Memory from "./native/Memory.ts"
import { type Home, plan, type Plan } from "./native/Plan.ts"
import * as Threads from "./native/Threads.ts"
import { Unsupported } from "./native/Unsupported.ts"
import * as OnnxRuntime from "./OnnxRuntime.ts"
import { simplify } from "./graph/Simplify.ts"
import { trace } from "./graph/Trace.ts"
import * as DeviceTensors from "./DeviceTensors.ts"

export interface NativeOptions {
  /** Threads of a run. All cores unless given. */
  readonly threads?: number
}

const engine = "native"

/** Of the code that is written: another version may give other last bits. */
const version = 1

const failed =
  (program: string) =>
  (cause: unknown): EngineError =>
    DeviceTensors.engineError(engine, program, cause instanceof Error ? cause.message : String(cause), cause)

interface Machine {
  readonly memory: Memory.Memory
  readonly crew: Threads.Crew
  readonly turn: Semaphore.Semaphore
}

/** The first index that chooses no row. */
const checkLookUps = ({ lookUps }: Plan, inputs: HostTensors): string | undefined => {
  for (const { name, rows } of lookUps) {
    const wrong = inputs[name]!.values.find((index) => !(index >= 0 && index < rows))
    if (wrong !== undefined) return `input "${name}" has the index ${wrong}, where there are ${rows} rows from 0 on`
  }
  return undefined
}

const load = Effect.fnUntraced(function* (program: Program, signature: Signature, planned: Plan, machine: Machine) {
  const { crew, memory, turn } = machine
  const workspace = yield* memory.reserve(planned.workspaceBytes)
  const { address: tableAddress, buffer: tableBuffer } = yield* memory.reserve(8 * planned.homes.length)
  const table = new BigUint64Array(tableBuffer, 0, planned.homes.length)
  const compiled = yield* crew.compile(planned.phases)
  const arrayAt = (type: TensorType, offset: number) => Held.arrayOver(type, workspace.buffer, offset)
  for (const { offset, value } of planned.constants)
    arrayAt({ shape: value.shape, dtype: Held.hostType(value.type) }, offset).set(value.values as Float32Array)
  const inputs = planned.inputs.map(({ name, offset }) => ({ name, array: arrayAt(signature.inputs[name]!, offset) }))
  const outputs = planned.outputs.map(({ home, name, value: { shape, type } }) => {
    const dtype = Held.hostType(type)
    const array = home.kind === "workspace" ? arrayAt({ shape, dtype }, home.offset) : undefined
    return { name, home, shape, dtype, array }
  })

  const run = (args: ExecutableArguments, state: Held.HeldTensors, data: Held.HeldTensors): HostTensors => {
    const addressOf = (home: Home): bigint =>
      home.kind === "workspace"
        ? workspace.address + BigInt(home.offset)
        : Held.settle(
            home.kind === "state" ? args.state : args.data,
            home.kind === "state" ? state : data,
            home.name,
            memory
          )
    planned.homes.forEach((home, index) => (table[index] = addressOf(home)))
    for (const { array, name } of inputs) array.set(args.inputs[name]!.values)
    compiled.run(tableAddress)
    return Object.fromEntries(
      outputs.map(({ array, dtype, home, name, shape }) => {
        const values =
          array?.slice() ??
          (state.get((home as { readonly name: string }).name)!.read({ shape, dtype }).values as never)
        return [name, { shape, dtype, values }]
      })
    )
  }

  let isLoaded = true
  // First of the scope's ends: from then on the code's memory is not there any more.
  yield* Effect.addFinalizer(() => Effect.sync(() => void (isLoaded = false)))
  const inTurn = Effect.fnUntraced(function* (args: ExecutableArguments) {
    const state = yield* OnnxRuntime.placements.find(program.name, "state", signature.state, args.state)
    const data = yield* OnnxRuntime.placements.find(program.name, "data", signature.data, args.data)
    const reason =
      checkInputs(signature.inputs, args.inputs) ??
      checkLookUps(planned, args.inputs) ??
      (isLoaded ? undefined : "the scope that it was compiled in is closed")
    yield* DeviceTensors.failIf(engine, program.name, reason)
    return yield* Effect.try({ try: () => run(args, state, data), catch: failed(program.name) })
  })
  // All of it, checks included: what is looked at may be gone once the turn has come.
  const executable: Executable = { run: (args) => turn.withPermit(inTurn(args)) }
  return executable
})

/** Raises whatever the program itself raises. */
const planOf = (program: Program, signature: Signature, threads: number): Plan =>
  plan(fuseImages(simplify(trace(program, signature, imageKernels))), threads)

/** Provides the native engine. Errors: `EngineError` where machine code cannot run. */
export const layer = (options: NativeOptions = {}): Layer.Layer<Engine, EngineError> =>
  Layer.effect(
    Engine,
    Effect.gen(function* () {
      const { threads = availableParallelism() } = options
      const memory = yield* Memory.open
      const crew = yield* Threads.make(memory, threads)
      const others = Context.get(yield* Layer.build(OnnxRuntime.layer({ threads })), Engine)
      const turn = yield* Semaphore.make(1)

      const compile = Effect.fnUntraced(function* (program: Program, signature: Signature) {
        const native = Effect.try({
          try: () => planOf(program, signature, threads),
          catch: (cause) => (cause instanceof Unsupported ? cause : failed(program.name)(cause))
        }).pipe(
          Effect.flatMap((planned) => load(program, signature, planned, { memory, crew, turn })),
          Effect.catchDefect((defect) => (defect instanceof Unsupported ? Effect.fail(defect) : Effect.die(defect))),
          Effect.catchTag("NativeUnavailable", (error) => Effect.fail(failed(program.name)(error)))
        )
        const delegated = Effect.map(others.compile(program, signature), ({ run }): Executable => ({
          run: (args) => turn.withPermit(run(args))
        }))
        return yield* Effect.catchIf(
          native,
          (error) => error instanceof Unsupported,
          () => delegated
        )
      })

      return {
        spec: {
          _tag: "Native",
          device: "cpu",
          instructions: "avx512",
          threads,
          version,
          onnxruntime: others.spec["version"]!
        },
        place: Effect.fnUntraced(function* (tensors: HostTensors) {
          // Reserved first, so that it is given back last, and not before a run of onnxruntime that uses it has ended.
          const room = yield* memory.reserve(Held.roomFor(tensors)).pipe(Effect.mapError(failed("place")))
          yield* Effect.addFinalizer(() => turn.withPermit(Effect.void))
          const placed: Placed = yield* others.place(tensors)
          Held.give(placed, room)
          return placed
        }),
        compile
      }
    }).pipe(
      Effect.catchTag("NativeUnavailable", ({ cause, reason }) =>
        Effect.fail(DeviceTensors.engineError(engine, "any program", reason, cause))
      )
    )
  )
