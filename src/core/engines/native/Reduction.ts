/** Reductions: associative operations up to rounding, with their neutral elements. */
import { bitsOf, constantItem, type Item } from "./Formula.ts"

export type Operator = "Sum" | "Prod" | "Max" | "Min"

export interface Reducer {
  readonly operator: Operator
  readonly isFloat: boolean
  /** The bits of the neutral element. */
  readonly neutral: number
}

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number
const floatNeutrals = { Sum: 0, Prod: 1, Max: NEGATIVE_INFINITY, Min: POSITIVE_INFINITY }
const integerNeutrals = { Sum: 0, Prod: 1, Max: -(2 ** 31), Min: 2 ** 31 - 1 }

export const reducer = (operator: Operator, isFloat: boolean): Reducer => ({
  operator,
  isFloat,
  neutral: isFloat ? bitsOf(floatNeutrals[operator]) : integerNeutrals[operator]
})

/** The neutral element in all lanes. */
export const neutral = ({ neutral }: Reducer): Item => constantItem(neutral)
