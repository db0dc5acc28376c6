/**
 * Elementwise operators: the runs are an additional broadcast axis.
 */
import * as Op from "../Operators.ts"
import { aligned, type Rule } from "./Rule.ts"

const elementwiseRule: Rule = ({ attributes, operator, shape, type }, operands, runs) =>
  Op.operation(
    operator,
    operands.map((operand) => aligned(operand, shape.length)),
    [runs, ...shape],
    type,
    attributes
  )

const names =
  "Abs Acos Acosh Add And Asin Asinh Atan Atanh Cast Ceil Cos Cosh Div Equal Erf Exp Expm1 Floor Greater GreaterOrEqual " +
  "IsInf IsNaN Less LessOrEqual Log Log1p Max Min Mod Mul Neg Not Or Pow Reciprocal Relu Round Sign Sin Sinh Sqrt Sub " +
  "Tan Tanh Where"

export const elementwise: Readonly<Record<string, Rule>> = Object.fromEntries(
  names.split(" ").map((name) => [name, elementwiseRule])
)
