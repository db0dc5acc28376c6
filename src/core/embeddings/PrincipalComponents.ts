/**
 * Principal component analysis by power iteration on the covariance, in 64-bit floating point.
 */
import { Effect } from "effect"
import type { Embedding } from "../Embedding.ts"

/** Centres points `[count, dimensions]` at their mean. */
const centred = (points: ArrayLike<number>, count: number, dimensions: number): Float64Array => {
  const result = Float64Array.from(points)
  for (let dimension = 0; dimension < dimensions; dimension++) {
    let mean = 0
    for (let index = 0; index < count; index++) mean += result[index * dimensions + dimension]! / count
    for (let index = 0; index < count; index++) result[index * dimensions + dimension]! -= mean
  }
  return result
}

const scores = (points: Float64Array, direction: Float64Array, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) =>
    direction.reduce((sum, value, dimension) => sum + value * points[index * direction.length + dimension]!, 0)
  )

const norm = (vector: Float64Array): number => Math.hypot(...vector)

/**
 * Scores `[count, 2]` of points `[count, dimensions]` on their first two principal components.
 *
 * A component's sign is chosen so that its largest weight is positive. Components without variance have scores of 0.
 */
export const principalPlane = (points: ArrayLike<number>, count: number, dimensions: number): Float64Array => {
  const remaining = centred(points, count, dimensions)
  const plane = new Float64Array(2 * count)
  for (let component = 0; component < Math.min(2, dimensions); component++) {
    // Unequal weights: equal ones could be orthogonal to a component of symmetric data.
    let direction = Float64Array.from({ length: dimensions }, (_, dimension) => 1 / (dimension + 1.5))
    for (let iteration = 0; iteration < 100; iteration++) {
      const projected = scores(remaining, direction, count)
      const next = new Float64Array(dimensions)
      for (let index = 0; index < count; index++) {
        for (let dimension = 0; dimension < dimensions; dimension++) {
          next[dimension]! += projected[index]! * remaining[index * dimensions + dimension]!
        }
      }
      const length = norm(next)
      if (!(length > 0)) return plane
      direction = next.map((value) => value / length)
    }
    const largest = direction.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
    direction = direction.map((value) => value * Math.sign(largest))
    const projected = scores(remaining, direction, count)
    for (let index = 0; index < count; index++) {
      plane[2 * index + component] = projected[index]!
      for (let dimension = 0; dimension < dimensions; dimension++) {
        remaining[index * dimensions + dimension]! -= projected[index]! * direction[dimension]!
      }
    }
  }
  return plane
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0)

/** Fraction of the variance explained by the first two components; 1 if there is no variance. */
const shareInPlane = (points: Float32Array, plane: Float64Array, count: number): number => {
  const all = squares(centred(points, count, points.length / Math.max(count, 1)))
  return all > 0 ? Math.min(1, squares(plane) / all) : 1
}

/** The embedding by the first two principal components. */
export const PrincipalComponents = (): Embedding => ({
  spec: { _tag: "PCA" },
  name: "pca",
  title: "PCA",
  maximumPoints: 20_000,
  embed: ({ count, values }) =>
    Effect.sync(() => {
      const plane = principalPlane(values, count, values.length / Math.max(count, 1))
      const share = Math.round(100 * shareInPlane(values, plane, count))
      return {
        positions: Float32Array.from(plane),
        how: `by their first two principal components, which explain ${share} % of the variance`
      }
    })
})
