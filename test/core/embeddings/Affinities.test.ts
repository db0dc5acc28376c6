import { assert, describe, it } from "@effect/vitest"
import { affinities, neighbourProbabilities, squaredDistances } from "../../../src/core/embeddings/Affinities.ts"
import { normal } from "../../../src/core/Random.ts"

const cloud = (count: number, dimensions: number) => normal({ seed: 3, stream: "test", step: 0 }, count * dimensions)

const perplexityOf = (probabilities: Float64Array): number =>
  Math.exp(-probabilities.reduce((sum, value) => sum + (value > 0 ? value * Math.log(value) : 0), 0))

describe("Affinities", () => {
  it("measures squared distances", () => {
    assert.deepStrictEqual([...squaredDistances([0, 0, 3, 4], 2, 2)], [0, 25, 25, 0])
  })

  it.each([1e-12, 1, 1e12])("reaches the perplexity for distances of the order %s", (scale) => {
    const count = 100
    const points = cloud(count, 5).map((value) => value * Math.sqrt(scale))
    const distances = squaredDistances(points, count, 5)
    for (const perplexity of [2, 5, 30, 80]) {
      for (const self of [0, 50, 99]) {
        const probabilities = neighbourProbabilities(
          distances.subarray(self * count, (self + 1) * count),
          self,
          perplexity
        )
        assert.approximately(perplexityOf(probabilities), perplexity, 1e-5 * perplexity)
        assert.strictEqual(probabilities[self], 0)
        assert.approximately(
          probabilities.reduce((sum, value) => sum + value, 0),
          1,
          1e-12
        )
      }
    }
  })

  it("is uniform over points that are all equal", () => {
    assert.deepStrictEqual([...neighbourProbabilities(new Float64Array(5), 2, 2)], [0.25, 0.25, 0, 0.25, 0.25])
  })

  it("handles a distant outlier among equal points", () => {
    const distances = Float64Array.of(0, 0, 0, 1e30)
    const probabilities = neighbourProbabilities(distances, 0, 2)
    assert.isTrue(probabilities.every(Number.isFinite))
    assert.approximately(probabilities[1]!, 0.5, 1e-6)
    assert.strictEqual(probabilities[1], probabilities[2])
  })

  it("is symmetric, sums to 1, and excludes self", () => {
    const count = 40
    const joint = affinities(squaredDistances(cloud(count, 3), count, 3), count, 10)
    assert.approximately(
      joint.reduce((sum, value) => sum + value, 0),
      1,
      1e-12
    )
    for (let left = 0; left < count; left++) {
      assert.strictEqual(joint[left * count + left], 0)
      for (let right = 0; right < left; right++) {
        assert.approximately(joint[left * count + right]!, joint[right * count + left]!, 1e-18)
      }
    }
  })
})
