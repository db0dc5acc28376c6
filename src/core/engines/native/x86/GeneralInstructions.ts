/** Instructions on general registers, as functions that emit them. Numbers stored to memory have 32 bits. */
import type { CodeBuffer } from "./CodeBuffer.ts"
import { type Encoder, fitsByte } from "./Encoder.ts"
import type { General, Label, Memory } from "./Operands.ts"

type Arithmetic = (to: General | Memory, from: General | Memory | number) => void
type Shift = (to: General, number: number) => void
type Jump = (to: Label) => void
type Exchange = (to: Memory, from: General) => void
type Hint = (from: Memory) => void
type Plain = () => void

export interface GeneralInstructions {
  /** A number fills the whole register; between two registers, the second one's width counts. */
  readonly mov: (to: General | Memory, from: General | Memory | number | bigint) => void
  readonly add: Arithmetic
  readonly or: Arithmetic
  readonly and: Arithmetic
  readonly sub: Arithmetic
  readonly xor: Arithmetic
  readonly cmp: Arithmetic
  readonly test: (left: General, right: General) => void
  readonly imul: (to: General, from: General | Memory, number?: number) => void
  /** In memory: 32 bits. */
  readonly inc: (to: General | Memory) => void
  readonly dec: (to: General | Memory) => void
  readonly neg: (to: General) => void
  readonly shl: Shift
  readonly shr: Shift
  readonly sar: Shift
  readonly lea: (to: General, from: Memory) => void
  /** One byte, zero-extended. */
  readonly movzx: (to: General, from: Memory) => void
  readonly push: (from: General) => void
  readonly pop: (to: General) => void
  readonly call: (to: General | Label) => void
  readonly ret: Plain
  readonly jmp: (to: General | Label) => void
  readonly je: Jump
  readonly jne: Jump
  readonly js: Jump
  readonly jns: Jump
  /** Below, above: unsigned. Less, greater: signed. */
  readonly jb: Jump
  readonly jae: Jump
  readonly jbe: Jump
  readonly ja: Jump
  readonly jl: Jump
  readonly jge: Jump
  readonly jle: Jump
  readonly jg: Jump
  /** Atomic: memory becomes the sum, the register its old value. */
  readonly lockXadd: Exchange
  /** Atomic. */
  readonly xchg: Exchange
  /** Atomic: if memory equals `rax`, it becomes the register; else `rax` becomes it. */
  readonly lockCmpxchg: Exchange
  readonly pause: Plain
  readonly mfence: Plain
  readonly syscall: Plain
  /** The time stamp counter to `edx` and `eax`. */
  readonly rdtsc: Plain
  /** The same, and `IA32_TSC_AUX` to `ecx`: on Linux, the processor's number is in the lowest 12 bits. */
  readonly rdtscp: Plain
  /** The processor's properties of leaf `eax`, subleaf `ecx`, to `eax`, `ebx`, `ecx` and `edx`. */
  readonly cpuid: Plain
  /** The extended control register `ecx` to `edx` and `eax`. */
  readonly xgetbv: Plain
  /** Clears bits 128 and up of vector registers 0 to 15: before it, SSE code is slow. */
  readonly vzeroupper: Plain
  readonly prefetcht0: Hint
  readonly prefetcht1: Hint
  readonly prefetchw: Hint
}

/** Whether an operand has 64 bits; memory has no width of its own. */
const isWide = (operand: General | Memory): boolean => operand.kind === "general" && operand.bits === 64

export const make = ({ legacy }: Encoder, { put, put32, refer }: CodeBuffer): GeneralInstructions => {
  const arithmetic =
    (digit: number): Arithmetic =>
    (to, from) => {
      if (typeof from === "number") {
        const isShort = fitsByte(from)
        legacy([isShort ? 0x83 : 0x81], isWide(to), digit, to, isShort ? 1 : 4)
        if (isShort) put(from & 255)
        else put32(from)
      } else if (from.kind === "general") legacy([(digit << 3) | 1], isWide(from), from.index, to)
      else if (to.kind === "general") legacy([(digit << 3) | 3], isWide(to), to.index, from)
    }
  const single =
    (opcode: number, digit: number) =>
    (to: General | Memory): void =>
      legacy([opcode], isWide(to), digit, to)
  const shift =
    (digit: number): Shift =>
    (to, number) => {
      legacy([0xc1], isWide(to), digit, to, 1)
      put(number)
    }
  const jump =
    (condition: number): Jump =>
    (to) => {
      put(0x0f, 0x80 | condition)
      refer(to)
    }
  const exchange =
    (...opcode: ReadonlyArray<number>): Exchange =>
    (to, from) =>
      legacy(opcode, isWide(from), from.index, to)
  const locked =
    (...opcode: ReadonlyArray<number>): Exchange =>
    (to, from) => {
      put(0xf0)
      exchange(...opcode)(to, from)
    }
  const onStack =
    (opcode: number) =>
    ({ index }: General): void =>
      put(...(index > 7 ? [0x41] : []), opcode | (index & 7))
  const hint =
    (opcode: number, digit: number): Hint =>
    (from) =>
      legacy([0x0f, opcode], false, digit, from)
  const plain =
    (...bytes: ReadonlyArray<number>): Plain =>
    () =>
      put(...bytes)
  const numberInto = ({ index }: General, value: bigint): void => {
    // Where the upper half is 0, moving the lower half is shorter and clears it.
    const isShort = value < 2n ** 32n
    if (!isShort || index > 7) put(0x40 | (isShort ? 0 : 8) | (index >> 3))
    put(0xb8 | (index & 7))
    put32(Number(BigInt.asIntN(32, value)))
    if (!isShort) put32(Number(BigInt.asIntN(32, value >> 32n)))
  }

  return {
    mov: (to, from) => {
      if (typeof from === "number" || typeof from === "bigint") {
        if (to.kind === "general") return numberInto(to, BigInt.asUintN(to.bits, BigInt(from)))
        legacy([0xc7], false, 0, to, 4)
        put32(Number(from))
      } else if (from.kind === "general") legacy([0x89], isWide(from), from.index, to)
      else if (to.kind === "general") legacy([0x8b], isWide(to), to.index, from)
    },
    add: arithmetic(0),
    or: arithmetic(1),
    and: arithmetic(4),
    sub: arithmetic(5),
    xor: arithmetic(6),
    cmp: arithmetic(7),
    test: (left, right) => legacy([0x85], isWide(left), right.index, left),
    imul: (to, from, number) => {
      if (number === undefined) return legacy([0x0f, 0xaf], isWide(to), to.index, from)
      legacy([0x69], isWide(to), to.index, from, 4)
      put32(number)
    },
    inc: single(0xff, 0),
    dec: single(0xff, 1),
    neg: single(0xf7, 3),
    shl: shift(4),
    shr: shift(5),
    sar: shift(7),
    lea: (to, from) => legacy([0x8d], isWide(to), to.index, from),
    movzx: (to, from) => legacy([0x0f, 0xb6], false, to.index, from),
    push: onStack(0x50),
    pop: onStack(0x58),
    call: (to) => {
      if (to.kind === "general") return legacy([0xff], false, 2, to)
      put(0xe8)
      refer(to)
    },
    ret: plain(0xc3),
    jmp: (to) => {
      if (to.kind === "general") return legacy([0xff], false, 4, to)
      put(0xe9)
      refer(to)
    },
    jb: jump(2),
    jae: jump(3),
    je: jump(4),
    jne: jump(5),
    jbe: jump(6),
    ja: jump(7),
    js: jump(8),
    jns: jump(9),
    jl: jump(12),
    jge: jump(13),
    jle: jump(14),
    jg: jump(15),
    lockXadd: locked(0x0f, 0xc1),
    xchg: exchange(0x87),
    lockCmpxchg: locked(0x0f, 0xb1),
    pause: plain(0xf3, 0x90),
    mfence: plain(0x0f, 0xae, 0xf0),
    syscall: plain(0x0f, 0x05),
    rdtsc: plain(0x0f, 0x31),
    rdtscp: plain(0x0f, 0x01, 0xf9),
    cpuid: plain(0x0f, 0xa2),
    xgetbv: plain(0x0f, 0x01, 0xd0),
    vzeroupper: plain(0xc5, 0xf8, 0x77),
    prefetcht0: hint(0x18, 1),
    prefetcht1: hint(0x18, 2),
    prefetchw: hint(0x0d, 1)
  }
}
