/**
 * Parameter initialisers: functions of the parameter's shape and of random numbers.
 */
import type { Examples } from "./Dataset.ts"
import type { Spec } from "./Spec.ts"
import { type Shape, sizeOf } from "./Tensors.ts"

/** The initial distribution of a parameter. */
export interface Initializer {
  readonly spec: Spec
  /**
   * Values in row-major order for `shape`; `uniform(n)` gives n numbers in [0, 1). `examples` are those of the
   * training, absent where only the size of a step matters.
   */
  readonly draw: (shape: Shape, uniform: (count: number) => Float32Array, examples?: Examples) => Float32Array
}

/** Uniform in [low, high). */
export const uniformIn = (low: number, high: number): Initializer => ({
  spec: { _tag: "UniformIn", low, high },
  draw: (shape, uniform) => uniform(sizeOf(shape)).map((value) => low + (high - low) * value)
})

/** Values uniform in [-limit, limit). */
const symmetric = (shape: Shape, limit: number, uniform: (count: number) => Float32Array): Float32Array =>
  uniform(sizeOf(shape)).map((value) => (2 * value - 1) * limit)

/** Inputs and outputs of a kernel `[...receptive field, in, out]`. */
export const fans = (shape: Shape): { readonly fanIn: number; readonly fanOut: number } => {
  const receptive = sizeOf(shape.slice(0, -2))
  return { fanIn: receptive * (shape.at(-2) ?? 1), fanOut: receptive * (shape.at(-1) ?? 1) }
}

/** The same value everywhere. */
export const constant = (value: number): Initializer => ({
  spec: { _tag: "Constant", value },
  draw: (shape) => new Float32Array(sizeOf(shape)).fill(value)
})

/** All zeros. */
export const zeros: Initializer = { spec: { _tag: "Zeros" }, draw: (shape) => new Float32Array(sizeOf(shape)) }

/**
 * Uniform in ±sqrt(6 / (fanIn + fanOut)), which keeps variances equal forward and backward.
 *
 * Source: Glorot and Bengio 2010, eq. 16, https://proceedings.mlr.press/v9/glorot10a.html
 */
export const glorotUniform: Initializer = {
  spec: { _tag: "GlorotUniform" },
  draw: (shape, uniform) => {
    const { fanIn, fanOut } = fans(shape)
    return symmetric(shape, Math.sqrt(6 / (fanIn + fanOut)), uniform)
  }
}

/**
 * Uniform in ±1 / sqrt(fanIn), for kernels and biases: the default of PyTorch's `nn.Linear`.
 *
 * `fanIn` is an argument because a bias's shape does not contain it.
 * Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
 */
export const fanInUniform = (fanIn: number): Initializer => ({
  spec: { _tag: "FanInUniform", fanIn },
  draw: (shape, uniform) => symmetric(shape, 1 / Math.sqrt(fanIn), uniform)
})

/** The smallest and, taken from 1, the largest mean whose logit a bias starts from: that of -6.9 and 6.9. */
const smallestMean = 1e-3

/**
 * The logits of the training images' mean pixels, for the bias of a decoder's output under a Bernoulli likelihood: the
 * first reconstruction is then about the mean image. Means are kept in [0.001, 0.999]. Zeros without examples.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, the authors' code, https://github.com/yburda/iwae
 */
export const pixelMeanLogits: Initializer = {
  spec: { _tag: "PixelMeanLogits" },
  draw: (shape, _, examples) => {
    const size = sizeOf(shape)
    if (examples === undefined) return new Float32Array(size)
    const sums = new Float64Array(size)
    examples.images.forEach((value, index) => (sums[index % size]! += value))
    return Float32Array.from(sums, (sum) => {
      const mean = Math.min(1 - smallestMean, Math.max(smallestMean, sum / (255 * examples.count)))
      return Math.log(mean / (1 - mean))
    })
  }
}
