/**
 * The contract of embeddings as tests: `embeddingContract("Mine", Mine())`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Embedding } from "../core/Embedding.ts"
import * as Reference from "../core/engines/Reference.ts"
import { normal } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"

export interface EmbeddingContractOptions {
  /** Whether another seed gives other positions; default: true. */
  readonly random?: boolean
}

const clusterCount = 3
const dimensions = 6

const labelOf = (index: number): number => index % clusterCount

/** Clusters with deviation 1 around corners of a simplex with distances of at least 17. */
const clusters = (count: number): Float32Array =>
  normal({ seed: 5, stream: "test", step: 0 }, count * dimensions).map(
    (value, place) => value + (place % dimensions === labelOf(Math.floor(place / dimensions)) ? 12 : 0)
  )

/** Indices of the points, nearest to `point` first, without itself. */
const byDistance = (positions: Float32Array, point: number): ReadonlyArray<number> =>
  Array.from({ length: positions.length / 2 }, (_, index) => index)
    .filter((index) => index !== point)
    .map((index) => ({
      index,
      distance: Math.hypot(
        positions[2 * index]! - positions[2 * point]!,
        positions[2 * index + 1]! - positions[2 * point + 1]!
      )
    }))
    .sort((left, right) => left.distance - right.distance)
    .map(({ index }) => index)

/** Registers the contract's tests. */
export const embeddingContract = (
  name: string,
  embedding: Embedding,
  { random = true }: EmbeddingContractOptions = {}
): void => {
  const embed = (values: Float32Array, count: number, seed = 1) =>
    Effect.provide(embedding.embed({ values, count, seed }), Reference.layer)

  describe(`${name}, an embedding`, () => {
    it("describes itself", () => {
      assert.isString(embedding.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(embedding.spec)), embedding.spec)
      assert.match(embedding.name, /^[a-z0-9-]+$/)
      assert.isAbove(embedding.title.length, 0)
      assert.isAtLeast(embedding.maximumPoints, 100)
    })

    it.effect("keeps clusters apart, does not modify the points, and leaks no tensors", () =>
      Effect.gen(function* () {
        const count = 60
        const values = clusters(count)
        const before = tf.memory().numTensors
        const { how, positions } = yield* embed(values, count)
        assert.strictEqual(positions.length, 2 * count)
        for (let point = 0; point < count; point++) {
          const [nearest] = byDistance(positions, point)
          assert.strictEqual(labelOf(nearest!), labelOf(point))
        }
        assert.isAbove(how.length, 0)
        assert.deepStrictEqual(values, clusters(count))
        assert.strictEqual(tf.memory().numTensors, before)
      })
    )

    it.effect("is a function of points and seed", () =>
      Effect.gen(function* () {
        const first = yield* embed(clusters(30), 30, 1)
        const other = yield* embed(clusters(30), 30, 2)
        assert.deepStrictEqual(yield* embed(clusters(30), 30, 1), first)
        if (random) assert.notDeepEqual(other.positions, first.positions)
        else assert.deepStrictEqual(other, first)
      })
    )

    it.effect.each([0, 1, 2, 3, 4, 7])("handles %s points", (count) =>
      Effect.gen(function* () {
        const { how, positions } = yield* embed(clusters(count), count)
        assert.strictEqual(positions.length, 2 * count)
        assert.isTrue(positions.every(Number.isFinite))
        assert.notMatch(how, /NaN|undefined|Infinity|-\d/)
      })
    )

    it.effect.each([0, 1, 1e6])("handles points that all equal %s", (value) =>
      Effect.gen(function* () {
        const { positions } = yield* embed(new Float32Array(20 * dimensions).fill(value), 20)
        assert.isTrue(positions.every(Number.isFinite))
      })
    )

    it.effect("handles duplicate points, and places them near each other", () =>
      Effect.gen(function* () {
        const once = clusters(30)
        const { positions } = yield* embed(Float32Array.from([...once, ...once]), 60)
        for (let point = 0; point < 30; point++) {
          assert.strictEqual(labelOf(byDistance(positions, point)[0]!), labelOf(point))
        }
      })
    )
  })
}
