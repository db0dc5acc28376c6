import { assert, describe, it } from "@effect/vitest"
import * as Avx2Assembler from "../../../../../src/core/engines/native/avx2/Avx2Assembler.ts"
import * as Assembler from "../../../../../src/core/engines/native/x86/Assembler.ts"
import { encodings } from "./Encodings.ts"

const written = (write: (code: Avx2Assembler.Avx2Assembler) => void): string => {
  const code = Avx2Assembler.make()
  write(code)
  return [...code.finish().bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
}

describe("Avx2Assembler", () => {
  it("writes the bytes of the GNU assembler", () => {
    for (const [write, text, bytes] of encodings) assert.strictEqual(written(write), bytes, text)
  })

  it("has an expectation for every vector instruction", () => {
    const tested = new Set(encodings.flatMap(([write]) => /code\.(\w+)\(/.exec(write.toString())?.[1] ?? []))
    const general = new Set(Object.keys(Assembler.make()))
    const missing = Object.keys(Avx2Assembler.make()).filter((name) => !tested.has(name) && !general.has(name))
    assert.deepStrictEqual(missing, [])
  })
})
