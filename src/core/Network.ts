/**
 * Networks: functions from tensors to tensors with named parameters, composed of modules.
 *
 * A module is built for an input shape and then knows its output shape, so each module of a sequence is checked against
 * the previous one.
 *
 * Laws: `apply` is pure; shapes are without the batch axis; each example's result depends on that example alone.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Result, Schema } from "effect"
import type { ParameterInfo } from "./ParameterInfo.ts"
import type { NoiseTypes } from "./Noise.ts"
import type { Spec } from "./Spec.ts"
import { prefixed, type Shape, type Tensors, under } from "./Tensors.ts"

/** A module does not accept its input. */
export class NetworkError extends Schema.TaggedError<NetworkError>()("NetworkError", {
  /** Path of the module, such as `dense2`. */
  module: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.module}: ${this.reason}`
  }
}

/** A network for inputs of a fixed shape. */
export interface Network {
  readonly output: Shape
  readonly parameters: Readonly<Record<string, ParameterInfo>>
  /** Noise used only in training, such as dropout masks. */
  readonly noise: NoiseTypes
  /** From `[batch, ...input]` to `[batch, ...output]`. `noise` is absent in evaluation. */
  readonly apply: (parameters: Tensors, x: tf.Tensor, noise?: Tensors) => tf.Tensor
}

/** A network before its input shape is known. */
export interface Module {
  /** Kind of the module, such as `dense`; the prefix of its parameters' names, numbered within a sequence. */
  readonly name: string
  /** All options, defaults filled in. Modules with equal specs build equal networks. */
  readonly spec: Spec
  readonly build: (input: Shape) => Result.Result<Network, NetworkError>
}

/** A network without parameters and noise: a function on tensors. */
export const stateless = (output: Shape, apply: (x: tf.Tensor) => tf.Tensor): Network => ({
  output,
  parameters: {},
  noise: {},
  apply: (_, x) => apply(x)
})

/** Names such as `dense1`, `activation1`, `dense2`: each module's kind and its number among its kind. */
const paths = (parts: ReadonlyArray<Module>): ReadonlyArray<string> =>
  parts.map(({ name }, index) => `${name}${parts.slice(0, index + 1).filter((part) => part.name === name).length}`)

/**
 * Modules in sequence. Names of parameters and noise have the module's path as prefix, such as `dense1/kernel`. Modules
 * are numbered per kind, so that another activation does not rename the layers.
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
