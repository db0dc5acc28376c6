import { assert, describe, it } from "@effect/vitest"
import * as Columns from "../../../src/pipelines/store/Columns.ts"

describe("Columns", () => {
  it("aligns words to the left and numbers to the right, without spaces at the ends", () => {
    const columns = [
      { header: "name", cells: ["a", "longer"] },
      { header: "value", cells: ["1.5", "-10"], right: true },
      { header: "", cells: ["x", ""] }
    ]
    assert.deepStrictEqual(Columns.lines(columns), ["name    value", "a         1.5  x", "longer    -10"])
  })

  it("has no header line if all are empty, and no lines for no columns", () => {
    assert.deepStrictEqual(Columns.lines([{ header: "", cells: ["a"] }]), ["a"])
    assert.deepStrictEqual(Columns.lines([]), [])
    assert.strictEqual(Columns.named([]), "")
  })

  it("pads short columns", () => {
    const columns = [
      { header: "a", cells: ["1", "2"] },
      { header: "b", cells: ["3"] }
    ]
    assert.deepStrictEqual(Columns.lines(columns), ["a  b", "1  3", "2"])
  })

  it("aligns names and values", () => {
    assert.strictEqual(
      Columns.named([
        ["β", "1"],
        ["seed", "0"]
      ]),
      "  β     1\n  seed  0"
    )
  })
})
