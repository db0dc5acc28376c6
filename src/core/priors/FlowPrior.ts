/**
 * A prior by a normalizing flow: standard normal noise, moved by affine coupling maps that are easy to invert.
 *
 * Source: Dinh, Sohl-Dickstein and Bengio 2017, eq. 4 to 8, https://arxiv.org/abs/1605.08803; as a prior: Chen et al.
 * 2017, https://arxiv.org/abs/1611.02731
 */
import * as tf from "@tensorflow/tfjs-core"
import { glorotUniform, zeros } from "../Initializer.ts"
import type { ParameterInfo } from "../ParameterInfo.ts"
import type { Prior } from "../Prior.ts"
import { prefixed, type Tensors, under } from "../Tensors.ts"
import { standardNormal } from "./StandardNormal.ts"
import { countProblem } from "../OptionProblem.ts"

export interface FlowPriorOptions {
  /** Number of coupling maps, from 2, so that every dimension is moved. Default: 4. */
  readonly layers?: number
  /** Hidden units of each map's network, from 1. Default: 64. */
  readonly hidden?: number
}

/** The largest logarithm of a scale: no map stretches or shrinks more than sevenfold. */
const mostLogScale = 2

/** Which columns a map leaves and which it moves, by turns: first and last ones. */
const halves = (layer: number, latent: number) => {
  const border = Math.floor(latent / 2)
  const first = { begin: 0, size: border }
  const last = { begin: border, size: latent - border }
  return layer % 2 === 0 ? { kept: first, moved: last } : { kept: last, moved: first }
}

type Columns = ReturnType<typeof halves>["kept"]

const columns = (codes: tf.Tensor2D, { begin, size }: Columns): tf.Tensor2D => tf.slice(codes, [0, begin], [-1, size])

/** The two parts in the order in which they stand. */
const joined = (layer: number, kept: tf.Tensor2D, moved: tf.Tensor2D): tf.Tensor2D =>
  tf.concat(layer % 2 === 0 ? [kept, moved] : [moved, kept], 1)

const parametersOf = (layer: number, latent: number, hidden: number): Readonly<Record<string, ParameterInfo>> => {
  const { kept, moved } = halves(layer, latent)
  return {
    "input/kernel": { shape: [kept.size, hidden], initializer: glorotUniform },
    "input/bias": { shape: [hidden], initializer: zeros },
    "scale/kernel": { shape: [hidden, moved.size], initializer: glorotUniform },
    "scale/bias": { shape: [moved.size], initializer: zeros },
    "shift/kernel": { shape: [hidden, moved.size], initializer: glorotUniform },
    "shift/bias": { shape: [moved.size], initializer: zeros }
  }
}

/** `s` and `t` of the moved dimensions, functions of those that are kept. */
const scaleAndShift = (parameters: Tensors, kept: tf.Tensor2D) => {
  const linear = (name: string, x: tf.Tensor2D): tf.Tensor2D =>
    tf.add(tf.matMul(x, parameters[`${name}/kernel`] as tf.Tensor2D), parameters[`${name}/bias`]!)
  const features = tf.elu(linear("input", kept))
  const raw = linear("scale", features)
  return {
    logScale: tf.mul<tf.Tensor2D>(tf.tanh(tf.mul(raw, 1 / mostLogScale)), mostLogScale),
    shift: linear("shift", features)
  }
}

/**
 * `z = f_L(... f_1(noise))`, where each map leaves half of the dimensions and gives the others `exp(s) x + t`, with `s`
 * and `t` functions of the half that it leaves. `log p(z) = log N(f⁻¹(z); 0, I) - Σ s`. Needs two latent dimensions or
 * more.
 */
export const FlowPrior = (options: FlowPriorOptions = {}): Prior => {
  const { hidden = 64, layers = 4 } = options
  const numbers = Array.from({ length: Number.isSafeInteger(layers) ? Math.max(0, layers) : 0 }, (_, index) => index)
  const of = (parameters: Tensors, layer: number): Tensors => under(`flow${layer + 1}/`, parameters)
  return {
    spec: { _tag: "FlowPrior", layers, hidden },
    name: `a learned flow of ${layers} coupling maps`,
    problem: !(Number.isSafeInteger(layers) && layers >= 2)
      ? `layers is ${layers}; it must be an integer of at least 2`
      : countProblem("hidden", hidden),
    problemFor: ({ latent }) =>
      latent >= 2 ? undefined : `FlowPrior couples dimensions, but latent is ${latent}; it must be at least 2`,
    parameters: ({ latent }) =>
      Object.assign({}, ...numbers.map((layer) => prefixed(`flow${layer + 1}/`, parametersOf(layer, latent, hidden)))),
    distribution: (parameters, { latent }) => ({
      logProb: (codes) => {
        let current = codes
        let logScales = tf.zeros<tf.Rank.R1>([codes.shape[0]]) as tf.Tensor1D
        for (const layer of numbers.toReversed()) {
          const { kept, moved } = halves(layer, latent)
          const left = columns(current, kept)
          const { logScale, shift } = scaleAndShift(of(parameters, layer), left)
          const back = tf.mul(tf.sub(columns(current, moved), shift), tf.exp(tf.neg(logScale))) as tf.Tensor2D
          current = joined(layer, left, back)
          logScales = tf.add(logScales, tf.sum(logScale, 1))
        }
        return tf.sub(standardNormal.logProb(current), logScales)
      },
      sample: ({ normal }) =>
        numbers.reduce((current, layer) => {
          const { kept, moved } = halves(layer, latent)
          const left = columns(current, kept)
          const { logScale, shift } = scaleAndShift(of(parameters, layer), left)
          return joined(layer, left, tf.add(tf.mul(columns(current, moved), tf.exp(logScale)), shift))
        }, normal)
    })
  }
}
