import { assert, describe, it } from "@effect/vitest"
import * as Avx512Assembler from "../../../../../src/core/engines/native/avx512/Avx512Assembler.ts"
import * as System from "../../../../../src/core/engines/native/x86/System.ts"
import { at, r9, rax, zmm } from "../../../../../src/core/engines/native/x86/Operands.ts"
import { encodings } from "./Encodings.ts"

const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
const written = (write: (code: Avx512Assembler.Avx512Assembler) => void): string => {
  const code = Avx512Assembler.make()
  write(code)
  return hexOf(code.finish().bytes)
}

describe("Avx512Assembler", () => {
  it("writes the bytes of the GNU assembler", () => {
    for (const [write, text, bytes] of encodings) assert.strictEqual(written(write), bytes, text)
  })

  it("has an expectation for every instruction but jumps", () => {
    const tested = new Set(encodings.flatMap(([write]) => /code\.(\w+)\(/.exec(write.toString())?.[1] ?? []))
    const layout = "label bind align constant size finish je jne js jns jb jae jbe ja jl jge jle jg".split(" ")
    const others = new Set([...layout, ...Object.keys(System.make(Avx512Assembler.make()))])
    const missing = Object.keys(Avx512Assembler.make()).filter((name) => !tested.has(name) && !others.has(name))
    assert.deepStrictEqual(missing, [])
  })

  it("jumps forwards and backwards, counted from the jump's end", () => {
    const write = (code: Avx512Assembler.Avx512Assembler): void => {
      const [start, end] = [code.label(), code.label()]
      code.bind(start)
      code.jne(end)
      code.jmp(start)
      code.bind(end)
      code.call(start)
    }
    assert.strictEqual(written(write), "0f 85 05 00 00 00 e9 f5 ff ff ff e8 f0 ff ff ff")
  })

  it("keeps each constant once, aligned to its size, and finds it before a number at the instruction's end", () => {
    const code = Avx512Assembler.make()
    code.vmovups(zmm(1), code.constant(new Float32Array(16).fill(1)))
    code.vrndscaleps(zmm(1), { ...code.constant(Float32Array.of(2)), broadcast: true }, 8)
    code.cmp(code.constant(Float32Array.of(2)), 1000)
    const { bytes } = code.finish()
    const view = new DataView(bytes.buffer)
    assert.strictEqual(bytes.length, 64 + 64 + 4)
    // vmovups: 6 bytes and the distance, from 10 on. vrndscaleps: 6, the distance, a byte; cmp: 2, the distance, 4.
    assert.strictEqual(10 + view.getInt32(6, true), 64)
    assert.strictEqual(21 + view.getInt32(16, true), 128)
    assert.strictEqual(31 + view.getInt32(23, true), 128)
    assert.strictEqual(view.getFloat32(64, true), 1)
    assert.strictEqual(view.getFloat32(128, true), 2)
  })

  it("aligns with instructions that do nothing", () => {
    for (let before = 0; before < 70; before++) {
      const code = Avx512Assembler.make()
      for (let index = 0; index < before; index++) code.ret()
      code.align(64)
      assert.strictEqual(code.size(), Math.ceil(before / 64) * 64)
    }
  })

  it("says displacements in a byte where they are multiples of the operand's size", () => {
    assert.strictEqual(written((code) => code.vmovups(zmm(0), at(rax, 64 * 127))).split(" ").length, 7)
    assert.strictEqual(written((code) => code.vmovups(zmm(0), at(rax, 64 * 128))).split(" ").length, 10)
    assert.strictEqual(written((code) => code.vmovups(zmm(0), at(rax, -64 * 128))).split(" ").length, 7)
    assert.strictEqual(written((code) => code.vmovups(zmm(0), at(rax, 4))).split(" ").length, 10)
    assert.strictEqual(written((code) => code.mov(r9, at(rax, 127))).split(" ").length, 4)
    assert.strictEqual(written((code) => code.mov(r9, at(rax, 128))).split(" ").length, 7)
  })
})
