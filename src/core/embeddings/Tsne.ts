/**
 * t-SNE as a program on the engine: embeds high-dimensional points in the plane and preserves neighbourhoods.
 *
 * Exact: every step uses all pairs of points, so memory and time grow quadratically with their number.
 *
 * Source: van der Maaten and Hinton 2008, https://jmlr.org/papers/v9/vandermaaten08a.html; initialisation by PCA
 * and a learning rate that grows with the number of points: Kobak and Berens 2019,
 * https://doi.org/10.1038/s41467-019-13056-x
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { type Embedding, lineLayout } from "../Embedding.ts"
import { Engine, type Program } from "../Engine.ts"
import { normal } from "../Random.ts"
import { float32, type Tensors, typesOf } from "../Tensors.ts"
import { affinities, squaredDistances } from "./Affinities.ts"
import { principalPlane } from "./PrincipalComponents.ts"

/**
 * Early exaggeration: the factor of the affinities in the first steps, so that clusters form. The value is the paper's.
 * Larger factors, common for tens of thousands of points, collapse a few hundred points into one.
 */
const exaggeration = 4

export interface TsneOptions {
  /** Seed of the initial noise, which separates equal points. */
  readonly seed: number
  /** Effective number of neighbours, limited to a third of the other points; default: 30. */
  readonly perplexity?: number
  /** Number of steps; default: 500. The first fifth use early exaggeration. */
  readonly iterations?: number
}

export interface TsneEmbedding {
  /** `[count, 2]`. */
  readonly positions: Float32Array
  /** `KL(P || Q)` at the end, in nats. */
  readonly divergence: number
  /** The perplexity that was used. */
  readonly perplexity: number
}

/** `1 / (1 + |y_i - y_j|²)`, `[count, count]`, and its sum over pairs, for positions `[count, 2]`. */
const similarities = (positions: tf.Tensor2D): { readonly kernel: tf.Tensor2D; readonly sum: tf.Scalar } => {
  const count = positions.shape[0]
  const squares = tf.sum<tf.Tensor2D>(tf.square(positions), 1, true)
  const cross = tf.matMul(tf.mul<tf.Tensor2D>(positions, -2), positions, false, true)
  const distances = tf.add(tf.add(cross, squares), tf.add(tf.reshape(squares, [1, count]), 1))
  const kernel = tf.div<tf.Tensor2D>(1, distances)
  // The diagonal is 1 up to rounding and belongs to no pair.
  return { kernel, sum: tf.sub<tf.Scalar>(tf.sum(kernel), count) }
}

type Named<Names extends string> = Readonly<Record<Names, tf.Tensor2D>>

/**
 * One step of gradient descent with momentum and gains.
 *
 * The gradient is `4 Σ_j (p_ij - q_ij) k_ij (y_i - y_j)`, with `k` the kernel and `q = k / Σ k`. A gain grows by 0.2
 * if velocity and gradient have opposite signs and shrinks by a fifth otherwise; it stays above 0.01.
 */
export const descend: Program = {
  name: "t-SNE step",
  run: ({ data, inputs, state }) => {
    const { gains, positions, velocities } = state as Named<"gains" | "positions" | "velocities">
    const { affinities } = data as Named<"affinities">
    const { learningRate, momentum } = inputs as Tensors & Readonly<Record<"learningRate" | "momentum", tf.Scalar>>
    const { kernel, sum } = similarities(positions)
    const forces = tf.mul<tf.Tensor2D>(tf.sub(affinities, tf.div(kernel, sum)), kernel)
    const gradient = tf.mul<tf.Tensor2D>(
      tf.sub(tf.mul(tf.sum(forces, 1, true), positions), tf.matMul(forces, positions)),
      4
    )
    const turned = tf.equal(tf.sign(gradient), tf.sign(velocities))
    const newGains = tf.maximum(tf.where(turned, tf.mul(gains, 0.8), tf.add(gains, 0.2)), 0.01)
    const newVelocities = tf.sub(tf.mul(velocities, momentum), tf.mul(tf.mul(newGains, gradient), learningRate))
    return {
      state: { gains: newGains, velocities: newVelocities, positions: tf.add(positions, newVelocities) },
      outputs: {}
    }
  }
}

/** `KL(P || Q) = Σ p_ij log(p_ij / q_ij)` in nats, a scalar. */
export const divergence: Program = {
  name: "t-SNE divergence",
  run: ({ data, state }) => {
    const { positions } = state as Named<"positions">
    const { affinities } = data as Named<"affinities">
    const { kernel, sum } = similarities(positions)
    const logQ = tf.sub(tf.log(kernel), tf.log(sum))
    const logP = tf.log(tf.maximum(affinities, 1e-30))
    return { outputs: { divergence: tf.sum(tf.mul(affinities, tf.sub(logP, logQ))) } }
  }
}

/** Initial positions: the first two components, scaled to a deviation of 1e-4 in the first, plus 1 % of noise. */
const start = (points: ArrayLike<number>, count: number, dimensions: number, seed: number): Float32Array => {
  const plane = principalPlane(points, count, dimensions)
  const variance = plane.reduce((sum, value, index) => (index % 2 === 0 ? sum + (value * value) / count : sum), 0)
  const scale = variance > 0 ? 1e-4 / Math.sqrt(variance) : 0
  const noise = normal({ seed, stream: "evaluation/t-sne", step: 0 }, 2 * count)
  return Float32Array.from(plane, (value, index) => value * scale + 1e-6 * noise[index]!)
}

const scalar = (value: number) => float32([], Float32Array.of(value))

/**
 * Embeds finite points `[count, dimensions]` in the plane.
 *
 * Fewer than 3 points are placed on a line.
 */
export const embed = Effect.fn("Tsne.embed")(function* (points: Float32Array, count: number, options: TsneOptions) {
  const dimensions = points.length / Math.max(count, 1)
  const perplexity = Math.max(1, Math.min(options.perplexity ?? 30, (count - 1) / 3))
  if (count < 3) {
    const alone: TsneEmbedding = { positions: lineLayout(count), divergence: 0, perplexity }
    return alone
  }
  const iterations = options.iterations ?? 500
  const joint = affinities(squaredDistances(points, count, dimensions), count, perplexity)
  const square = [count, count]

  return yield* Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* Engine
      const initial = {
        positions: float32([count, 2], start(points, count, dimensions, options.seed)),
        velocities: float32([count, 2], new Float32Array(2 * count)),
        gains: float32([count, 2], new Float32Array(2 * count).fill(1))
      }
      const plain = { affinities: float32(square, Float32Array.from(joint)) }
      const inputs = { learningRate: scalar(count / 8), momentum: scalar(0.5) }
      const signature = { state: typesOf(initial), data: typesOf(plain), inputs: typesOf(inputs) }
      const state = yield* engine.place(initial)
      const data = yield* engine.place(plain)
      const exaggerated = yield* engine.place({
        affinities: float32(
          square,
          Float32Array.from(joint, (value) => exaggeration * value)
        )
      })
      const step = yield* engine.compile(descend, signature)
      for (let iteration = 0; iteration < iterations; iteration++) {
        const early = iteration < iterations / 5
        yield* step.run({
          state,
          data: early ? exaggerated : data,
          inputs: early ? inputs : { ...inputs, momentum: scalar(0.8) }
        })
      }
      const measure = yield* engine.compile(divergence, { ...signature, inputs: {} })
      const measured = yield* measure.run({ state, data, inputs: {} })
      const final = yield* state.read
      const result: TsneEmbedding = {
        positions: Float32Array.from(final["positions"]!.values),
        divergence: measured["divergence"]!.values[0]!,
        perplexity
      }
      return result
    })
  )
})

/** The embedding by t-SNE. Its cost grows quadratically with the number of points. */
export const Tsne = (options: Omit<TsneOptions, "seed"> = {}): Embedding => {
  const { iterations = 500, perplexity = 30 } = options
  return {
    spec: { _tag: "t-SNE", iterations, perplexity },
    name: "t-sne",
    title: "t-SNE",
    maximumPoints: 1_000,
    embed: ({ count, seed, values }) =>
      Effect.map(embed(values, count, { seed, iterations, perplexity }), (found) => ({
        positions: found.positions,
        how: `by t-SNE (perplexity ${Math.round(found.perplexity)}, KL divergence ${found.divergence.toFixed(2)} nats)`
      }))
  }
}
