import { assert, describe, it } from "@effect/vitest"
import { synchronizeCode } from "../../../../../src/core/engines/native/arm64/InstructionCache.ts"
import * as NeonAssembler from "../../../../../src/core/engines/native/neon/NeonAssembler.ts"
import { at, rax, rcx } from "../../../../../src/core/engines/native/x86/Operands.ts"
import { encodings } from "./Encodings.ts"

const hexOf = (bytes: Uint8Array<ArrayBuffer>): string =>
  [...new Uint32Array(bytes.buffer)].map((word) => word.toString(16).padStart(8, "0")).join(" ")
const written = (write: (code: NeonAssembler.NeonAssembler) => void): string => {
  const { code } = NeonAssembler.make()
  write(code)
  return hexOf(code.finish().bytes)
}
const nothing = (code: NeonAssembler.NeonAssembler, words: number): void => {
  for (let index = 0; index < words; index++) code.ret()
}

/** Of `adrp` at an offset: the page that it computes, if the code begins a page. */
const pageOf = (word: number, position: number): number => {
  const pages = ((word >> 29) & 3) | (((word >> 5) & 0x7ffff) << 2)
  return 4096 * (Math.floor(position / 4096) + pages)
}

describe("NeonAssembler", () => {
  it("writes the words of the GNU assembler", () => {
    for (const [write, text, words] of encodings) assert.strictEqual(written(write), words, text)
  })

  it("has an expectation for every instruction but jumps", () => {
    const tested = new Set(encodings.flatMap(([write]) => /code\.(\w+)\(/.exec(write.toString())?.[1] ?? []))
    const others = new Set("label bind align constant size finish je jne jns jb jae endVectors".split(" "))
    const missing = Object.keys(NeonAssembler.make().code).filter((name) => !tested.has(name) && !others.has(name))
    assert.deepStrictEqual(missing, [])
  })

  it("jumps forwards and backwards, counted from the jump", () => {
    const write = (code: NeonAssembler.NeonAssembler): void => {
      const [start, end] = [code.label(), code.label()]
      code.bind(start)
      code.jb(start)
      code.jmp(end)
      code.jns(start)
      code.bind(end)
      code.call(start)
    }

    assert.strictEqual(
      written(write),
      "54000003 14000002 54ffffc5 f81f0fe0 97fffffc f84107fe".replace("e0 97", "fe 97")
    )
  })

  it("jumps on a condition as far as it must", () => {
    const { code } = NeonAssembler.make()
    const [start, end] = [code.label(), code.label()]
    code.bind(start)
    code.je(end)
    nothing(code, 1 << 18)
    code.jne(start)
    code.bind(end)
    const words = new Uint32Array(code.finish().bytes.buffer)
    // Around a branch on the opposite condition.
    assert.strictEqual(words[0], 0x54000041)
    assert.strictEqual(words[1], 0x14000000 + words.length - 1)
    const last = words.length - 1
    assert.strictEqual(words[last - 1], 0x54000040)
    assert.strictEqual((words[last]! << 6) >> 6, -last)
  })

  it("keeps each constant once, aligned to its size, on whatever page it is", () => {
    for (const before of [0, 1000, 1020, 5000]) {
      const { code } = NeonAssembler.make()
      nothing(code, before)
      code.ldrQ(1, code.constant(new Float32Array(4).fill(1)))
      code.ldrS(2, code.constant(Float32Array.of(2)))
      code.ldrQ(3, code.constant(new Float32Array(4).fill(1)))
      const { bytes } = code.finish()
      const view = new DataView(bytes.buffer)
      assert.strictEqual(bytes.length % 64, 20)
      const placeOf = (index: number, unit: number): number => {
        const position = 4 * before + 8 * index
        return (
          pageOf(view.getUint32(position, true), position) + ((view.getUint32(position + 4, true) >> 10) & 0xfff) * unit
        )
      }
      assert.strictEqual(placeOf(0, 16), bytes.length - 20)
      assert.strictEqual(placeOf(1, 4), bytes.length - 4)
      assert.strictEqual(placeOf(2, 16), bytes.length - 20)
    }
  })

  it("aligns with instructions that do nothing", () => {
    const { code } = NeonAssembler.make()
    code.ret()
    code.align(16)
    assert.strictEqual(hexOf(code.finish().bytes), "d65f03c0 d503201f d503201f d503201f")
  })

  it("computes addresses without changing flags", () => {
    // adds and subs have bit 29 set.
    for (const word of written((code) => code.lea(rax, at(rax, 20_000_000, rcx, 4))).split(" "))
      if (/^.[b]/.test(word)) assert.strictEqual(Number.parseInt(word, 16) & 0x20000000, 0)
  })

  it("cleans the data cache and then the instruction cache, line by line", () => {
    const words = hexOf(synchronizeCode()).split(" ")
    // dc cvau, x2; dsb ish; ic ivau, x2; dsb ish; isb; ret
    const order = words.filter((word) => ["d50b7b22", "d5033b9f", "d50b7522", "d5033fdf", "d65f03c0"].includes(word))
    assert.deepStrictEqual(order, ["d50b7b22", "d5033b9f", "d50b7522", "d5033b9f", "d5033fdf", "d65f03c0"])
  })
})
