/**
 * The native engine: compiles the recorded graph of a program to machine code in memory, for the widest instruction set
 * of the processor. Programs with operators that it has no code for run on onnxruntime, on the same state.
 *
 * Laws: state is overwritten in place, after all checks; the same arguments give the same bits on the same instruction
 * set, with any number of threads; runs on one engine are serialised.
 */
import { availableParallelism } from "node:os"
import { Config, Context, Effect, Layer, Option, Semaphore } from "effect"
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
import * as DeviceTensors from "./DeviceTensors.ts"
import { imageKernels } from "./graph/ImageKernels.ts"
import { simplify } from "./graph/Simplify.ts"
import { trace } from "./graph/Trace.ts"
import { checkInputs } from "./InputValidation.ts"
import { fuseImages } from "./native/FuseImages.ts"
import type { InstructionSet } from "./native/InstructionSet.ts"
import * as InstructionSets from "./native/InstructionSets.ts"
import * as Libc from "./native/Libc.ts"
import { type Location, plan, type Plan } from "./native/Plan.ts"
import * as Processor from "./native/Processor.ts"
import * as ResidentTensors from "./native/ResidentTensors.ts"
import * as ThreadPool from "./native/ThreadPool.ts"
import { Unsupported } from "./native/Unsupported.ts"
import * as OnnxRuntime from "./OnnxRuntime.ts"

export interface NativeOptions {
  /** Threads of a run. Default: one per core. */
  readonly threads?: number
  /** Default: the variable `VAE_INSTRUCTION_SET`, else the widest set that the processor has. */
  readonly instructionSet?: string
}

const engine = "native"

/** Version of the emitted code: another one may give other last bits. */
const version = 3

const closed = "the scope of the engine is closed"

const failed =
  (program: string) =>
  (cause: unknown): EngineError =>
    DeviceTensors.engineError(engine, program, cause instanceof Error ? cause.message : String(cause), cause)

interface Machine {
  readonly libc: Libc.Libc
  readonly pool: ThreadPool.ThreadPool
  /** Held by the program that runs. */
  readonly mutex: Semaphore.Semaphore
  /** Whether the engine's scope is open: with it go its threads and their memory. */
  readonly isOpen: () => boolean
}

/** Why an index is out of range. */
const checkLookUps = ({ lookUps }: Plan, inputs: HostTensors): string | undefined => {
  for (const { name, rows } of lookUps) {
    const wrong = inputs[name]!.values.find((index) => !(index >= 0 && index < rows))
    if (wrong !== undefined) return `input "${name}" has the index ${wrong}; allowed are 0 to ${rows - 1}`
  }
  return undefined
}

const load = Effect.fnUntraced(function* (program: Program, signature: Signature, planned: Plan, machine: Machine) {
  const { isOpen, libc, mutex, pool } = machine
  const workspace = yield* libc.reserve(planned.workspaceBytes)
  const { address: tableAddress, buffer: tableBuffer } = yield* libc.reserve(8 * planned.locations.length)
  const table = new BigUint64Array(tableBuffer, 0, planned.locations.length)
  const compiled = yield* pool.compile(planned.phases)
  const arrayAt = (type: TensorType, offset: number) => ResidentTensors.arrayOver(type, workspace.buffer, offset)
  for (const { offset, value } of planned.constants)
    arrayAt({ shape: value.shape, dtype: ResidentTensors.hostType(value.type) }, offset).set(
      value.values as Float32Array
    )
  const inputs = planned.inputs.map(({ name, offset }) => ({ name, array: arrayAt(signature.inputs[name]!, offset) }))
  const outputs = planned.outputs.map(({ location, name, value: { shape, type } }) => {
    const dtype = ResidentTensors.hostType(type)
    const array = location.kind === "workspace" ? arrayAt({ shape, dtype }, location.offset) : undefined
    return { name, location, shape, dtype, array }
  })

  const run = (
    args: ExecutableArguments,
    state: ResidentTensors.ResidentTensors,
    data: ResidentTensors.ResidentTensors
  ): HostTensors => {
    const addressOf = (location: Location): bigint =>
      location.kind === "workspace"
        ? workspace.address + BigInt(location.offset)
        : ResidentTensors.addressIn(
            location.kind === "state" ? args.state : args.data,
            location.kind === "state" ? state : data,
            location.name,
            libc
          )
    planned.locations.forEach((location, index) => (table[index] = addressOf(location)))
    for (const { array, name } of inputs) array.set(args.inputs[name]!.values)
    compiled.run(tableAddress)
    return Object.fromEntries(
      outputs.map(({ array, dtype, location, name, shape }) => {
        const values =
          array?.slice() ??
          (state.get((location as { readonly name: string }).name)!.read({ shape, dtype }).values as never)
        return [name, { shape, dtype, values }]
      })
    )
  }

  let isLoaded = true
  // The first finalizer to run: from then on the code's memory is unmapped.
  yield* Effect.addFinalizer(() => Effect.sync(() => void (isLoaded = false)))
  const exclusively = Effect.fnUntraced(function* (args: ExecutableArguments) {
    const state = yield* OnnxRuntime.residentTensors.find(program.name, "state", signature.state, args.state)
    const data = yield* OnnxRuntime.residentTensors.find(program.name, "data", signature.data, args.data)
    const reason =
      checkInputs(signature.inputs, args.inputs) ??
      checkLookUps(planned, args.inputs) ??
      (isLoaded ? undefined : "the scope that it was compiled in is closed") ??
      (isOpen() ? undefined : closed)
    yield* DeviceTensors.failIf(engine, program.name, reason)
    return yield* Effect.try({ try: () => run(args, state, data), catch: failed(program.name) })
  })
  // Checks included: what they look at may be released while the program waits.
  const executable: Executable = { run: (args) => mutex.withPermit(exclusively(args)) }
  return executable
})

/** Throws the program's own errors. */
const planOf = (program: Program, signature: Signature, threads: number, set: InstructionSet): Plan =>
  plan(fuseImages(simplify(trace(program, signature, imageKernels)), set), threads, set)

/** The instruction set asked for, or the widest that the processor has. */
const instructionSetOf = Effect.fnUntraced(function* (libc: Libc.Libc, name: string | undefined) {
  const features = yield* Processor.features(libc)
  const missing = (set: InstructionSet) => set.features.filter((feature) => !features.has(feature))
  const { instructionSets } = InstructionSets
  if (name === undefined) {
    const found = instructionSets.find((set) => missing(set).length === 0)
    if (found !== undefined) return found
    const narrowest = instructionSets.findLast(({ architecture }) => architecture === process.arch)!
    const reason = `the processor has no ${missing(narrowest).join(", ")}`
    return yield* new Libc.NativeUnavailable({ reason })
  }
  const set = InstructionSets.byName(name)
  const allowed = instructionSets.map(({ name }) => name).join(" or ")
  if (set === undefined)
    return yield* new Libc.NativeUnavailable({ reason: `there is no instruction set "${name}"; allowed: ${allowed}` })
  if (missing(set).length === 0) return set
  const reason = `the instruction set ${name} needs ${missing(set).join(", ")}, which the processor does not have`
  return yield* new Libc.NativeUnavailable({ reason })
})

const InstructionSetName = Config.option(Config.String("VAE_INSTRUCTION_SET"))

/** Provides the native engine. Errors: `EngineError` if machine code cannot run here. */
export const layer = (options: NativeOptions = {}): Layer.Layer<Engine, EngineError> =>
  Layer.effect(
    Engine,
    Effect.gen(function* () {
      const { threads = availableParallelism() } = options
      const libc = yield* Libc.open
      const asked = options.instructionSet ?? Option.getOrUndefined(yield* InstructionSetName)
      const set = yield* instructionSetOf(libc, asked)
      const pool = yield* ThreadPool.make(libc, set, threads)
      const others = Context.get(yield* Layer.build(OnnxRuntime.layer({ threads })), Engine)
      const mutex = yield* Semaphore.make(1)
      let isOpen = true
      // The first of the engine's finalizers to run.
      yield* Effect.addFinalizer(() => mutex.withPermit(Effect.sync(() => void (isOpen = false))))

      const compile = Effect.fnUntraced(function* (program: Program, signature: Signature) {
        yield* DeviceTensors.failIf(engine, program.name, isOpen ? undefined : closed)
        const native = Effect.try({
          try: () => planOf(program, signature, threads, set),
          catch: (cause) => (cause instanceof Unsupported ? cause : failed(program.name)(cause))
        }).pipe(
          Effect.flatMap((planned) => load(program, signature, planned, { libc, pool, mutex, isOpen: () => isOpen })),
          Effect.catchDefect((defect) => (defect instanceof Unsupported ? Effect.fail(defect) : Effect.die(defect))),
          Effect.catchTag("NativeUnavailable", (error) => Effect.fail(failed(program.name)(error)))
        )
        const delegated = Effect.map(others.compile(program, signature), ({ run }): Executable => ({
          run: (args) => mutex.withPermit(run(args))
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
          instructions: set.name,
          threads,
          version,
          onnxruntime: others.spec["version"]!
        },
        place: Effect.fnUntraced(function* (tensors: HostTensors) {
          // Reserved first, so that it is released last, after a run of onnxruntime that uses it.
          const block = yield* libc.reserve(ResidentTensors.bytesFor(tensors)).pipe(Effect.mapError(failed("place")))
          yield* Effect.addFinalizer(() => mutex.withPermit(Effect.void))
          const placed: Placed = yield* others.place(tensors)
          ResidentTensors.assign(placed, block)
          return placed
        }),
        compile
      }
    }).pipe(
      Effect.catchTags({
        NativeUnavailable: ({ cause, reason }) =>
          Effect.fail(DeviceTensors.engineError(engine, "any program", reason, cause)),
        ConfigError: (error) => Effect.fail(DeviceTensors.engineError(engine, "any program", error.message, error))
      })
    )
  )
