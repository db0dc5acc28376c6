/**
 * Pairwise affinities of t-SNE in the input space, in 64-bit floating point.
 *
 * Source: van der Maaten and Hinton 2008, "Visualizing Data using t-SNE", eq. 1 and section 3.1,
 * https://jmlr.org/papers/v9/vandermaaten08a.html
 */

/** Squared Euclidean distances `[count, count]` of points `[count, dimensions]`. */
export const squaredDistances = (points: ArrayLike<number>, count: number, dimensions: number): Float64Array => {
  const distances = new Float64Array(count * count)
  for (let left = 0; left < count; left++) {
    for (let right = left + 1; right < count; right++) {
      let sum = 0
      for (let dimension = 0; dimension < dimensions; dimension++) {
        sum += (points[left * dimensions + dimension]! - points[right * dimensions + dimension]!) ** 2
      }
      distances[left * count + right] = sum
      distances[right * count + left] = sum
    }
  }
  return distances
}

/**
 * `p(j | i)` of one point, proportional to `exp(-precision d_ij)` and 0 at itself, with the precision at which
 * `exp(entropy) = perplexity`, found by bisection. Uniform if no precision reaches it, as with equal distances.
 */
export const neighbourProbabilities = (distances: Float64Array, self: number, perplexity: number): Float64Array => {
  const nearest = distances.reduce(
    (least, distance, index) => (index === self ? least : Math.min(least, distance)),
    Infinity
  )
  // Subtracts the smallest distance, so that the largest weight is 1: no overflow, and not all underflow.
  const excess = distances.map((distance) => distance - nearest)
  const scale = excess.reduce((most, distance, index) => (index === self ? most : Math.max(most, distance)), 0)
  const probabilities = new Float64Array(distances.length)
  if (!(scale > 0)) {
    probabilities.fill(1 / (distances.length - 1))
    probabilities[self] = 0
    return probabilities
  }
  let low = 0
  let high = Infinity
  let precision = 1 / scale
  for (let halvings = 0; halvings < 100; halvings++) {
    let sum = 0
    let weighted = 0
    for (let index = 0; index < distances.length; index++) {
      const weight = index === self ? 0 : Math.exp(-precision * excess[index]!)
      probabilities[index] = weight
      sum += weight
      weighted += weight * excess[index]!
    }
    for (let index = 0; index < distances.length; index++) probabilities[index]! /= sum
    const difference = Math.log(sum) + (precision * weighted) / sum - Math.log(perplexity)
    if (Math.abs(difference) < 1e-7) break
    if (difference > 0) low = precision
    else high = precision
    precision = high === Infinity ? 2 * precision : (low + high) / 2
  }
  return probabilities
}

/**
 * `p_ij = (p(j | i) + p(i | j)) / 2 count`, `[count, count]`: symmetric, 0 on the diagonal, with sum 1.
 *
 * `count` is at least 2 and `perplexity`, the effective number of neighbours, is below `count`.
 */
export const affinities = (distances: Float64Array, count: number, perplexity: number): Float64Array => {
  const joint = new Float64Array(count * count)
  for (let left = 0; left < count; left++) {
    const row = neighbourProbabilities(distances.subarray(left * count, (left + 1) * count), left, perplexity)
    for (let right = 0; right < count; right++) {
      joint[left * count + right]! += row[right]! / (2 * count)
      joint[right * count + left]! += row[right]! / (2 * count)
    }
  }
  return joint
}
