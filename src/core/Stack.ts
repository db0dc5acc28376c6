/**
 * Runs that differ in numbers only (a weight, a learning rate, a seed), as one program.
 *
 * State and inputs have one more axis, the first, with one element for each run; data is the same for all runs; so are
 * the outputs stacked. An engine that records programs records each run's and joins the graphs (`graph/Batching.ts`); any
 * other engine runs one after the other.
 *
 * Laws: each run's results are those of its own program, to a relative error of 1e-4; a run's numbers never enter
 * another's results.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Program, Results, Signature } from "./Engine.ts"
import { type HostTensor, type HostTensors, sizeOf, type Tensors, type TensorTypes } from "./Tensors.ts"

/** A program of several runs. */
export interface StackedProgram extends Program {
  /** Each run's own program. */
  readonly runs: ReadonlyArray<Program>
  /** The types of a single run's arguments. */
  readonly signature: Signature
}

export const isStacked = (program: Program): program is StackedProgram => "runs" in program

/** Of the runs' results, by name. */
const joined = (results: ReadonlyArray<Tensors>): Tensors =>
  Record.map(results[0]!, (_, name) => tf.stack(results.map((tensors) => tensors[name]!)))

/** One program of all runs, which have the same signature. */
export const program = (runs: ReadonlyArray<Program>, signature: Signature): StackedProgram => ({
  name: `${runs.length} runs of ${runs[0]!.name}`,
  runs,
  signature,
  run: ({ data, inputs, state }): Results => {
    const parts = (tensors: Tensors) => Record.map(tensors, (tensor) => tf.unstack(tensor))
    const [states, allInputs] = [parts(state), parts(inputs)]
    const results = runs.map((run, index) =>
      run.run({
        state: Record.map(states, (tensors) => tensors[index]!),
        data,
        inputs: Record.map(allInputs, (tensors) => tensors[index]!)
      })
    )
    const outputs = joined(results.map((result) => result.outputs))
    const replaced = results.flatMap(({ state }) => (state === undefined ? [] : [state]))
    return replaced.length === 0 ? { outputs } : { state: joined(replaced), outputs }
  }
})

/** The signature of the stacked program. */
export const signature = (runs: number, { data, inputs, state }: Signature): Signature => {
  const wider = (types: TensorTypes): TensorTypes =>
    Record.map(types, ({ dtype, shape }) => ({ dtype, shape: [runs, ...shape] }))
  return { state: wider(state), data, inputs: wider(inputs) }
}

const joinedTensor = (tensors: ReadonlyArray<HostTensor>): HostTensor => {
  const { dtype, shape, values } = tensors[0]!
  const all = new (values.constructor as Float32ArrayConstructor)(tensors.length * values.length)
  tensors.forEach((tensor, run) => all.set(tensor.values, run * values.length))
  return { shape: [tensors.length, ...shape], dtype, values: all }
}

/** Each run's tensors behind each other: `[runs, ...shape]`. */
export const join = (runs: ReadonlyArray<HostTensors>): HostTensors =>
  Record.map(runs[0]!, (_, name) => joinedTensor(runs.map((tensors) => tensors[name]!)))

/** A copy of one run's tensors. */
export const part = (tensors: HostTensors, run: number): HostTensors =>
  Record.map(tensors, ({ dtype, shape: [, ...shape], values }) => {
    const size = sizeOf(shape)
    return { dtype, shape, values: values.slice(run * size, (run + 1) * size) }
  })

/** The input of a masked program that says whether its state changes: 1 or 0. */
export const activeInput = "stack/active"

/** The same program, whose state changes only where `stack/active` is 1. */
export const masked = ({ name, run }: Program): Program => ({
  name,
  run: (args) => {
    const { outputs, state } = run(args)
    if (state === undefined) return { outputs }
    const isActive = tf.greater(args.inputs[activeInput]!, 0)
    return { outputs, state: Record.map(state, (next, name) => tf.where(isActive, next, args.state[name]!)) }
  }
})

/** The signature of the masked program. */
export const maskedSignature = (signature: Signature): Signature => ({
  ...signature,
  inputs: { ...signature.inputs, [activeInput]: { shape: [], dtype: "float32" } }
})
