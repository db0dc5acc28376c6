/**
 * An assembler for the general registers of arm64: the instructions that the compiler uses, under their names on x86-64.
 *
 * Source: Arm Architecture Reference Manual for A-profile, DDI 0487, C6.
 */
import type * as Contract from "../Assembler.ts"
import * as CodeBuffers from "../CodeBuffer.ts"
import type { General, Memory } from "../x86/Operands.ts"
import * as System from "./System.ts"
import * as Words from "./Words.ts"
import { fields, numberOf, stackPointer, valueRegister, zeroRegister } from "./Words.ts"

/** Bits of an instruction that has both: operands of 64 bits, and flags set from the result. */
const wide = 0x80000000
const flags = 0x20000000
/** Between two registers, and of a register and a number of 12 bits. */
const add = { registers: 0x0b000000, number: 0x11000000 }
const subtract = { registers: 0x4b000000, number: 0x51000000 }
const and = 0x0a000000

const conditions = { je: 0, jne: 1, jae: 2, jb: 3, jns: 5 } as const
/** Into the first cache, the second, and the first for writing. */
const prefetches = { prefetcht0: 0, prefetcht1: 2, prefetchw: 16 } as const

const transfers = {
  load64: { opcode: 0xf9400000, bytes: 8 },
  store64: { opcode: 0xf9000000, bytes: 8 },
  load32: { opcode: 0xb9400000, bytes: 4 },
  store32: { opcode: 0xb9000000, bytes: 4 },
  prefetch: { opcode: 0xf9800000, bytes: 8 }
} as const satisfies Record<string, Words.Transfer>

const widthOf = ({ bits }: General): number => (bits === 64 ? wide : 0)
const loadOf = ({ bits }: General): Words.Transfer => transfers[bits === 64 ? "load64" : "load32"]
const storeOf = ({ bits }: General): Words.Transfer => transfers[bits === 64 ? "store64" : "store32"]

const instructions = (words: Words.Words): Contract.Instructions => {
  const { put } = words
  /** A number or an operand in memory, in a register. */
  const valueOf = (from: General | Memory | number, like: General): number => {
    if (typeof from === "number") words.number(valueRegister, BigInt(from))
    else if (from.kind === "general") return numberOf(from)
    else words.transfer(loadOf(like), valueRegister, from)
    return valueRegister
  }
  const sum =
    (same: typeof add, opposite: typeof add) =>
    (result: number | undefined, left: General, from: General | Memory | number): void => {
      const [number, width] = [numberOf(left), widthOf(left)]
      if (typeof from === "number" && Math.abs(from) < 4096) {
        const { number: opcode } = from < 0 ? opposite : same
        return put((fields(opcode | width | flags, result ?? number, number) | (Math.abs(from) << 10)) >>> 0)
      }
      put(fields(same.registers | width | flags, result ?? number, number, valueOf(from, left)))
    }
  const [added, subtracted] = [sum(add, subtract), sum(subtract, add)]
  /** The stack pointer stays at multiples of 16 bytes, which addresses from it require. */
  const moveStack = (bytes: number): void =>
    words.addNumber(stackPointer, stackPointer, Math.sign(bytes) * 16 * Math.ceil(Math.abs(bytes) / 16))
  const isStack = (operand: General | Memory): boolean =>
    operand.kind === "general" && numberOf(operand) === stackPointer
  const arithmetic =
    (operation: typeof added, sign: 1 | -1) =>
    (to: General | Memory, from: General | Memory | number): void => {
      if (isStack(to)) moveStack(sign * (from as number))
      else operation(undefined, to as General, from)
    }
  const stepped =
    ({ number }: typeof add) =>
    (to: General | Memory): void => {
      const by1 = (number | flags | (1 << 10)) >>> 0
      if (to.kind === "general") return put(fields(by1 | widthOf(to), numberOf(to), numberOf(to)))
      const place = words.addressOf(to)
      put(fields(transfers.load32.opcode, valueRegister, place))
      put(fields(by1, valueRegister, valueRegister))
      put(fields(transfers.store32.opcode, valueRegister, place))
    }
  const compare: Contract.Instructions["cmp"] = (left, right) => {
    if (left.kind === "general") return subtracted(zeroRegister, left, right)
    words.transfer(transfers.load32, Words.addressRegister, left)
    put((fields(subtract.number | flags, zeroRegister, Words.addressRegister) | ((right as number) << 10)) >>> 0)
  }
  const bits = (result: number, left: General, right: number): void =>
    put(fields(and | widthOf(left) | 0x60000000, result, numberOf(left), right))
  const linkRegister = 30
  const pushNumber = (number: number): void => put(0xf81f0fe0 | number)
  const popNumber = (number: number): void => put(0xf84107e0 | number)
  const prefetch =
    (operation: number) =>
    (from: Memory): void =>
      words.transfer(transfers.prefetch, operation, from)
  const move: Contract.Instructions["mov"] = (to, from) => {
    if (typeof from === "number" || typeof from === "bigint") {
      if (to.kind === "general") return words.number(numberOf(to), BigInt.asUintN(to.bits, BigInt(from)))
      const place = words.addressOf(to)
      words.number(valueRegister, BigInt.asUintN(32, BigInt(from)))
      return put(fields(transfers.store32.opcode, valueRegister, place))
    }
    if (to.kind === "memory") return words.transfer(storeOf(from as General), numberOf(from as General), to)
    if (from.kind === "memory") return words.transfer(loadOf(to), numberOf(to), from)
    put(fields(0x2a000000 | widthOf(from), numberOf(to), zeroRegister, numberOf(from)))
  }

  return {
    mov: move,
    add: arithmetic(added, 1),
    sub: arithmetic(subtracted, -1),
    inc: stepped(add),
    dec: stepped(subtract),
    cmp: compare,
    and: (to, from) => bits(numberOf(to as General), to as General, valueOf(from, to as General)),
    test: (left, right) => bits(zeroRegister, left, numberOf(right)),
    imul: (to, from, number) => {
      const left = from.kind === "memory" ? valueOf(from, to) : numberOf(from)
      if (number !== undefined) words.number(Words.addressRegister, BigInt(number))
      const [one, other] = number === undefined ? [numberOf(to), left] : [left, Words.addressRegister]
      put(fields(0x1b007c00 | widthOf(to), numberOf(to), one, other))
    },
    lea: (to, from) => words.address(numberOf(to), from),
    push: (from) => pushNumber(numberOf(from)),
    pop: (to) => popNumber(numberOf(to)),
    // The caller keeps its own return address.
    call: (to) => {
      pushNumber(linkRegister)
      if (to.kind === "general") put(fields(0xd63f0000, 0, numberOf(to)))
      else words.branch(0x94000000, to)
      popNumber(linkRegister)
    },
    ret: () => put(0xd65f03c0),
    jmp: (to) => (to.kind === "general" ? put(fields(0xd61f0000, 0, numberOf(to))) : words.branch(0x14000000, to)),
    je: (to) => words.branchIf(conditions.je, to),
    jne: (to) => words.branchIf(conditions.jne, to),
    jae: (to) => words.branchIf(conditions.jae, to),
    jb: (to) => words.branchIf(conditions.jb, to),
    jns: (to) => words.branchIf(conditions.jns, to),
    // Exclusive loads and stores: the atomic instructions came with Armv8.1.
    lockXadd: (to, from) => {
      const [place, sum, failed] = [words.addressOf(to), valueRegister, 8]
      put(fields(0x885f7c00, sum, place))
      put(fields(add.registers, sum, sum, numberOf(from)))
      put(fields(0x8800fc00, sum, place, failed))
      put(0x35ffffa0 | failed)
      // What follows is read after it: the store alone would not order that.
      put(0xd5033bbf)
      put(fields(subtract.registers, numberOf(from), sum, numberOf(from)))
    },
    pause: () => put(0xd5033fdf),
    prefetcht0: prefetch(prefetches.prefetcht0),
    prefetcht1: prefetch(prefetches.prefetcht1),
    prefetchw: prefetch(prefetches.prefetchw)
  }
}

export interface Parts {
  readonly words: Words.Words
  readonly assembler: Contract.Assembler
}

/** `nop`, as often as it fits. */
const padding = (bytes: number): ReadonlyArray<number> =>
  Array.from({ length: bytes / 4 }, () => [0x1f, 0x20, 0x03, 0xd5]).flat()

export const makeParts = (): Parts => {
  const buffer = CodeBuffers.make(padding)
  const { known: _known, later: _later, put: _put, put32: _put32, ...layout } = buffer
  const words = Words.make(buffer)
  const code = { ...layout, ...instructions(words) }
  return { words, assembler: { ...code, ...System.make(code, words) } }
}

/** An empty buffer of code. */
export const make = (): Contract.Assembler => makeParts().assembler
