/**
 * Reductions and scans: all axes are shifted by one.
 */
import * as Op from "../Operators.ts"
import { numbersOf, type Rule } from "./Rule.ts"

const reduction: Rule = (operation, [x, axes]) =>
  Op.reduce(
    operation.operator,
    x!.value,
    numbersOf(operation, axes!).map((axis) => axis + 1),
    operation.attributes["keepdims"] === 1
  )

/** The axis is an attribute. */
const along: Rule = ({ attributes, operator, shape, type }, [x], runs) =>
  Op.operation(operator, [x!.value], [runs, ...shape], type, { ...attributes, axis: Number(attributes["axis"]) + 1 })

const cumulativeSum: Rule = (operation, [x, axis], runs) => {
  const [number] = numbersOf(operation, axis!)
  const inputs = [x!.value, Op.scalar(number! + 1, "int64")]
  return Op.operation("CumSum", inputs, [runs, ...operation.shape], operation.type, operation.attributes)
}

export const reductions: Readonly<Record<string, Rule>> = {
  ArgMax: along,
  ArgMin: along,
  CumSum: cumulativeSum,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: reduction,
  Softmax: along
}
