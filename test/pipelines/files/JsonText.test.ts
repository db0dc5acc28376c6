import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as JsonText from "../../../src/pipelines/files/JsonText.ts"

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`

describe("JsonText", () => {
  it("parses JSON, and reports errors", () => {
    for (const value of [null, 1.5, "x", [], {}, { a: [1, { b: '\\"[' }] }]) {
      assert.deepStrictEqual(JsonText.parse(JSON.stringify(value)), Result.succeed(value))
    }
    for (const text of ["", "{", "[1,]", "{'a':1}", '"', '"\\', "NaN", "]", "1 2"]) {
      assert.match(Result.getOrThrow(Result.flip(JsonText.parse(text))), /SyntaxError/)
    }
  })

  it("refuses deep nesting, and ignores brackets in strings and in sequence", () => {
    assert.isTrue(Result.isSuccess(JsonText.parse(nested(200))))
    for (const depth of [201, 1_000_000]) {
      assert.match(Result.getOrThrow(Result.flip(JsonText.parse(nested(depth)))), /more than 200 deep/)
    }
    const wide = `[${Array.from({ length: 1000 }, () => '{"a":[]}').join()}]`
    const text = JSON.stringify(`"${"[".repeat(1000)}\\`)
    for (const shallow of [wide, text, `{${text}:${text}}`]) {
      assert.isTrue(Result.isSuccess(JsonText.parse(shallow)))
    }
  })

  it("refuses malformed Unicode anywhere", () => {
    for (const text of [String.raw`"\ud800"`, String.raw`{"a":[1,"x\uDC00"]}`, String.raw`{"\ud83d":1}`]) {
      const fault = Result.getOrThrow(Result.flip(JsonText.parse(text)))
      assert.strictEqual(fault, "a string in it is not well-formed Unicode", text)
    }
    // Whole characters, and escapes that only look like halves.
    const text = String.raw`{"a":"\ud83d\ude00","b":"\\ud800"}`
    assert.deepStrictEqual(JsonText.parse(text), Result.succeed({ a: "😀", b: "\\ud800" }))
  })
})
