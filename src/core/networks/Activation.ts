/**
 * Elementwise activations, by name.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { type Module, stateless } from "../Network.ts"

/** Every activation: `elu` is `exp(x) - 1` below 0, `softplus` is `log(1 + exp(x))`. */
export const activations = {
  linear: (x) => x,
  relu: (x) => tf.relu(x),
  elu: (x) => tf.elu(x),
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  softplus: (x) => tf.softplus(x)
} as const satisfies Record<string, (x: tf.Tensor) => tf.Tensor>

export type ActivationName = keyof typeof activations

/** Applies the named function to every element, `[batch, ...shape]`. */
export const activation = (name: ActivationName): Module => ({
  name: "activation",
  spec: { _tag: "Activation", function: name },
  build: (input) => Result.succeed(stateless(input, activations[name]))
})
