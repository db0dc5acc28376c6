import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { canonicalJson } from "../../../src/core/Spec.ts"
import { differences, formatDifference } from "../../../src/pipelines/plan/Differences.ts"

describe("Differences", () => {
  it("names the innermost members, for any order of keys", () => {
    const left = { training: { epochs: 15, optimizer: { _tag: "Adam", rate: 0.1 } }, hidden: [16, 8], gone: null }
    const right = { hidden: [16, 9], training: { optimizer: { rate: 0.2, _tag: "Adam" }, epochs: 15 }, added: true }
    assert.deepStrictEqual(differences(left, right), [
      { path: "training.optimizer.rate", left: 0.1, right: 0.2 },
      { path: "hidden", left: [16, 8], right: [16, 9] },
      { path: "gone", left: null, right: undefined },
      { path: "added", left: undefined, right: true }
    ])
  })

  it("distinguishes values, lists and objects, and absent from null", () => {
    assert.deepStrictEqual(differences({ a: 1 }, 1), [{ path: "", left: { a: 1 }, right: 1 }])
    assert.lengthOf(differences({ a: [] }, { a: {} }), 1)
    assert.lengthOf(differences({ a: null }, {}), 1)
    assert.deepStrictEqual(differences(undefined, undefined), [])
  })

  it.prop("finds none exactly if the values are equal", [Schema.Json, Schema.Json], ([left, right]) => {
    // Texts that are not well-formed have no canonical form; no reader lets them in.
    if (
      ![left, right].every(
        (value) =>
          JSON.stringify(value)
            .replaceAll("\\\\", "")
            .search(/\\ud[89a-f]/) < 0
      )
    )
      return
    assert.deepStrictEqual(differences(left, left), [])
    const same = canonicalJson(left) === canonicalJson(right)
    assert.strictEqual(differences(left, right).length === 0, same)
  })

  it("formats a difference", () => {
    assert.strictEqual(
      formatDifference({ path: "epochs", left: 15, right: undefined }, { left: "before", right: "now" }),
      "epochs is 15 before, nothing now"
    )
  })
})
