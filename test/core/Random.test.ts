import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  bits,
  boxMuller,
  draw,
  normal,
  permutation,
  type RandomKey,
  threefry,
  uniform,
  type WordPair
} from "../../src/core/Random.ts"

const key: RandomKey = { seed: 7, stream: "noise/posterior", step: 3 }

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

/** Mean of the products of two standardised samples. */
const correlation = (left: Float32Array, right: Float32Array): number => {
  const [leftMean, rightMean] = [mean(left), mean(right)]
  const covariance = mean(left.map((value, index) => (value - leftMean) * (right[index]! - rightMean)))
  const variance = (values: Float32Array, center: number): number => mean(values.map((value) => (value - center) ** 2))
  return covariance / Math.sqrt(variance(left, leftMean) * variance(right, rightMean))
}

const seeds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
const counts = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 }))

describe("Random", () => {
  // https://github.com/DEShawResearch/random123, tests/kat_vectors, lines "threefry2x32 20".
  it.each<[WordPair, WordPair, WordPair]>([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe]
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7]
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0]
    ]
  ])("gives Threefry's known answer under key %j for counter %j", (key, counter, expected) => {
    const words = new Int32Array(2)
    threefry(key, counter, words)
    assert.deepStrictEqual([...new Uint32Array(words.buffer)], [...expected])
  })

  it("counts blocks from the given counter", () => {
    const [all, second] = [new Int32Array(4), new Int32Array(2)]
    threefry([1, 2], [5, 6], all)
    threefry([1, 2], [6, 6], second)
    assert.deepStrictEqual(all.slice(2), second)
  })

  it.prop(
    "gives the same prefix for any count",
    { seed: seeds, count: counts, more: counts },
    ({ seed, count, more }) => {
      const here: RandomKey = { ...key, seed }
      for (const generate of [bits, uniform, normal]) {
        const shorter = generate(here, count)
        assert.lengthOf(shorter, count)
        assert.deepStrictEqual(generate(here, count + more).slice(0, count), shorter)
      }
    }
  )

  it("draws uniform numbers in [0, 1) with the moments and deciles of the uniform distribution", () => {
    const values = uniform(key, 100_000)
    assert.isTrue(values.every((value) => value >= 0 && value < 1))
    assert.closeTo(mean(values), 1 / 2, 0.005)
    assert.closeTo(mean(values.map((value) => value ** 2)), 1 / 3, 0.005)
    const tenths = Array.from({ length: 10 }, () => 0)
    for (const value of values) tenths[Math.floor(value * 10)]! += 1
    const chiSquare = tenths.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    assert.isBelow(chiSquare, 27.9, "nine degrees of freedom exceed this once in a thousand samples")
  })

  it("draws every bit equally often", () => {
    const words = bits(key, 40_000)
    for (let bit = 0; bit < 32; bit++) {
      assert.closeTo(mean(Array.from(words, (word) => (word >>> bit) & 1)), 0.5, 0.0125, `bit ${bit}`)
    }
  })

  it("draws normal numbers with the moments and the quantiles of N(0, 1)", () => {
    const values = normal(key, 100_000)
    const moment = (power: number): number => mean(values.map((value) => value ** power))
    assert.closeTo(moment(1), 0, 0.015)
    assert.closeTo(moment(2), 1, 0.02)
    assert.closeTo(moment(3), 0, 0.05)
    assert.closeTo(moment(4), 3, 0.15)
    // Φ(-1.2816) = 0.1, Φ(0.5244) = 0.7, Φ(2.3263) = 0.99
    for (const [quantile, probability] of [
      [-1.2816, 0.1],
      [0.5244, 0.7],
      [2.3263, 0.99]
    ] as const) {
      assert.closeTo(mean(Array.from(values, (value) => Number(value < quantile))), probability, 0.006)
    }
  })

  it("gives finite normal numbers for words of all zeros or all ones", () => {
    const values = boxMuller(Int32Array.of(0, 0, -1, -1, 0, -1, -1, 0, 0, 0x80000000, 0x7fffffff, 0x7fffffff))
    assert.isTrue(values.every((value) => Math.abs(value) < 6.67))
    assert.closeTo(values[0]!, Math.sqrt(64 * Math.LN2), 1e-5)
    assert.closeTo(values[2]!, 0, 1e-5)
  })

  it("pairs neighbouring normal numbers without correlation", () => {
    const values = normal(key, 40_001)
    assert.closeTo(correlation(values.slice(0, 40_000), values.slice(1)), 0, 0.02)
  })

  it.each<[string, RandomKey]>([
    ["step", { ...key, step: key.step + 1 }],
    ["seed", { ...key, seed: key.seed + 1 }],
    ["seed's upper word", { ...key, seed: key.seed + 2 ** 32 }],
    ["stream", { ...key, stream: "noise/dropout1" }]
  ])("gives independent numbers for another %s", (_, other) => {
    assert.closeTo(correlation(normal(key, 40_000), normal(other, 40_000)), 0, 0.02)
    const words = new Set(bits(key, 10_000))
    assert.isBelow(bits(other, 10_000).filter((word) => words.has(word)).length, 5)
  })

  it.each([0, 1, 2, 3, 1_000, 60_000])("permutes %d numbers", (count) => {
    const order = permutation(key, count)
    assert.lengthOf(order, count)
    assert.deepStrictEqual(
      order.toSorted(),
      Int32Array.from({ length: count }, (_, index) => index)
    )
  })

  it("draws every order of three equally often", () => {
    const tally = new Map<string, number>()
    for (let step = 0; step < 6_000; step++) {
      const order = permutation({ ...key, step }, 3).join("")
      tally.set(order, (tally.get(order) ?? 0) + 1)
    }
    assert.strictEqual(tally.size, 6)
    for (const [order, count] of tally) assert.closeTo(count, 1_000, 120, order)
  })

  it("shapes noise with the batch first, an example's noise independent of the batch's size", () => {
    const large = draw({ distribution: "normal", shape: [4, 5] }, key, 8)
    const small = draw({ distribution: "normal", shape: [4, 5] }, key, 3)
    assert.deepStrictEqual(large.shape, [8, 4, 5])
    assert.strictEqual(large.dtype, "float32")
    assert.deepStrictEqual(large.values.slice(0, 60), small.values)
    const mask = draw({ distribution: "uniform", shape: [] }, key, 100)
    assert.deepStrictEqual(mask.shape, [100])
    assert.isTrue(mask.values.every((value) => value >= 0 && value < 1))
  })
})
