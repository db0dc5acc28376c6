/**
 * Selects latent dimensions for the axes of a plot.
 */
import type { Codes } from "../TrainedModel.ts"

/** One column of codes `[count, latent]`. */
export const column = (values: Float32Array, latent: number, dimension: number): Float32Array =>
  Float32Array.from({ length: values.length / latent }, (_, index) => values[index * latent + dimension]!)

const variance = (values: Float32Array): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
}

/** Indices of the `count` dimensions whose posterior means have the largest variance, ascending. */
export const mostVarying = (codes: Codes, latent: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: latent }, (_, dimension) => dimension)
    .map((dimension) => ({ dimension, spread: variance(column(codes.mean, latent, dimension)) }))
    .sort((left, right) => right.spread - left.spread)
    .slice(0, count)
    .map(({ dimension }) => dimension)
    .sort((left, right) => left - right)

/** An axis of a plot of codes. */
export interface LatentAxis {
  readonly title: string
  readonly values: Float32Array
}

/** An axis with the posterior means in one dimension. */
export const meanAxis = (codes: Codes, latent: number, dimension: number): LatentAxis => ({
  title: `z${dimension + 1}, posterior mean`,
  values: column(codes.mean, latent, dimension)
})

/** An axis with the posterior standard deviations in one dimension. */
export const deviationAxis = (codes: Codes, latent: number, dimension: number): LatentAxis => ({
  title: `σ${dimension + 1}, posterior standard deviation`,
  values: column(codes.deviation, latent, dimension)
})
