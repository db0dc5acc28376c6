/**
 * Elementwise activations, by name.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { type Module, stateless } from "../Network.ts"

/** Slope of `leaky-relu` below 0: 0.2 as in Kim and Mnih 2018 and TensorFlow; PyTorch's default is 0.01. */
const leak = 0.2

/** All activations. `elu` is `exp(x) - 1` below 0, `leaky-relu` is `0.2 x`; `softplus` is `log(1 + exp(x))`. */
export const activations = {
  linear: (x) => x,
  relu: (x) => tf.relu(x),
  elu: (x) => tf.elu(x),
  "leaky-relu": (x) => tf.sub(tf.relu(x), tf.mul(tf.relu(tf.neg(x)), leak)),
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
