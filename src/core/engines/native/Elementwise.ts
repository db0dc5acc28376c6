/**
 * Elementwise ONNX operators as formulas: floats and integers are vectors (bytes are widened to integers), truth values are
 * masks.
 */
import type { Operation, Value } from "../graph/Graph.ts"
import type { Formula, Item, Lanes, Truth } from "./Formula.ts"
import { arithmetic, exp, log, pow, powerOfNumber, tanh } from "./Mathematics.ts"
import * as Trigonometry from "./Trigonometry.ts"

type Rule = (formula: Formula, ...operands: ReadonlyArray<any>) => Item
type Rules = Readonly<Record<string, Rule>>

/** A rule by arithmetic alone. */
const by =
  (f: (maths: ReturnType<typeof arithmetic>, ...operands: ReadonlyArray<any>) => Item): Rule =>
  (formula, ...operands) =>
    f(arithmetic(formula), ...operands)

const sign = by(({ choose, float, greater, less }, x: Lanes) =>
  choose(greater(x, float(0)), float(1), choose(less(x, float(0)), float(-1), x))
)

const floats: Rules = {
  Abs: by(({ abs }, x) => abs(x)),
  Acos: Trigonometry.acos,
  Acosh: Trigonometry.acosh,
  Add: by(({ add }, a, b) => add(a, b)),
  Asin: Trigonometry.asin,
  Asinh: Trigonometry.asinh,
  Atan: Trigonometry.atan,
  Atanh: Trigonometry.atanh,
  Ceil: by(({ ceil }, x) => ceil(x)),
  Cos: Trigonometry.cos,
  Cosh: Trigonometry.cosh,
  Div: by(({ div }, a, b) => div(a, b)),
  Equal: by(({ equal }, a, b) => equal(a, b)),
  Exp: exp,
  Floor: by(({ floor }, x) => floor(x)),
  Greater: by(({ greater }, a, b) => greater(a, b)),
  GreaterOrEqual: by(({ greaterOrEqual }, a, b) => greaterOrEqual(a, b)),
  IsInf: by(({ abs, equal, float }, x) => equal(abs(x), float(Number.POSITIVE_INFINITY))),
  IsNaN: by(({ unordered }, x) => unordered(x, x)),
  Less: by(({ less }, a, b) => less(a, b)),
  LessOrEqual: by(({ lessOrEqual }, a, b) => lessOrEqual(a, b)),
  Log: log,
  Max: by(({ max }, a, b) => max(a, b)),
  Min: by(({ min }, a, b) => min(a, b)),
  Mul: by(({ mul }, a, b) => mul(a, b)),
  Neg: by(({ negate }, x) => negate(x)),
  Reciprocal: by(({ div, float }, x) => div(float(1), x)),
  Round: by(({ round }, x) => round(x)),
  Sign: sign,
  Sin: Trigonometry.sin,
  Sinh: Trigonometry.sinh,
  Sqrt: by(({ sqrt }, x) => sqrt(x)),
  Sub: by(({ sub }, a, b) => sub(a, b)),
  Tan: Trigonometry.tan,
  Tanh: tanh,
  Where: by(({ choose }, condition, a, b) => choose(condition, a, b))
}

const named =
  (name: Parameters<Formula["lanes"]>[0]): Rule =>
  (formula, ...operands) =>
    formula.lanes(name, operands)

const compared =
  (name: Parameters<Formula["truth"]>[0]): Rule =>
  (formula, a, b) =>
    formula.truth(name, [a, b])

const integers: Rules = {
  Abs: named("absInteger"),
  Add: named("addInteger"),
  Equal: compared("equalInteger"),
  Greater: compared("greaterInteger"),
  GreaterOrEqual: compared("greaterOrEqualInteger"),
  Less: compared("lessInteger"),
  LessOrEqual: compared("lessOrEqualInteger"),
  Max: named("maxInteger"),
  Min: named("minInteger"),
  Mul: named("mulInteger"),
  Neg: (formula, x) => formula.lanes("subInteger", [formula.integer(0), x]),
  Sub: named("subInteger"),
  Where: floats["Where"]!
}

const logic =
  (name: Parameters<Formula["truth"]>[0]): Rule =>
  (formula, ...operands) =>
    formula.truth(name, operands)

const truths: Rules = {
  And: logic("andTruth"),
  Equal: logic("xnorTruth"),
  Not: logic("notTruth"),
  Or: logic("orTruth")
}

type Class = "float" | "integer" | "truth"

/** How elements of a type are held in registers; undefined for types that loops do not support. */
export const classOf = (type: Value["type"]): Class | undefined =>
  type === "float32"
    ? "float"
    : type === "int32" || type === "uint8"
      ? "integer"
      : type === "bool"
        ? "truth"
        : undefined

const castRules: Readonly<Record<string, Rule>> = {
  "integer float": named("toFloat"),
  "float integer": named("truncate"),
  "float truth": (formula, x: Lanes) => formula.truth("notEqual", [x, formula.float(0)]),
  "integer truth": (formula, x: Lanes) => formula.truth("notEqualInteger", [x, formula.integer(0)]),
  "truth float": by(({ choose, float }, x: Truth) => choose(x, float(1), float(0))),
  "truth integer": by(({ choose, integer }, x: Truth) => choose(x, integer(1), integer(0)))
}
const same: Rule = (_, x) => x

const numberOf = (value: Value | undefined): number | undefined =>
  value?.kind === "constant" && value.type === "float32" && value.values.length === 1
    ? Number(value.values[0])
    : undefined

interface Power {
  readonly rule: Rule
  /** What the rule is given. */
  readonly operands: ReadonlyArray<Value>
}

/** Exactly rounded products and roots for small exponents, and one function for a positive constant base. */
const powerOf = (base: Value, exponent: Value): Power => {
  const [number, power] = [numberOf(base), numberOf(exponent)]
  const size = Math.abs(power ?? Number.NaN)
  if (power !== undefined && (size === 0.5 || (Number.isInteger(power) && size <= 8))) {
    const rule = by(({ div, float, mul, sqrt }, x: Lanes) => {
      const positive = size === 0.5 ? sqrt(x) : Array.from({ length: size }, () => x).reduce(mul, float(1))
      return power < 0 ? div(float(1), positive) : positive
    })
    return { rule, operands: [base] }
  }
  return number !== undefined && number > 0 && Number.isFinite(number)
    ? { rule: (formula, y) => powerOfNumber(number, formula, y), operands: [exponent] }
    : { rule: pow, operands: [base, exponent] }
}

/** The operands that the formula of a power is given. */
export const powerOperands = ({ inputs }: Operation): ReadonlyArray<Value> => powerOf(inputs[0]!, inputs[1]!).operands

/** The formula of an elementwise operation; undefined for other operations. */
export const ruleOf = ({ inputs, operator, type }: Operation): Rule | undefined => {
  const classes = inputs.map((input) => input && classOf(input.type))
  if (classOf(type) === undefined || classes.includes(undefined)) return undefined
  if (operator === "Identity") return same
  if (operator === "Cast") return classes[0] === classOf(type) ? same : castRules[`${classes[0]} ${classOf(type)}`]
  if (operator === "Pow") return type === "float32" ? powerOf(inputs[0]!, inputs[1]!).rule : undefined
  const operands = operator === "Where" ? classes.slice(1) : classes
  return { float: floats, integer: integers, truth: truths }[operands[0]!][operator]
}
