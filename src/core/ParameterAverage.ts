/**
 * The exponential moving average of the parameters: its update, and evaluation with the averaged parameters.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { TypedProgram } from "./ProgramInputs.ts"
import { type HostTensors, prefixed, type Tensors, under } from "./Tensors.ts"

/**
 * The bias-corrected moving average of the parameters after a step, `Σ decay^(t-i) parameter_i / Σ decay^(t-i)`. It
 * excludes the initial values.
 */
export const averaged = (averages: Tensors, parameters: Tensors, decay: number, step: tf.Scalar): Tensors => {
  const rate = tf.div(1 - decay, tf.neg(tf.expm1(tf.mul(step, Math.log(decay)))))
  return Record.map(parameters, (parameter, name) =>
    tf.add(averages[name]!, tf.mul(tf.sub(parameter, averages[name]!), rate))
  )
}

/** The state to evaluate: with the averaged parameters, if there is an average. */
export const evaluatedState = (state: HostTensors): HostTensors => {
  const averages = under("average/", state)
  return Object.keys(averages).length === 0 ? state : { ...state, ...prefixed("parameters/", averages) }
}

/** Rewrites a program to use the averaged parameters of a training's state. */
export const onAverage = ({ program, signature }: TypedProgram): TypedProgram => {
  const renamed = <A>(state: Readonly<Record<string, A>>, from: string, to: string) => prefixed(to, under(from, state))
  return {
    program: {
      ...program,
      run: (args) => program.run({ ...args, state: renamed(args.state, "average/", "parameters/") })
    },
    signature: { ...signature, state: renamed(signature.state, "parameters/", "average/") }
  }
}
