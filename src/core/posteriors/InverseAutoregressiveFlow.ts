/**
 * Inverse autoregressive flows: each map scales and shifts every dimension by functions of the dimensions before it.
 *
 * Source: Kingma et al. 2016, eq. 10 to 15, https://arxiv.org/abs/1606.04934; masks after Germain et al. 2015, eq. 8
 * and 9, https://arxiv.org/abs/1502.03509
 */
import * as tf from "@tensorflow/tfjs-core"
import { glorotUniform, zeros } from "../Initializer.ts"
import type { ContinuousFamily } from "../Posterior.ts"
import { flow, type FlowOptions, type FlowStep } from "./Flow.ts"
import { countsProblem } from "../OptionProblem.ts"

export interface InverseAutoregressiveFlowOptions extends FlowOptions {
  /** Hidden units of each map's network, from 1. Default: 64. */
  readonly hidden?: number
  /** Numbers that the encoder gives each map about the example, from 1. Default: 16. */
  readonly context?: number
}

/** Added to the gate, so that a map is near the identity at first. */
const gateBias = 2

/** `[from, to]` of 0 and 1: whether `allowed` lets a unit see another. */
const mask = (from: number, to: number, allowed: (from: number, to: number) => boolean): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: from * to }, (_, place) => (allowed(Math.floor(place / to), place % to) ? 1 : 0)),
    [from, to]
  )

/** The last dimension that a hidden unit sees, from 0 to `latent - 2`. */
const degree = (unit: number, latent: number): number => unit % Math.max(1, latent - 1)

/**
 * `z'_d = g_d z_d + (1 - g_d) m_d` with `g = sigmoid(s + 2)` and `log |det| = Σ log g`, where `m` and `s` come from one
 * hidden layer that sees the dimensions before `d` and the encoder's context. Every other map takes the dimensions in
 * reverse.
 */
const step = (hidden: number, context: number): FlowStep => ({
  heads: ["context"],
  width: () => context,
  parameters: (latent) => ({
    "input/kernel": { shape: [latent, hidden], initializer: glorotUniform },
    "context/kernel": { shape: [context, hidden], initializer: glorotUniform },
    "input/bias": { shape: [hidden], initializer: zeros },
    "shift/kernel": { shape: [hidden, latent], initializer: glorotUniform },
    "shift/bias": { shape: [latent], initializer: zeros },
    "gate/kernel": { shape: [hidden, latent], initializer: glorotUniform },
    "gate/bias": { shape: [latent], initializer: zeros }
  }),
  move: ({ codes, heads: [given], layer, parameters }) => {
    const [draws, batch, latent] = codes.shape as [number, number, number]
    const place = (dimension: number): number => (layer % 2 === 0 ? dimension : latent - 1 - dimension)
    const seen = mask(latent, hidden, (dimension, unit) => latent > 1 && place(dimension) <= degree(unit, latent))
    const sees = mask(hidden, latent, (unit, dimension) => latent > 1 && degree(unit, latent) < place(dimension))
    const rows = tf.reshape(codes, [draws * batch, latent]) as tf.Tensor2D
    const inner = tf.reshape(tf.matMul(rows, tf.mul(parameters["input/kernel"]!, seen)), [draws, batch, hidden])
    const about = tf.add(tf.matMul(given!, parameters["context/kernel"]!), parameters["input/bias"]!)
    const features = tf.reshape(tf.elu(tf.add(inner, about)), [draws * batch, hidden]) as tf.Tensor2D
    const output = (name: string): tf.Tensor =>
      tf.add(tf.matMul(features, tf.mul(parameters[`${name}/kernel`]!, sees)), parameters[`${name}/bias`]!)
    const gate = tf.add(output("gate"), gateBias)
    const kept = tf.sigmoid(gate)
    const moved = tf.add(tf.mul(kept, rows), tf.mul(tf.sub(1, kept), output("shift")))
    return {
      codes: tf.reshape(moved, codes.shape),
      // `log sigmoid(x) = -softplus(-x)`.
      logDeterminant: tf.reshape(tf.neg(tf.sum(tf.softplus(tf.neg(gate)), 1)), [draws, batch])
    }
  }
})

/** A posterior moved by inverse autoregressive maps. */
export const InverseAutoregressiveFlow = (options: InverseAutoregressiveFlowOptions): ContinuousFamily => {
  const { context = 16, hidden = 64 } = options
  const made = flow("InverseAutoregressiveFlow", options, step(hidden, context), { hidden, context })
  return { ...made, problem: made.problem ?? countsProblem({ hidden, context }) }
}
