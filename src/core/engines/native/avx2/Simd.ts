/**
 * Vector operations by AVX2 and FMA: 16 registers of 8 lanes; truth values are vectors whose lanes are all ones or 0.
 *
 * Registers 14 and 15 belong to operations. Tails are loaded with a mask from the constant pool and stored in parts, because
 * masked stores are slow on AMD's processors.
 */
import type { Compute, Registers, Simd, Tail } from "../InstructionSet.ts"
import type { Operator } from "../Reduction.ts"
import { Comparison, Rounding } from "../x86/Encoding.ts"
import { at, lower, type Memory, rdx, xmm, ymm } from "../x86/Operands.ts"
import type { Avx2Assembler } from "./Avx2Assembler.ts"

export const registers: Registers = {
  lanes: 8,
  bytes: 32,
  loop: { vectors: 13, truths: undefined, accumulators: 4, scalars: 2 },
  scratch: 13,
  product: { sums: 12, vectors: 2, row: [12, 13], factors: [14] },
  convolution: { sums: 12, bias: 12, zero: 13, scratch: 15, factors: 14, isPositive: 15 },
  copy: { vectors: 4, sums: 4 },
  pooling: { isLargest: 12, isOpen: 11, isPositive: 10 }
}

const { lanes } = registers
const [second, first] = [14, 15]

const instructions = {
  float: { Sum: "vaddps", Prod: "vmulps", Max: "vmaxps", Min: "vminps" },
  integer: { Sum: "vpaddd", Prod: "vpmulld", Max: "vpmaxsd", Min: "vpminsd" }
} as const satisfies Record<string, Record<Operator, keyof Avx2Assembler>>

const ones = 0xff
/** The first lanes of a blend by a number. */
const blendOf = ({ count }: Tail): number => 2 ** count - 1
/** Bytes 0, 4, 8 and 12 of each half, then zeros. */
const lowestBytes = Uint8Array.from({ length: 32 }, (_, index) => (index % 16 < 4 ? 4 * (index % 16) : 0x80))

const shifted = (memory: Memory, bytes: number): Memory => ({ ...memory, displacement: memory.displacement + bytes })

export const make = (code: Avx2Assembler): Simd => {
  const constant = (bits: number): Memory => code.constant(new Int32Array(lanes).fill(bits))
  const operand = (value: number | Memory) => (typeof value === "number" ? ymm(value) : value)
  /** An operand that has to be in a register. */
  const inRegister = (value: number | Memory): number => {
    if (typeof value === "number") return value
    code.vmovups(ymm(first), value)
    return first
  }
  const isWhole = (tail: Tail | undefined): tail is undefined => tail === undefined || tail.count >= lanes

  /** A mask of lanes, bit by bit, in a register. */
  const loadMask = (to: number, present: number): void =>
    code.vmovaps(ymm(to), code.constant(Int32Array.from({ length: lanes }, (_, lane) => -((present >> lane) & 1))))
  const gatherMask = (tail: Tail | undefined): void =>
    isWhole(tail) ? setAll(second) : loadMask(second, blendOf(tail))
  const setAll = (to: number): void => code.vpcmpeqd(ymm(to), ymm(to), ymm(to))
  const invert = (to: number): void => {
    setAll(first)
    code.vxorps(ymm(to), ymm(to), ymm(first))
  }
  const zero = (to: number): void => code.vxorps(ymm(to), ymm(to), ymm(to))

  const load: Simd["load"] = (to, from, tail) => {
    if (isWhole(tail)) return code.vmovups(ymm(to), from)
    loadMask(first, blendOf(tail))
    code.vmaskmovps(ymm(to), ymm(first), from)
  }
  /** At most three lanes of a vector's lower half. */
  const storeFew = (to: Memory, from: number, count: number): void => {
    if (count === 1) return code.vmovss(to, xmm(from))
    code.vmovlps(to, xmm(from))
    if (count === 3) code.vextractps(shifted(to, 8), xmm(from), 2)
  }
  const store: Simd["store"] = (to, from, tail) => {
    if (isWhole(tail)) return code.vmovups(to, ymm(from))
    const { count } = tail
    if (count >= 4) code.vmovups(to, xmm(from))
    if (count % 4 === 0) return
    if (count < 4) return storeFew(to, from, count)
    code.vextractf128(xmm(first), ymm(from), 1)
    storeFew(shifted(to, 16), first, count - 4)
  }
  const loadBytes: Simd["loadBytes"] = (to, from, tail) => {
    if (isWhole(tail)) return code.vpmovzxbd(ymm(to), from)
    const { count } = tail
    const part = xmm(first)
    if (count >= 4) code.vmovd(part, from)
    else code.vxorps(part, part, part)
    for (let byte = count >= 4 ? 4 : 0; byte < count; byte++) code.vpinsrb(part, part, shifted(from, byte), byte)
    code.vpmovzxbd(ymm(to), part)
  }
  const storeBytes: Simd["storeBytes"] = (to, from, tail) => {
    const [low, high] = [xmm(first), xmm(second)]
    code.vpshufb(ymm(first), ymm(from), code.constant(new Int32Array(lowestBytes.buffer)))
    code.vextractf128(high, ymm(first), 1)
    code.vpunpckldq(low, low, high)
    const count = isWhole(tail) ? lanes : tail.count
    if (count === lanes) return code.vmovlps(to, low)
    if (count >= 4) code.vmovd(to, low)
    for (let byte = count >= 4 ? 4 : 0; byte < count; byte++) code.vpextrb(shifted(to, byte), low, byte)
  }

  const combine: Simd["combine"] = ({ isFloat, operator }, into, value, tail) => {
    const name = instructions[isFloat ? "float" : "integer"][operator]
    const isExtreme = isFloat && (operator === "Max" || operator === "Min")
    if (!isExtreme && isWhole(tail)) return code[name](ymm(into), ymm(into), ymm(value))
    if (isExtreme) {
      // The instruction returns the second operand if either is NaN: right for a new NaN; an old one is left alone.
      code.vcmpps(ymm(second), ymm(into), ymm(into), Comparison.ordered)
      code[name](ymm(first), ymm(into), ymm(value))
      code.vblendvps(ymm(first), ymm(into), ymm(first), ymm(second))
    } else code[name](ymm(first), ymm(into), ymm(value))
    code.vblendps(ymm(into), ymm(into), ymm(first), isWhole(tail) ? ones : blendOf(tail))
  }

  const binary =
    (name: "vmulps" | "vmaxps" | "vfmadd231ps") =>
    (to: number, left: number, right: number | Memory): void =>
      code[name](ymm(to), ymm(left), operand(right))
  const two =
    (name: "vaddps" | "vsubps" | "vmulps" | "vdivps" | "vminps" | "vmaxps" | "vandps" | "vorps" | "vxorps"): Compute =>
    (to, [left, right]) =>
      code[name](ymm(to), ymm(left as number), operand(right!))
  const twoIntegers =
    (name: "vpaddd" | "vpsubd" | "vpmulld" | "vpminsd" | "vpmaxsd" | "vpcmpeqd" | "vpcmpgtd"): Compute =>
    (to, [left, right]) =>
      code[name](ymm(to), ymm(left as number), operand(right!))
  const one =
    (name: "vsqrtps" | "vpabsd" | "vcvtdq2ps" | "vcvttps2dq"): Compute =>
    (to, [x]) =>
      code[name](ymm(to), operand(x!))
  const rounded =
    (mode: number): Compute =>
    (to, [x]) =>
      code.vroundps(ymm(to), operand(x!), mode)
  const shift =
    (name: "vpslld" | "vpsrld" | "vpsrad"): Compute =>
    (to, [x], distance) =>
      code[name](ymm(to), ymm(inRegister(x!)), distance!)
  const compared =
    (predicate: number): Compute =>
    (to, [left, right]) =>
      code.vcmpps(ymm(to), ymm(left as number), operand(right!), predicate)
  const equalInteger = twoIntegers("vpcmpeqd")
  const greaterInteger = twoIntegers("vpcmpgtd")
  const lessInteger: Compute = (to, [left, right]) =>
    code.vpcmpgtd(ymm(to), ymm(inRegister(right!)), ymm(left as number))
  const inverted =
    (compute: Compute): Compute =>
    (to, operands) => {
      compute(to, operands)
      invert(to)
    }

  const broadcastElement: Simd["broadcast"] = (to, from) => code.vbroadcastss(ymm(to), from)

  return {
    ...registers,
    zero,
    move: (to, from) => code.vmovaps(ymm(to), ymm(from)),
    load,
    store,
    loadAligned: (to, from) => code.vmovaps(ymm(to), from),
    storeAligned: (to, from) => code.vmovaps(to, ymm(from)),
    loadElement: (to, from) => code.vmovss(xmm(to), from),
    storeElement: (to, from) => code.vmovss(to, xmm(from)),
    broadcast: broadcastElement,
    broadcastByte: (to, from) => {
      code.movzx(lower(rdx), from)
      code.vmovd(xmm(to), lower(rdx))
      code.vpbroadcastd(ymm(to), xmm(to))
    },
    fill: (to, bits) => code.vbroadcastss(ymm(to), code.constant(Int32Array.of(bits))),
    constant,
    loadBytes,
    storeBytes,
    setTail: () => {},
    gatherStrided: (to, base, stride, tail) => {
      const indices = registers.scratch
      load(indices, code.constant(Int32Array.from({ length: lanes }, (_, lane) => lane * stride)))
      gatherMask(tail)
      zero(to)
      code.vgatherdps(ymm(to), at(base, 0, ymm(indices), 4), ymm(second))
    },
    gather: (to, base, offset, indices, tail) => {
      gatherMask(tail)
      zero(to)
      code.vgatherdps(ymm(to), at(base, offset, ymm(indices), 4), ymm(second))
    },
    setLanes: () => {},
    gatherLanes: (to, base, indices, present) => {
      zero(to)
      loadMask(second, present)
      code.vgatherdps(ymm(to), at(base, 0, ymm(indices), 4), ymm(second))
    },

    add: (to, left, right, tail) => {
      if (isWhole(tail) || typeof right === "number") return code.vaddps(ymm(to), ymm(left), operand(right))
      load(registers.scratch, right, tail)
      code.vaddps(ymm(to), ymm(left), ymm(registers.scratch))
    },
    mul: binary("vmulps"),
    max: binary("vmaxps"),
    multiplyAdd: binary("vfmadd231ps"),
    loadFactor: broadcastElement,
    multiplyAddFactor: binary("vfmadd231ps"),
    multiplyAddElement: (sum, left, element) => {
      code.vbroadcastss(ymm(first), element)
      code.vfmadd231ps(ymm(sum), ymm(left), ymm(first))
    },
    fusedIntoAddend: (negative, c, a, b) => code[negative ? "vfnmadd231ps" : "vfmadd231ps"](ymm(c), ymm(a), operand(b)),
    fusedIntoFactor: (negative, a, b, c) => code[negative ? "vfnmadd213ps" : "vfmadd213ps"](ymm(a), ymm(b), operand(c)),
    compute: {
      add: two("vaddps"),
      sub: two("vsubps"),
      mul: two("vmulps"),
      div: two("vdivps"),
      min: two("vminps"),
      max: two("vmaxps"),
      sqrt: one("vsqrtps"),
      round: rounded(Rounding.nearest),
      floor: rounded(Rounding.down),
      ceil: rounded(Rounding.up),
      and: two("vandps"),
      or: two("vorps"),
      xor: two("vxorps"),
      shiftLeft: shift("vpslld"),
      shiftRight: shift("vpsrld"),
      shiftRightSigned: shift("vpsrad"),
      select: (to, [condition, otherwise, where]) =>
        code.vblendvps(ymm(to), ymm(otherwise as number), operand(where!), ymm(condition as number)),
      addInteger: twoIntegers("vpaddd"),
      subInteger: twoIntegers("vpsubd"),
      mulInteger: twoIntegers("vpmulld"),
      minInteger: twoIntegers("vpminsd"),
      maxInteger: twoIntegers("vpmaxsd"),
      absInteger: one("vpabsd"),
      toFloat: one("vcvtdq2ps"),
      truncate: one("vcvttps2dq"),
      less: compared(Comparison.less),
      lessOrEqual: compared(Comparison.lessOrEqual),
      greater: compared(Comparison.greater),
      greaterOrEqual: compared(Comparison.greaterOrEqual),
      equal: compared(Comparison.equal),
      notEqual: compared(Comparison.notEqual),
      unordered: compared(Comparison.unordered),
      lessInteger,
      lessOrEqualInteger: inverted(greaterInteger),
      greaterInteger,
      greaterOrEqualInteger: inverted(lessInteger),
      equalInteger,
      notEqualInteger: inverted(equalInteger),
      andTruth: two("vandps"),
      orTruth: two("vorps"),
      xnorTruth: inverted(two("vxorps")),
      notTruth: (to, [x]) => {
        setAll(first)
        code.vxorps(ymm(to), ymm(x as number), ymm(first))
      }
    },

    greater: (to, left, right) => code.vcmpps(ymm(to), ymm(left), ymm(right), Comparison.greater),
    equalWithin: (to, left, right, within) => {
      code.vcmpps(ymm(to), ymm(left), ymm(right), Comparison.equal)
      code.vandps(ymm(to), ymm(to), ymm(within))
    },
    setAll,
    andNot: (to, left, right) => code.vandnps(ymm(to), ymm(left), ymm(right)),
    keep: (to, from, where) => code.vandps(ymm(to), ymm(from), ymm(where)),
    isNonZero: (to, from) => {
      zero(second)
      code.vpcmpeqd(ymm(to), ymm(from), ymm(second))
      invert(to)
    },
    toInteger: (to, from) => code.vpsrld(ymm(to), ymm(from), 31),
    storeTruth: (to, from) => code.vmovups(to, ymm(from)),
    loadTruth: (to, from) => code.vmovups(ymm(to), from),

    combine,
    combineLanes: (reducer, into) => {
      const other = ymm(registers.scratch)
      code.vperm2f128(other, ymm(into), ymm(into), 1)
      combine(reducer, into, other.index)
      for (const order of [0x4e, 0xb1]) {
        code.vpermilps(other, ymm(into), order)
        combine(reducer, into, other.index)
      }
    },

    loadQuarter: (to, from, quarter) => {
      if (quarter === 0) code.vmovups(xmm(to), from)
      else code.vinsertf128(ymm(to), ymm(to), from, quarter)
    },
    unpackLow: (to, left, right) => code.vunpcklps(ymm(to), ymm(left), ymm(right)),
    unpackHigh: (to, left, right) => code.vunpckhps(ymm(to), ymm(left), ymm(right)),
    unpackLowPairs: (to, left, right) => code.vunpcklpd(ymm(to), ymm(left), ymm(right)),
    unpackHighPairs: (to, left, right) => code.vunpckhpd(ymm(to), ymm(left), ymm(right))
  }
}
