/**
 * Planar flows: each map pushes codes along one direction by a function of their place along another.
 *
 * Source: Rezende and Mohamed 2015, eq. 10 to 12 and appendix A.1, https://arxiv.org/abs/1505.05770
 */
import * as tf from "@tensorflow/tfjs-core"
import type { ContinuousFamily } from "../Posterior.ts"
import { flow, type FlowOptions, type FlowStep } from "./Flow.ts"

/** How far `1 + wᵀû` stays above 0, where a map would no longer be invertible. */
const margin = 1e-6

const sum = (x: tf.Tensor): tf.Tensor => tf.sum(x, -1, true)

/**
 * `f(z) = z + û tanh(wᵀz + b)` with `log |det| = log(1 + tanh'(wᵀz + b) wᵀû)`, where the encoder gives `u`, `w` and `b` for
 * each example and `û = u + (m(wᵀu) - wᵀu) w / |w|²` with `m(x) = softplus(x) - 1`, so that `wᵀû > -1` and the map can be
 * inverted.
 */
const step: FlowStep = {
  heads: ["u", "w", "b"],
  width: (head, latent) => (head === "b" ? 1 : latent),
  move: ({ codes, heads: [u, w, b] }) => {
    const along = sum(tf.mul(w!, u!))
    const square = sum(tf.square(w!))
    const wanted = tf.sub(tf.softplus(along), 1 - margin)
    // For `w = 0` the map moves all codes by the same and has no direction to be mended.
    const bounded = tf.maximum(square, 1e-12)
    const mended = tf.add(u!, tf.mul(w!, tf.div(tf.sub(wanted, along), bounded)))
    const product = tf.add(along, tf.mul(tf.sub(wanted, along), tf.div(square, bounded)))
    const moved = tf.tanh(tf.add(sum(tf.mul(w!, codes)), b!))
    const slope = tf.sub(1, tf.square(moved))
    return {
      codes: tf.add(codes, tf.mul(mended, moved)),
      logDeterminant: tf.squeeze(tf.log1p(tf.mul(slope, product)), [-1])
    }
  }
}

/** A posterior moved by planar maps: `PlanarFlow({ base: LogVarianceGaussian(), layers: 8 })`. */
export const PlanarFlow = (options: FlowOptions): ContinuousFamily => flow("PlanarFlow", options, step)
