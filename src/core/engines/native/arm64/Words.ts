/**
 * Emits arm64 instructions: words of 32 bits whose operands are fields of them.
 *
 * Source: Arm Architecture Reference Manual for A-profile, DDI 0487, C3 (address forms), C4 (encodings).
 */
import type { CodeBuffer } from "../CodeBuffer.ts"
import { Unsupported } from "../Unsupported.ts"
import type { General, Label, Memory } from "../x86/Operands.ts"

/** A register's number in an instruction. */
export type Number = number

/**
 * The register that stands for each of x86-64. The first four are where system calls and functions have their arguments.
 * All may be changed by a function; 8 has the number of a system call; 16 and 17 belong to operations; 31 is the stack
 * pointer where it is an address.
 */
const numbers: ReadonlyArray<Number> = [4, 5, 2, 10, 31, 11, 1, 0, 6, 7, 3, 9, 12, 13, 14, 15]

/** Holds addresses that no instruction can express. */
export const addressRegister = 16
/** Holds numbers that no instruction can express, and operands from memory. */
export const valueRegister = 17
export const stackPointer = 31
/** Where it is not an address: 0 when read. */
export const zeroRegister = 31

export const numberOf = ({ index }: Pick<General, "index">): Number => numbers[index]!

/** Loads, stores and prefetches by their form with an unsigned multiple of their size as offset. */
export interface Transfer {
  readonly opcode: number
  readonly bytes: 1 | 2 | 4 | 8 | 16
}

export interface Words {
  readonly put: (word: number) => void
  /** A register with a 64-bit number. */
  readonly number: (to: Number, value: bigint) => void
  readonly addNumber: (to: Number, from: Number, value: number) => void
  /** The address of a memory operand, in {@link addressRegister} unless it is one register. */
  readonly addressOf: (memory: Memory) => Number
  /** The address of a memory operand in a register of choice. */
  readonly address: (to: Number, memory: Memory) => void
  readonly transfer: (transfer: Transfer, register: number, memory: Memory) => void
  /** A branch of 26 bits of distance. */
  readonly branch: (opcode: number, to: Label) => void
  /** A branch on a condition, or on its opposite around a branch if it may be too far. */
  readonly branchIf: (condition: number, to: Label) => void
}

const pageBytes = 4096
/** Words that a conditional branch reaches. */
const reach = 1 << 18

/** Two registers and an operand of 5 bits at 16. */
export const fields = (opcode: number, to: number, first: number, second = 0): number =>
  (opcode | (second << 16) | (first << 5) | to) >>> 0

export const make = ({ known, later, put32, size }: CodeBuffer): Words => {
  const put = (word: number): void => put32(word | 0)
  const number = (to: Number, value: bigint): void => {
    const parts = [0n, 16n, 32n, 48n].map((shift) => Number((BigInt.asUintN(64, value) >> shift) & 0xffffn))
    const isNegative = parts.filter((part) => part === 0xffff).length > parts.filter((part) => part === 0).length
    const filler = isNegative ? 0xffff : 0
    const needed = parts.flatMap((part, index) => (part === filler ? [] : [{ part, index }]))
    const { part, index } = needed[0] ?? { part: filler, index: 0 }
    put(
      ((isNegative ? 0x92800000 : 0xd2800000) | (index << 21) | ((isNegative ? ~part & 0xffff : part) << 5) | to) >>> 0
    )
    for (const { part, index } of needed.slice(1)) put((0xf2800000 | (index << 21) | (part << 5) | to) >>> 0)
  }
  const addNumber = (to: Number, from: Number, value: number): void => {
    const [opcode, distance] = value < 0 ? [0xd1000000, -value] : [0x91000000, value]
    if (distance >= 1 << 24) {
      number(valueRegister, BigInt(value))
      return put(fields(0x8b206000, to, from, valueRegister))
    }
    const [high, low] = [distance >> 12, distance & 0xfff]
    if (high > 0) put((fields(opcode, to, from) | (1 << 22) | (high << 10)) >>> 0)
    if (low > 0 || (high === 0 && to !== from)) put((fields(opcode, to, high > 0 ? to : from) | (low << 10)) >>> 0)
  }

  /** The page of a label, and where it is in its page. Code is loaded at the start of a page. */
  const page = (to: Number, label: Label, displacement: number): void => {
    const position = size()
    put(0x90000000 | to)
    later((code, offsetOf) => {
      const pages = Math.floor((offsetOf(label) + displacement) / pageBytes) - Math.floor(position / pageBytes)
      code.setInt32(position, 0x90000000 | ((pages & 3) << 29) | (((pages >> 2) & 0x7ffff) << 5) | to, true)
    })
  }
  const inPage = (word: number, label: Label, displacement: number, unit: number): void => {
    const position = size()
    put(word)
    later((code, offsetOf) => {
      const offset = ((offsetOf(label) + displacement) % pageBytes) / unit
      if (!Number.isInteger(offset)) throw new Unsupported("constants that are not aligned to their size")
      code.setInt32(position, word | (offset << 10), true)
    })
  }
  const indexed = (to: Number, base: Number, index: Number, scale: number): void => {
    const shift = Math.log2(scale)
    // The stack pointer takes part only in the form that extends its second operand.
    put((fields(base === stackPointer ? 0x8b206000 : 0x8b000000, to, base, index) | (shift << 10)) >>> 0)
  }
  const address = (to: Number, { base, displacement, index, scale }: Memory): void => {
    if (base.kind === "label") {
      page(to, base, displacement)
      inPage(fields(0x91000000, to, to), base, displacement, 1)
      if (index !== undefined) indexed(to, to, numberOf(index), scale)
    } else if (index === undefined) addNumber(to, numberOf(base), displacement)
    else {
      indexed(to, numberOf(base), numberOf(index), scale)
      addNumber(to, to, displacement)
    }
  }
  const withOffset = ({ bytes, opcode }: Transfer, register: number, base: Number, offset: number): void => {
    if (offset >= 0 && offset % bytes === 0 && offset / bytes < 4096)
      return put((fields(opcode, register, base) | ((offset / bytes) << 10)) >>> 0)
    if (offset >= -256 && offset < 256)
      return put((fields(opcode & ~(1 << 24), register, base) | ((offset & 0x1ff) << 12)) >>> 0)
    const low = ((offset % pageBytes) + pageBytes) % pageBytes
    const isSplit = low % bytes === 0
    addNumber(addressRegister, base, isSplit ? offset - low : offset)
    withOffset({ bytes, opcode }, register, addressRegister, isSplit ? low : 0)
  }

  return {
    put,
    number,
    addNumber,
    address,
    addressOf: (memory) => {
      const { base, displacement, index } = memory
      if (base.kind === "general" && displacement === 0 && index === undefined) return numberOf(base)
      address(addressRegister, memory)
      return addressRegister
    },
    transfer: (transfer, register, memory) => {
      const { base, displacement, index, scale } = memory
      const { bytes, opcode } = transfer
      if (base.kind === "label") {
        if (index !== undefined || bytes === 1 || bytes === 2) {
          address(addressRegister, memory)
          return withOffset(transfer, register, addressRegister, 0)
        }
        page(addressRegister, base, displacement)
        return inPage(fields(opcode, register, addressRegister), base, displacement, bytes)
      }
      if (index === undefined) return withOffset(transfer, register, numberOf(base), displacement)
      if (displacement === 0 && (scale === 1 || scale === bytes)) {
        const form = ((opcode & ~(1 << 24)) | 0x00206800 | (scale === 1 ? 0 : 1 << 12)) >>> 0
        return put(fields(form, register, numberOf(base), numberOf(index)))
      }
      indexed(addressRegister, numberOf(base), numberOf(index), scale)
      withOffset(transfer, register, addressRegister, displacement)
    },
    branch: (opcode, to) => {
      const position = size()
      put(opcode)
      later((code, offsetOf) => code.setInt32(position, opcode | (((offsetOf(to) - position) / 4) & 0x3ffffff), true))
    },
    branchIf: (condition, to) => {
      const position = size()
      const target = known(to)
      const distance = target === undefined ? reach : (target - position) / 4
      if (distance >= -reach && distance < reach)
        return put((0x54000000 | ((distance & 0x7ffff) << 5) | condition) >>> 0)
      put(0x54000040 | (condition ^ 1))
      put(0x14000000)
      later((code, offsetOf) =>
        code.setInt32(position + 4, 0x14000000 | (((offsetOf(to) - position - 4) / 4) & 0x3ffffff), true)
      )
    }
  }
}
