/**
 * A Gaussian with any covariance, by its Cholesky factor: `z = mean + L noise`.
 *
 * Source: Kingma and Welling 2019, section 2.5.1, https://arxiv.org/abs/1906.02691
 */
import * as tf from "@tensorflow/tfjs-core"
import type { ContinuousFamily } from "../Posterior.ts"
import { everyDraw, halfLogTwoPi } from "./DiagonalGaussian.ts"

/** `[latent (latent - 1) / 2, latent latent]` of 0 and 1: puts numbers below the diagonal of a matrix, row by row. */
const scatter = (latent: number): tf.Tensor2D => {
  const count = (latent * (latent - 1)) / 2
  const values = new Float32Array(count * latent * latent)
  let place = 0
  for (let row = 1; row < latent; row++) {
    for (let column = 0; column < row; column++, place++) values[place * latent * latent + row * latent + column] = 1
  }
  return tf.tensor2d(values, [count, latent * latent])
}

/** `L^{-1} x` for `x` `[..., latent]` by forward substitution, one dimension after the other. */
const solve = (below: tf.Tensor3D | undefined, inverseDiagonal: tf.Tensor2D, x: tf.Tensor): tf.Tensor => {
  const latent = x.shape.at(-1)!
  const at = (tensor: tf.Tensor, index: number): tf.Tensor =>
    tf.slice(tensor, [...tensor.shape.slice(1).map(() => 0), index], [...tensor.shape.slice(0, -1), 1])
  const solved: Array<tf.Tensor> = []
  for (let row = 0; row < latent; row++) {
    let rest = at(x, row)
    for (let column = 0; column < row; column++) {
      const factor = tf.reshape(tf.slice(below!, [0, row, column], [-1, 1, 1]), [-1, 1])
      rest = tf.sub(rest, tf.mul(factor, solved[column]!))
    }
    solved.push(tf.mul(rest, at(inverseDiagonal, row)))
  }
  return tf.concat(solved, -1)
}

/**
 * `N(mean, L Lᵀ)` with `L` lower triangular: heads `mean` and `log-diagonal` `[batch, latent]`, and `below`
 * `[batch, latent (latent - 1) / 2]`, the entries below the diagonal row by row.
 *
 * `kl = ½ (Σ mean² + Σ L² - latent) - Σ log diagonal`, written with `expm1`; `deviation` are the marginal ones, the norms
 * of the rows of `L`.
 */
export const FullCovarianceGaussian = (): ContinuousFamily => ({
  spec: { _tag: "FullCovarianceGaussian" },
  heads: ["mean", "log-diagonal", "below"],
  width: (head, latent) => (head === "below" ? (latent * (latent - 1)) / 2 : latent),
  fromHeads: ([mean, logDiagonal, belowDiagonal]) => {
    const [batch, latent] = mean!.shape
    const diagonal = tf.exp(logDiagonal!)
    // One dimension has nothing below its diagonal, and no head for it.
    const below =
      latent === 1
        ? undefined
        : (tf.reshape(tf.matMul(belowDiagonal!, scatter(latent)), [batch, latent, latent]) as tf.Tensor3D)
    const rowSquares = below === undefined ? tf.zerosLike(mean!) : tf.sum(tf.square(below), 2)
    return {
      mean: mean!,
      get deviation() {
        return tf.sqrt(tf.add(tf.square(diagonal), rowSquares)) as tf.Tensor2D
      },
      sample: (noise) =>
        everyDraw(batch, noise, (noise) => {
          const own = tf.add(mean!, tf.mul(diagonal, noise))
          return below === undefined ? own : tf.add(own, tf.sum(tf.mul(below, tf.expandDims(noise, -2)), -1))
        }),
      logProb: (codes) => {
        const inverse = tf.exp(tf.neg(logDiagonal!)) as tf.Tensor2D
        const terms = everyDraw(batch, codes, (codes) => {
          const standardised = solve(below, inverse, tf.sub(codes, mean!))
          return tf.add(tf.add(tf.mul(tf.square(standardised), 0.5), logDiagonal!), halfLogTwoPi)
        })
        return tf.neg(tf.sum(terms, 1))
      },
      kl: () => {
        const logVariance = tf.mul(logDiagonal!, 2)
        const own = tf.sub(tf.expm1(logVariance), logVariance)
        return tf.mul(tf.sum(tf.add(tf.add(tf.square(mean!), own), rowSquares), 1), 0.5)
      }
    }
  }
})
