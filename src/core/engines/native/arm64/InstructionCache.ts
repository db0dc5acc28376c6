/**
 * Makes code visible to instruction fetches: on arm64 the instruction cache does not see what was stored.
 *
 * Source: Arm Architecture Reference Manual for A-profile, DDI 0487, B2.4.4; CTR_EL0 has the sizes of cache lines.
 */
import { at, rax, rcx, rdi, rdx, rsi, r8 } from "../x86/Operands.ts"
import * as Assembler from "./Assembler.ts"
import { fields, numberOf } from "./Words.ts"

/** A function of the address of two numbers of 64 bits: where the code begins and ends. */
export const synchronizeCode = (): Uint8Array<ArrayBuffer> => {
  const { assembler: code, words } = Assembler.makeParts()
  const { put } = words
  const [line, size, place] = [numberOf(rax), numberOf(rcx), numberOf(rdx)]
  /** An instruction for each line: 4 bytes shifted by a field of CTR_EL0. */
  const eachLine = (position: number, instruction: number): void => {
    const again = code.label()
    put(0xd53b0020 | size)
    // ubfx: four bits of the register.
    put((fields(0xd3400000, size, size) | (position << 16) | ((position + 3) << 10)) >>> 0)
    code.mov(rax, 4)
    put(fields(0x9ac02000, line, line, size))
    // From the start of the first line: a line may begin before the code.
    words.number(size, 0n)
    put(fields(0xcb000000, size, size, line))
    put(fields(0x8a000000, place, numberOf(rsi), size))
    code.bind(again)
    put(instruction | place)
    code.add(rdx, rax)
    code.cmp(rdx, r8)
    code.jb(again)
    put(0xd5033b9f)
  }
  code.mov(rsi, at(rdi))
  code.mov(r8, at(rdi, 8))
  eachLine(16, 0xd50b7b20)
  eachLine(0, 0xd50b7520)
  put(0xd5033fdf)
  code.ret()
  return code.finish().bytes
}
