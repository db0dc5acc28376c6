import { assert, describe as suite, it } from "@effect/vitest"
import { describeSubset, labelsAt, stratified } from "../../../src/core/evaluations/StratifiedSubset.ts"

suite("Stratified", () => {
  it("is stratified by class, with ascending, unique indices", () => {
    const labels = Uint8Array.from({ length: 1_000 }, (_, index) => (index % 10 === 0 ? 1 : 0))
    const chosen = stratified({ count: 1_000, images: new Uint8Array(0), labels }, 100)
    assert.strictEqual(new Set(chosen).size, 100)
    assert.deepStrictEqual(chosen, chosen.toSorted())
    assert.strictEqual(chosen.filter((index) => labels[index] === 1).length, 10)
    assert.deepStrictEqual([...stratified({ count: 3, images: new Uint8Array(0) }, 10)], [0, 1, 2])
  })

  it("describes a subset", () => {
    const examples = { count: 10_000, images: new Uint8Array(0) }
    assert.deepStrictEqual(describeSubset(examples, "test", 5_000), {
      images: "5,000 test images",
      of: "a stratified subset of the 10,000"
    })
    assert.deepStrictEqual(describeSubset({ ...examples, count: 1 }, "train", 1), {
      images: "1 training image",
      of: "all of them"
    })
  })

  it("returns the labels at the indices", () => {
    const labels = Uint8Array.of(5, 6, 7)
    assert.deepStrictEqual(labelsAt({ count: 3, images: new Uint8Array(0), labels }, Int32Array.of(2, 0)), [7, 5])
    assert.deepStrictEqual(labelsAt({ count: 3, images: new Uint8Array(0) }, Int32Array.of(2)), [0])
  })
})
