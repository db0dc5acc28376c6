/**
 * Operators that treat each element alike; operands are broadcast.
 */
import type { ElementType } from "../../graph/Graph.ts"
import { type Emitter, type Rule, type Ssa } from "../Emitter.ts"
import { broadcast } from "./Broadcast.ts"

/** The operands of an operation in its result's shape. */
const operandsOf = (
  emitter: Emitter,
  { inputs, shape }: Parameters<Rule>[1],
  operand: (index: number) => Ssa
): ReadonlyArray<Ssa> => inputs.map((_, index) => broadcast(emitter, operand(index), shape))

/** An operation of the same meaning. */
const same =
  (operator: string): Rule =>
  (emitter, operation, operand) =>
    emitter.emit(operator, operandsOf(emitter, operation, operand), operation)

const isFloat = (type: ElementType): boolean => type === "float32" || type === "float64"

const comparison =
  (direction: string): Rule =>
  (emitter, operation, operand) => {
    const operands = operandsOf(emitter, operation, operand)
    const type = operands[0]!.type
    const kind = isFloat(type) ? "FLOAT" : type === "bool" || type.startsWith("uint") ? "UNSIGNED" : "SIGNED"
    return emitter.emit("stablehlo.compare", operands, operation, {
      comparison_direction: `#stablehlo<comparison_direction ${direction}>`,
      compare_type: `#stablehlo<comparison_type ${kind}>`
    })
  }

const infinite: Rule = ({ emit, fill }, operation, operand) => {
  const x = operand(0)
  return emit("stablehlo.compare", [emit("stablehlo.abs", [x], x), fill(Number.POSITIVE_INFINITY, x)], operation, {
    comparison_direction: "#stablehlo<comparison_direction EQ>",
    compare_type: "#stablehlo<comparison_type FLOAT>"
  })
}

const notANumber: Rule = ({ emit }, operation, operand) =>
  emit("stablehlo.compare", [operand(0), operand(0)], operation, {
    comparison_direction: "#stablehlo<comparison_direction NE>",
    compare_type: "#stablehlo<comparison_type FLOAT>"
  })

const reciprocal: Rule = ({ emit, fill }, operation, operand) =>
  emit("stablehlo.divide", [fill(1, operation), operand(0)], operation)

const relu: Rule = ({ emit, fill }, operation, operand) =>
  emit("stablehlo.maximum", [operand(0), fill(0, operation)], operation)

export const elementwise: Readonly<Record<string, Rule>> = {
  Abs: same("stablehlo.abs"),
  Acos: same("chlo.acos"),
  Acosh: same("chlo.acosh"),
  Add: same("stablehlo.add"),
  And: same("stablehlo.and"),
  Asin: same("chlo.asin"),
  Asinh: same("chlo.asinh"),
  Atan: same("chlo.atan"),
  Atanh: same("chlo.atanh"),
  Cast: same("stablehlo.convert"),
  Ceil: same("stablehlo.ceil"),
  Cos: same("stablehlo.cosine"),
  Cosh: same("chlo.cosh"),
  Div: same("stablehlo.divide"),
  Equal: comparison("EQ"),
  Erf: same("chlo.erf"),
  Exp: same("stablehlo.exponential"),
  Expm1: same("stablehlo.exponential_minus_one"),
  Floor: same("stablehlo.floor"),
  Greater: comparison("GT"),
  GreaterOrEqual: comparison("GE"),
  IsInf: infinite,
  IsNaN: notANumber,
  Less: comparison("LT"),
  LessOrEqual: comparison("LE"),
  Log: same("stablehlo.log"),
  Log1p: same("stablehlo.log_plus_one"),
  Max: same("stablehlo.maximum"),
  Min: same("stablehlo.minimum"),
  Mod: same("stablehlo.remainder"),
  Mul: same("stablehlo.multiply"),
  Neg: same("stablehlo.negate"),
  Not: same("stablehlo.not"),
  Or: same("stablehlo.or"),
  Pow: same("stablehlo.power"),
  Reciprocal: reciprocal,
  Relu: relu,
  Round: same("stablehlo.round_nearest_even"),
  Sign: same("stablehlo.sign"),
  Sin: same("stablehlo.sine"),
  Sinh: same("chlo.sinh"),
  Sqrt: same("stablehlo.sqrt"),
  Sub: same("stablehlo.subtract"),
  Tan: same("stablehlo.tan"),
  Tanh: same("stablehlo.tanh"),
  Where: same("stablehlo.select")
}
