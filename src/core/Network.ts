/**
 * Networks: functions from tensors to tensors with named parameters, composed of parts.
 *
 * A part is a network before it knows the shape of its input. Building it gives the shape of the output, so that each
 * part of a sequence is checked against the one before it.
 *
 * Laws: `apply` is pure; shapes are without the batch axis; each example's result depends on that example alone.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Result, Schema } from "effect"
import type { ParameterInfo } from "./ParameterInfo.ts"
import type { NoiseTypes } from "./Noise.ts"
import type { Spec } from "./Spec.ts"
import { prefixed, type Shape, type Tensors, under } from "./Tensors.ts"

/** A part cannot take its input: which part, what it was given, and what it takes. */
export class NetworkError extends Schema.TaggedError<NetworkError>()("NetworkError", {
  /** Path of the part, such as `dense2`. */
  module: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.module}: ${this.reason}`
  }
}

/** A network for inputs of one shape. */
export interface Network {
  readonly output: Shape
  readonly parameters: Readonly<Record<string, ParameterInfo>>
  /** Noise used in training only, such as dropout's masks. */
  readonly noise: NoiseTypes
  /** From `[batch, ...input]` to `[batch, ...output]`. Without `noise`: as in evaluation. */
  readonly apply: (parameters: Tensors, x: tf.Tensor, noise?: Tensors) => tf.Tensor
}

/** A network before it knows its input's shape. */
export interface Module {
  /** Kind of the part, such as `dense`: names its parameters, numbered within a sequence. */
  readonly name: string
  /** Its options completely, defaults filled in: parts with equal specs build equal networks. */
  readonly spec: Spec
  readonly build: (input: Shape) => Result.Result<Network, NetworkError>
}

/** A part without parameters and noise: a function on tensors. */
export const stateless = (output: Shape, apply: (x: tf.Tensor) => tf.Tensor): Network => ({
  output,
  parameters: {},
  noise: {},
  apply: (_, x) => apply(x)
})

/** `dense1`, `activation1`, `dense2`: each part's kind and its number among its kind. */
const paths = (parts: ReadonlyArray<Module>): ReadonlyArray<string> =>
  parts.map(({ name }, index) => `${name}${parts.slice(0, index + 1).filter((part) => part.name === name).length}`)

/**
 * The parts one after the other. A part's parameters and noise bear its path, such as `dense1/kernel`; parts are numbered
 * by kind, so that another activation does not rename the layers.
 */
export const sequence = (...parts: ReadonlyArray<Module>): Module => ({
  name: "sequence",
  spec: { _tag: "Sequence", parts: parts.map(({ spec }) => spec) },
  build: (input) =>
    Result.gen(function* () {
      const built: Array<{ readonly prefix: string; readonly network: Network }> = []
      let shape = input
      for (const [index, path] of paths(parts).entries()) {
        const network = yield* Result.mapError(
          parts[index]!.build(shape),
          ({ module, reason }) => new NetworkError({ module: module === "" ? path : `${path}/${module}`, reason })
        )
        built.push({ prefix: `${path}/`, network })
        shape = network.output
      }
      return {
        output: shape,
        parameters: Object.assign({}, ...built.map(({ prefix, network }) => prefixed(prefix, network.parameters))),
        noise: Object.assign({}, ...built.map(({ prefix, network }) => prefixed(prefix, network.noise))),
        apply: (parameters, x, noise) =>
          built.reduce(
            (value, { prefix, network }) =>
              network.apply(under(prefix, parameters), value, noise && under(prefix, noise)),
            x
          )
      }
    })
})
