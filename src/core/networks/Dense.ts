/**
 * A fully connected layer.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { fanInUniform, glorotUniform, type Initializer, zeros } from "../Initializer.ts"
import { NetworkError, type Module } from "../Network.ts"
import { countProblem } from "../OptionProblem.ts"

/** Initialisations of the weights, by name. */
export const denseInitializers = {
  /** Glorot-uniform kernel, zero bias: the default of Keras. */
  "glorot-uniform": () => ({ kernel: glorotUniform, bias: zeros }),
  /** Kernel and bias uniform in ±1 / sqrt(inputs): the default of PyTorch's `nn.Linear`. */
  "torch-linear": (inputs: number) => ({ kernel: fanInUniform(inputs), bias: fanInUniform(inputs) })
} as const satisfies Record<string, (inputs: number) => { readonly kernel: Initializer; readonly bias: Initializer }>

export type DenseInitializer = keyof typeof denseInitializers

export interface DenseOptions {
  /** How kernel and bias are drawn. Default: `glorot-uniform`. */
  readonly initializer?: DenseInitializer
  /** How the bias is drawn, in place of the initializer's way. */
  readonly bias?: Initializer
}

/**
 * `x kernel + bias`, from `[batch, inputs]` to `[batch, units]`, with `kernel` `[inputs, units]` and `bias` `[units]`.
 *
 * Fails if `units` is not a positive integer, and for inputs that are not vectors.
 */
export const dense = (units: number, options: DenseOptions = {}): Module => ({
  name: "dense",
  spec: {
    _tag: "Dense",
    units,
    initializer: options.initializer ?? "glorot-uniform",
    ...(options.bias !== undefined && { bias: options.bias.spec })
  },
  build: (input) => {
    const [inputs, ...others] = input
    const problem = countProblem("units", units)
    if (problem !== undefined) return Result.fail(new NetworkError({ module: "", reason: problem }))
    if (inputs === undefined || others.length > 0) {
      const reason = `takes vectors, but got examples of shape [${input.join(", ")}]; put flatten() before it`
      return Result.fail(new NetworkError({ module: "", reason }))
    }
    const { kernel, bias } = denseInitializers[options.initializer ?? "glorot-uniform"](inputs)
    return Result.succeed({
      output: [units],
      parameters: {
        kernel: { shape: [inputs, units], initializer: kernel },
        bias: { shape: [units], initializer: options.bias ?? bias }
      },
      noise: {},
      apply: (parameters, x) => tf.add(tf.matMul(x as tf.Tensor2D, parameters["kernel"]!), parameters["bias"]!)
    })
  }
})
