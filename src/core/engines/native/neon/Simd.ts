/**
 * Vector operations by NEON: 32 registers of 4 lanes; truth values are vectors whose lanes are all ones or 0.
 *
 * Registers 30 and 31 belong to operations. The elements of a tail are loaded and stored as a pair and one more.
 */
import { addressRegister, fields, numberOf, type Words } from "../arm64/Words.ts"
import type { Compute, Registers, Simd, Tail } from "../InstructionSet.ts"
import type { Operator } from "../Reduction.ts"
import { at, type General, type Memory } from "../x86/Operands.ts"
import type * as Instructions from "./Instructions.ts"
import type { NeonAssembler } from "./NeonAssembler.ts"

export const registers: Registers = {
  lanes: 4,
  bytes: 16,
  loop: { vectors: 29, truths: undefined, accumulators: 8, scalars: 8 },
  scratch: 29,
  product: { sums: 24, vectors: 3, row: [24, 25, 26], factors: [27, 28, 29] },
  convolution: { sums: 24, bias: 24, zero: 25, scratch: 26, factors: 27, isPositive: 28 },
  copy: { vectors: 8, sums: 16 },
  pooling: { isLargest: 6, isOpen: 7, isPositive: 8 }
}

const { lanes } = registers
const [second, first] = [30, 31]

type Binary = keyof typeof Instructions.binary

const reducers = {
  float: { Sum: "fadd", Prod: "fmul", Max: "fmax", Min: "fmin" },
  integer: { Sum: "addVector", Prod: "mul", Max: "smax", Min: "smin" }
} as const satisfies Record<string, Record<Operator, Binary>>

const shifted = (memory: Memory, bytes: number): Memory => ({ ...memory, displacement: memory.displacement + bytes })

export const make = (code: NeonAssembler, words: Words): Simd => {
  const constant = (bits: number): Memory => code.constant(new Int32Array(lanes).fill(bits))
  const inRegister = (value: number | Memory, temporary = first): number => {
    if (typeof value === "number") return value
    code.ldrQ(temporary, value)
    return temporary
  }
  const isWhole = (tail: Tail | undefined): tail is undefined => tail === undefined || tail.count >= lanes
  const move = (to: number, from: number): void => {
    if (to !== from) code.orr(to, from, from)
  }

  const load: Simd["load"] = (to, from, tail) => {
    if (isWhole(tail)) return code.ldrQ(to, from)
    code[tail.count === 1 ? "ldrS" : "ldrD"](to, from)
    if (tail.count === 3) code.ld1S(to, 2, shifted(from, 8))
  }
  const store: Simd["store"] = (to, from, tail) => {
    if (isWhole(tail)) return code.strQ(from, to)
    if (tail.count === 0) return
    code[tail.count === 1 ? "strS" : "strD"](from, to)
    if (tail.count === 3) code.st1S(from, 2, shifted(to, 8))
  }
  const loadBytes: Simd["loadBytes"] = (to, from, tail) => {
    const count = isWhole(tail) ? lanes : tail.count
    code[count === lanes ? "ldrS" : count === 1 ? "ldrB" : "ldrH"](to, from)
    if (count === 3) code.ld1B(to, 2, shifted(from, 2))
    code.uxtlTo16(to, to)
    code.uxtlTo32(to, to)
  }
  const storeBytes: Simd["storeBytes"] = (to, from, tail) => {
    const count = isWhole(tail) ? lanes : tail.count
    code.xtnFrom32(first, from)
    code.xtnFrom16(first, first)
    code[count === lanes ? "strS" : count === 1 ? "strB" : "strH"](first, to)
    if (count === 3) code.st1B(first, 2, shifted(to, 2))
  }
  const broadcastElement: Simd["broadcast"] = (to, from) => {
    code.ldrS(to, from)
    code.dup(to, to)
  }
  /** The elements at `base + offset + 4 indices[lane]` for some lanes; the others become 0. */
  const gather = (to: number, base: General, offset: number, indices: number, present: number): void => {
    code.zero(to)
    for (let lane = 0; lane < lanes; lane++) {
      if (((present >> lane) & 1) === 0) continue
      code.smov(addressRegister, indices, lane)
      words.put((fields(0x8b000000, addressRegister, numberOf(base), addressRegister) | (2 << 10)) >>> 0)
      words.addNumber(addressRegister, addressRegister, offset)
      words.put(fields(0x0d408000 | ((lane >> 1) << 30) | ((lane & 1) << 12), to, addressRegister))
    }
  }
  const lanesOf = (tail: Tail | undefined): number => (1 << (isWhole(tail) ? lanes : tail.count)) - 1

  const combine: Simd["combine"] = ({ isFloat, operator }, into, value, tail) => {
    const name = reducers[isFloat ? "float" : "integer"][operator]
    if (isWhole(tail)) return code[name](into, into, value)
    code[name](first, into, value)
    if (tail.count === 1) return code.insert(into, 0, first)
    code.insertPair(into, first)
    if (tail.count === 3) code.insert(into, 2, first)
  }

  /** `left` where the condition holds, else `right`. The condition may be where the result goes. */
  const choose = (to: number, condition: number, left: number, right: number): void => {
    if (to === left) return code.bif(to, right, condition)
    if (to === right) return code.bit(to, left, condition)
    move(to, condition)
    code.bsl(to, left, right)
  }
  const extreme =
    (isLarger: (to: number, left: number, right: number) => void) =>
    (to: number, left: number, right: number | Memory): void => {
      const other = inRegister(right)
      isLarger(second, left, other)
      choose(to, second, left, other)
    }
  // Unlike `fmax` and `fmin`, the second operand if either is NaN.
  const max = extreme((to, left, right) => code.fcmgt(to, left, right))
  const min = extreme((to, left, right) => code.fcmgt(to, right, left))

  const binary =
    (name: Binary) =>
    (to: number, left: number, right: number | Memory): void =>
      code[name](to, left, inRegister(right))
  const two =
    (name: Binary): Compute =>
    (to, [left, right]) =>
      code[name](to, left as number, inRegister(right!))
  const swapped =
    (name: Binary): Compute =>
    (to, [left, right]) =>
      code[name](to, inRegister(right!), left as number)
  const one =
    (name: keyof typeof Instructions.unary): Compute =>
    (to, [x]) =>
      code[name](to, inRegister(x!))
  const shift =
    (name: keyof typeof Instructions.shifts): Compute =>
    (to, [x], distance) => {
      const from = inRegister(x!)
      if (distance === 0) move(to, from)
      else code[name](to, from, distance!)
    }
  const inverted =
    (compute: Compute): Compute =>
    (to, operands) => {
      compute(to, operands)
      code.not(to, to)
    }
  const ordered: Compute = (to, [left, right]) => {
    const other = inRegister(right!)
    code.fcmeq(second, left as number, left as number)
    code.fcmeq(to, other, other)
    code.andVector(to, to, second)
  }

  return {
    ...registers,
    zero: code.zero,
    move,
    load,
    store,
    loadAligned: (to, from) => code.ldrQ(to, from),
    storeAligned: (to, from) => code.strQ(from, to),
    loadElement: (to, from) => code.ldrS(to, from),
    storeElement: (to, from) => code.strS(from, to),
    broadcast: broadcastElement,
    broadcastByte: (to, from) => {
      code.ldrB(to, from)
      code.dup(to, to)
    },
    fill: (to, bits) => (bits === 0 ? code.zero(to) : code.ldrQ(to, constant(bits))),
    constant,
    loadBytes,
    storeBytes,
    setTail: () => {},
    gatherStrided: (to, base, stride, tail) => {
      code.ldrS(to, at(base))
      for (let lane = 1; lane < lanes && ((lanesOf(tail) >> lane) & 1) === 1; lane++)
        code.ld1S(to, lane, at(base, 4 * lane * stride))
    },
    gather: (to, base, offset, indices, tail) => gather(to, base, offset, indices, lanesOf(tail)),
    setLanes: () => {},
    gatherLanes: (to, base, indices, present) => gather(to, base, 0, indices, present),

    add: (to, left, right, tail) => {
      if (isWhole(tail) || typeof right === "number") return code.fadd(to, left, inRegister(right))
      load(registers.scratch, right, tail)
      code.fadd(to, left, registers.scratch)
    },
    mul: binary("fmul"),
    max,
    multiplyAdd: binary("fmla"),
    multiplyAddElement: (sum, left, element) => {
      code.ldrS(first, element)
      code.fmlaFirst(sum, left, first)
    },
    loadFactor: (to, from) => code.ldrS(to, from),
    multiplyAddFactor: (sum, left, factor) => code.fmlaFirst(sum, left, factor),
    fusedIntoAddend: (negative, c, a, b) => code[negative ? "fmls" : "fmla"](c, a, inRegister(b)),
    fusedIntoFactor: (negative, a, b, c) => {
      if (typeof c === "number") move(second, c)
      else code.ldrQ(second, c)
      code[negative ? "fmls" : "fmla"](second, a, b)
      move(a, second)
    },
    compute: {
      add: two("fadd"),
      sub: two("fsub"),
      mul: two("fmul"),
      div: two("fdiv"),
      min: (to, [left, right]) => min(to, left as number, right!),
      max: (to, [left, right]) => max(to, left as number, right!),
      sqrt: one("fsqrt"),
      round: one("frintn"),
      floor: one("frintm"),
      ceil: one("frintp"),
      and: two("andVector"),
      or: two("orr"),
      xor: two("eor"),
      shiftLeft: shift("shl"),
      shiftRight: shift("ushr"),
      shiftRightSigned: shift("sshr"),
      select: (to, [condition, otherwise, where]) =>
        choose(to, condition as number, inRegister(where!), otherwise as number),
      addInteger: two("addVector"),
      subInteger: two("subVector"),
      mulInteger: two("mul"),
      minInteger: two("smin"),
      maxInteger: two("smax"),
      absInteger: one("abs"),
      toFloat: one("scvtf"),
      truncate: one("fcvtzs"),
      less: swapped("fcmgt"),
      lessOrEqual: swapped("fcmge"),
      greater: two("fcmgt"),
      greaterOrEqual: two("fcmge"),
      equal: two("fcmeq"),
      notEqual: inverted(two("fcmeq")),
      unordered: inverted(ordered),
      lessInteger: swapped("cmgt"),
      lessOrEqualInteger: swapped("cmge"),
      greaterInteger: two("cmgt"),
      greaterOrEqualInteger: two("cmge"),
      equalInteger: two("cmeq"),
      notEqualInteger: inverted(two("cmeq")),
      andTruth: two("andVector"),
      orTruth: two("orr"),
      xnorTruth: inverted(two("eor")),
      notTruth: one("not")
    },

    greater: (to, left, right) => code.fcmgt(to, left, right),
    equalWithin: (to, left, right, within) => {
      code.fcmeq(first, left, right)
      code.andVector(to, first, within)
    },
    setAll: (to) => code.cmeq(to, to, to),
    andNot: (to, left, right) => code.bic(to, right, left),
    keep: (to, from, where) => code.andVector(to, from, where),
    isNonZero: (to, from) => code.cmtst(to, from, from),
    toInteger: (to, from) => code.ushr(to, from, 31),
    storeTruth: (to, from) => code.strQ(from, to),
    loadTruth: (to, from) => code.ldrQ(to, from),

    combine,
    combineLanes: (reducer, into) => {
      const other = registers.scratch
      code.extHalf(other, into, into)
      combine(reducer, into, other)
      code.rev64(other, into)
      combine(reducer, into, other)
    },

    // A vector is one quarter of four elements.
    loadQuarter: (to, from) => code.ldrQ(to, from),
    unpackLow: (to, left, right) => code.zip1(to, left, right),
    unpackHigh: (to, left, right) => code.zip2(to, left, right),
    unpackLowPairs: (to, left, right) => code.zip1Pairs(to, left, right),
    unpackHighPairs: (to, left, right) => code.zip2Pairs(to, left, right)
  }
}
