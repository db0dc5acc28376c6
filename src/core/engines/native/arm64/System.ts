/**
 * What code needs of the calling convention and of Linux on arm64.
 *
 * Source: Procedure Call Standard for the Arm 64-bit Architecture, 6.1; Linux, include/uapi/asm-generic/unistd.h; Arm
 * Architecture Reference Manual for A-profile, DDI 0487, B2.3 (memory order), D12 (the generic timer).
 */
import type { Instructions, System, SystemCall } from "../Assembler.ts"
import { at, rax, rdi, rdx, rsi } from "../x86/Operands.ts"
import { addressRegister, fields, numberOf, valueRegister, type Words } from "./Words.ts"

const numbers: Record<SystemCall | "getcpu", number> = {
  futex: 98,
  schedSetaffinity: 122,
  schedYield: 124,
  getcpu: 168
}
const callNumber = 8
/** The rate of time stamps on x86-64, which lengths of trials are chosen for. */
const stampsPerSecond = 3_000_000_000n

/** Pairs of vector registers whose lower halves a function preserves. */
const pairs = [8, 10, 12, 14]
const savedBytes = 64
const pair = (opcode: number, first: number, index: number): number =>
  (opcode | ((2 * index) << 15) | ((first + 1) << 10) | (31 << 5) | first) >>> 0

export const make = (code: Instructions, words: Words): System => {
  const { put } = words
  const call = (name: keyof typeof numbers): void => {
    words.number(callNumber, BigInt(numbers[name]))
    put(0xd4000001)
  }
  return {
    enter: () => {
      words.addNumber(31, 31, -savedBytes)
      pairs.forEach((first, index) => put(pair(0x6d000000, first, index)))
    },
    leave: () => {
      pairs.forEach((first, index) => put(pair(0x6d400000, first, index)))
      words.addNumber(31, 31, savedBytes)
      code.ret()
    },
    endVectors: () => {},
    systemCall: call,
    loadAcquire: (to, from) => put(fields(0x88dffc00, numberOf(to), words.addressOf(from))),
    storeRelease: (to, from) => put(fields(0x889ffc00, numberOf(from), words.addressOf(to))),
    // The counter has a rate of its own: it is multiplied by how much slower it is than time stamps.
    storeTime: (address) => {
      const [counter, rate] = [0xd53be040, 0xd53be000]
      put(rate | valueRegister)
      words.number(addressRegister, stampsPerSecond)
      put(fields(0x9ac00800, valueRegister, addressRegister, valueRegister))
      put(counter | addressRegister)
      put(fields(0x9b007c00, numberOf(rax), addressRegister, valueRegister))
      code.mov(rdi, address)
      code.mov(at(rdi), rax)
    },
    storeProcessor: (address) => {
      code.mov(rdi, address)
      code.mov(rsi, 0)
      code.mov(rdx, 0)
      call("getcpu")
    }
  }
}
