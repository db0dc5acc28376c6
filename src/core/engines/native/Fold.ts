/** How many values become one: operations whose order of operands matters to no more than the last bits. */
import type { Assembler } from "./Assembler.ts"
import { type Item, make } from "./Formula.ts"
import { k, type Mask, zmm } from "./Operands.ts"

export type Operator = "Sum" | "Prod" | "Max" | "Min"

export interface Reducer {
  readonly operator: Operator
  readonly isFloat: boolean
  /** The bits of what changes nothing. */
  readonly neutral: number
}

const bitsOf = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!
const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number
const floatNeutrals = { Sum: 0, Prod: 1, Max: NEGATIVE_INFINITY, Min: POSITIVE_INFINITY }
const integerNeutrals = { Sum: 0, Prod: 1, Max: -(2 ** 31), Min: 2 ** 31 - 1 }

export const reducer = (operator: Operator, isFloat: boolean): Reducer => ({
  operator,
  isFloat,
  neutral: isFloat ? bitsOf(floatNeutrals[operator]) : integerNeutrals[operator]
})

/** The neutral element in all lanes. */
export const neutral = ({ neutral }: Reducer): Item => make().integer(neutral)

const instructions = {
  float: { Sum: "vaddps", Prod: "vmulps", Max: "vmaxps", Min: "vminps" },
  integer: { Sum: "vpaddd", Prod: "vpmulld", Max: "vpmaxsd", Min: "vpminsd" }
} as const

const ordered = 7

/** Adds lanes of `value` to those of `into`; vectors by their numbers. Extremes of floats are NaN once one of them is. */
export const fold = (
  code: Assembler,
  { isFloat, operator }: Reducer,
  into: number,
  value: number,
  mask?: Mask
): void => {
  const name = instructions[isFloat ? "float" : "integer"][operator]
  if (isFloat && (operator === "Max" || operator === "Min")) {
    // The instruction gives the second operand where either is NaN: right for a new NaN, and an old one is left alone.
    code.vcmpps(k(6), zmm(into), zmm(into), ordered, mask)
    code[name](zmm(into), zmm(into), zmm(value), k(6))
  } else code[name](zmm(into), zmm(into), zmm(value), mask)
}

/** Folds the 16 lanes of a vector into each of them; changes vector 31. */
export const foldLanes = (code: Assembler, reducer: Reducer, into: number): void => {
  for (const [shuffle, order] of [
    ["vshuff32x4", 0x4e],
    ["vshuff32x4", 0xb1],
    ["vpermilps", 0x4e],
    ["vpermilps", 0xb1]
  ] as const) {
    if (shuffle === "vshuff32x4") code.vshuff32x4(zmm(31), zmm(into), zmm(into), order)
    else code.vpermilps(zmm(31), zmm(into), order)
    fold(code, reducer, into, 31)
  }
}
