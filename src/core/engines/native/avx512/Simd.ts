/** Vector operations by AVX-512: 32 registers of 16 lanes, opmasks for tails and truth values. */
import type { Compute, Registers, Simd, Tail } from "../InstructionSet.ts"
import type { Operator, Reducer } from "../Reduction.ts"
import { Comparison, Rounding } from "../x86/Encoding.ts"
import { at, broadcast, k, lower, type Mask, type Memory, rdx, xmm, zeroing, zmm } from "../x86/Operands.ts"
import type { Avx512Assembler } from "./Avx512Assembler.ts"
import { IntegerComparison } from "./Instructions.ts"

export const registers: Registers = {
  lanes: 16,
  bytes: 64,
  loop: { vectors: 31, truths: [1, 2, 3, 4, 5], accumulators: 8, scalars: 8 },
  scratch: 31,
  product: { sums: 28, vectors: 2, row: [28, 29], factors: [30, 31] },
  convolution: { sums: 28, bias: 28, zero: 29, scratch: 30, factors: 31, isPositive: 3 },
  copy: { vectors: 8, sums: 16 },
  pooling: { isLargest: 2, isOpen: 3, isPositive: 4 }
}

/** Mask 6 belongs to operations. */
const temporary = k(6)
const scratch = zmm(registers.scratch)

const instructions = {
  float: { Sum: "vaddps", Prod: "vmulps", Max: "vmaxps", Min: "vminps" },
  integer: { Sum: "vpaddd", Prod: "vpmulld", Max: "vpmaxsd", Min: "vpminsd" }
} as const satisfies Record<string, Record<Operator, keyof Avx512Assembler>>

export const make = (code: Avx512Assembler): Simd => {
  const bits = (value: number): Int32Array => Int32Array.of(value)
  const constant = (value: number): Memory => broadcast(code.constant(bits(value)))
  const maskOf = (tail: Tail | undefined): Mask | undefined => tail && k(tail.mask)
  const zeroed = (tail: Tail | undefined): Mask | undefined => tail && zeroing(k(tail.mask))
  /** A vector by its number, or memory. */
  const operand = (value: number | Memory) => (typeof value === "number" ? zmm(value) : value)

  /** All lanes, or those of the tail: gathers clear their mask. */
  const gatherMask = (mask: Mask, tail: Tail | undefined): void => {
    if (tail === undefined) code.kxnorw(mask, mask, mask)
    else code.kmovw(mask, k(tail.mask))
  }
  const combine: Simd["combine"] = ({ isFloat, operator }, into, value, tail) => {
    const name = instructions[isFloat ? "float" : "integer"][operator]
    const mask = maskOf(tail)
    if (isFloat && (operator === "Max" || operator === "Min")) {
      // The instruction returns the second operand if either is NaN: right for a new NaN; an old one is left alone.
      code.vcmpps(temporary, zmm(into), zmm(into), Comparison.ordered, mask)
      code[name](zmm(into), zmm(into), zmm(value), temporary)
    } else code[name](zmm(into), zmm(into), zmm(value), mask)
  }

  const binary =
    (name: "vmulps" | "vmaxps" | "vfmadd231ps") =>
    (to: number, left: number, right: number | Memory): void =>
      code[name](zmm(to), zmm(left), operand(right))
  const vectors =
    (name: keyof Avx512Assembler): Compute =>
    (to, operands, number) => {
      const write = code[name] as (...operands: ReadonlyArray<unknown>) => void
      write(zmm(to), ...operands.map(operand), ...(number === undefined ? [] : [number]))
    }
  const rounded =
    (mode: number): Compute =>
    (to, [x]) =>
      code.vrndscaleps(zmm(to), operand(x!), mode)
  const compared =
    (name: "vcmpps" | "vpcmpd", predicate: number): Compute =>
    (to, [left, right]) =>
      code[name](k(to), zmm(left as number), operand(right!), predicate)
  const logic =
    (name: "kandw" | "korw" | "kxnorw"): Compute =>
    (to, [left, right]) =>
      code[name](k(to), k(left as number), k(right as number))

  const broadcastElement: Simd["broadcast"] = (to, from) => code.vbroadcastss(zmm(to), from)

  return {
    ...registers,
    zero: (to) => code.vpxord(zmm(to), zmm(to), zmm(to)),
    move: (to, from) => code.vmovaps(zmm(to), zmm(from)),
    load: (to, from, tail) => code.vmovups(zmm(to), from, zeroed(tail)),
    store: (to, from, tail) => code.vmovups(to, zmm(from), maskOf(tail)),
    loadAligned: (to, from) => code.vmovaps(zmm(to), from),
    storeAligned: (to, from) => code.vmovaps(to, zmm(from)),
    loadElement: (to, from) => code.vmovss(xmm(to), from),
    storeElement: (to, from) => code.vmovss(to, xmm(from)),
    broadcast: broadcastElement,
    broadcastByte: (to, from) => {
      code.movzx(lower(rdx), from)
      code.vpbroadcastd(zmm(to), lower(rdx))
    },
    fill: (to, value) => code.vbroadcastss(zmm(to), code.constant(bits(value))),
    constant,
    loadBytes: (to, from, tail) => code.vpmovzxbd(zmm(to), from, zeroed(tail)),
    storeBytes: (to, from, tail) => code.vpmovdb(to, zmm(from), maskOf(tail)),
    setTail: ({ count, mask }, via) => {
      code.mov(lower(via), 2 ** count - 1)
      code.kmovw(k(mask), lower(via))
    },
    gatherStrided: (to, base, stride, tail) => {
      code.vmovups(scratch, code.constant(Int32Array.from({ length: registers.lanes }, (_, lane) => lane * stride)))
      gatherMask(temporary, tail)
      code.vpxord(zmm(to), zmm(to), zmm(to))
      code.vgatherdps(zmm(to), at(base, 0, scratch, 4), temporary)
    },
    gather: (to, base, offset, indices, tail) => {
      gatherMask(k(2), tail)
      code.vpxord(zmm(to), zmm(to), zmm(to))
      code.vgatherdps(zmm(to), at(base, offset, zmm(indices), 4), k(2))
    },
    setLanes: (lanes, via) => code.mov(lower(via), lanes),
    gatherLanes: (to, base, indices, _, via) => {
      code.vpxord(zmm(to), zmm(to), zmm(to))
      code.kmovw(k(1), lower(via))
      code.vgatherdps(zmm(to), at(base, 0, zmm(indices), 4), k(1))
    },

    add: (to, left, right, tail) => code.vaddps(zmm(to), zmm(left), operand(right), zeroed(tail)),
    mul: binary("vmulps"),
    max: binary("vmaxps"),
    multiplyAdd: binary("vfmadd231ps"),
    loadFactor: broadcastElement,
    multiplyAddFactor: binary("vfmadd231ps"),
    multiplyAddElement: (sum, left, element) => code.vfmadd231ps(zmm(sum), zmm(left), broadcast(element)),
    fusedIntoAddend: (negative, c, a, b) => code[negative ? "vfnmadd231ps" : "vfmadd231ps"](zmm(c), zmm(a), operand(b)),
    fusedIntoFactor: (negative, a, b, c) => code[negative ? "vfnmadd213ps" : "vfmadd213ps"](zmm(a), zmm(b), operand(c)),
    compute: {
      add: vectors("vaddps"),
      sub: vectors("vsubps"),
      mul: vectors("vmulps"),
      div: vectors("vdivps"),
      min: vectors("vminps"),
      max: vectors("vmaxps"),
      sqrt: vectors("vsqrtps"),
      round: rounded(Rounding.nearest),
      floor: rounded(Rounding.down),
      ceil: rounded(Rounding.up),
      and: vectors("vpandd"),
      or: vectors("vpord"),
      xor: vectors("vpxord"),
      select: (to, [condition, otherwise, where]) =>
        code.vblendmps(zmm(to), zmm(otherwise as number), operand(where!), k(condition as number)),
      addInteger: vectors("vpaddd"),
      subInteger: vectors("vpsubd"),
      mulInteger: vectors("vpmulld"),
      minInteger: vectors("vpminsd"),
      maxInteger: vectors("vpmaxsd"),
      absInteger: vectors("vpabsd"),
      toFloat: vectors("vcvtdq2ps"),
      truncate: vectors("vcvttps2dq"),
      scale: vectors("vscalefps"),
      exponent: vectors("vgetexpps"),
      mantissa: vectors("vgetmantps"),
      less: compared("vcmpps", Comparison.less),
      lessOrEqual: compared("vcmpps", Comparison.lessOrEqual),
      greater: compared("vcmpps", Comparison.greater),
      greaterOrEqual: compared("vcmpps", Comparison.greaterOrEqual),
      equal: compared("vcmpps", Comparison.equal),
      notEqual: compared("vcmpps", Comparison.notEqual),
      unordered: compared("vcmpps", Comparison.unordered),
      lessInteger: compared("vpcmpd", IntegerComparison.less),
      lessOrEqualInteger: compared("vpcmpd", IntegerComparison.lessOrEqual),
      greaterInteger: compared("vpcmpd", IntegerComparison.greater),
      greaterOrEqualInteger: compared("vpcmpd", IntegerComparison.greaterOrEqual),
      equalInteger: compared("vpcmpd", IntegerComparison.equal),
      notEqualInteger: compared("vpcmpd", IntegerComparison.notEqual),
      andTruth: logic("kandw"),
      orTruth: logic("korw"),
      xnorTruth: logic("kxnorw"),
      notTruth: (to, [x]) => code.knotw(k(to), k(x as number))
    },

    greater: (to, left, right) => code.vcmpps(k(to), zmm(left), zmm(right), Comparison.greater),
    equalWithin: (to, left, right, within) => code.vcmpps(k(to), zmm(left), zmm(right), Comparison.equal, k(within)),
    setAll: (to) => code.kxnorw(k(to), k(to), k(to)),
    andNot: (to, left, right) => code.kandnw(k(to), k(left), k(right)),
    keep: (to, from, where) => code.vmovaps(zmm(to), zmm(from), zeroing(k(where))),
    isNonZero: (to, from) => code.vptestmd(k(to), zmm(from), zmm(from)),
    toInteger: (to, from) => code.vpbroadcastd(zmm(to), code.constant(bits(1)), zeroing(k(from))),
    storeTruth: (to, from) => code.kmovw(to, k(from)),
    loadTruth: (to, from) => code.kmovw(k(to), from),

    combine,
    combineLanes: (reducer: Reducer, into) => {
      for (const [shuffle, order] of [
        ["vshuff32x4", 0x4e],
        ["vshuff32x4", 0xb1],
        ["vpermilps", 0x4e],
        ["vpermilps", 0xb1]
      ] as const) {
        if (shuffle === "vshuff32x4") code.vshuff32x4(scratch, zmm(into), zmm(into), order)
        else code.vpermilps(scratch, zmm(into), order)
        combine(reducer, into, scratch.index)
      }
    },

    loadQuarter: (to, from, quarter) => {
      if (quarter === 0) code.vmovups(xmm(to), from)
      else code.vinsertf32x4(zmm(to), zmm(to), from, quarter)
    },
    unpackLow: (to, left, right) => code.vunpcklps(zmm(to), zmm(left), zmm(right)),
    unpackHigh: (to, left, right) => code.vunpckhps(zmm(to), zmm(left), zmm(right)),
    unpackLowPairs: (to, left, right) => code.vunpcklpd(zmm(to), zmm(left), zmm(right)),
    unpackHighPairs: (to, left, right) => code.vunpckhpd(zmm(to), zmm(left), zmm(right))
  }
}
