/**
 * Comparisons, logic and selection.
 */
import type { Value } from "../Graph.ts"
import { type Kernels, type One, onNumbers, type Two } from "../Kernel.ts"
import * as Op from "../Operators.ts"

/** onnxruntime compares only numbers. */
const ordered =
  (operator: string) =>
  ({ a, b }: Two): Value => {
    const number = (x: Value) => (x.type === "bool" ? Op.cast(x, "int32") : x)
    return Op.binary(operator, number(a), number(b), "bool")
  }

/** Tests of floats; integers are finite. */
const test =
  (f: (x: Value) => Value) =>
  ({ x }: One): Value =>
    f(Op.cast(x, "float32"))

const isInf = (x: Value): Value => Op.unary("IsInf", x, "bool")
const isNan = (x: Value): Value => Op.unary("IsNaN", x, "bool")

/** A condition with fewer axes selects whole rows. */
const select = ({ condition, t, e }: { readonly condition: Value; readonly t: Value; readonly e: Value }): Value => {
  const missing = t.shape.length - condition.shape.length
  const rows = condition.shape.length === 0 ? condition.shape : [...condition.shape, ...Array<number>(missing).fill(1)]
  const chosen = Op.reshape(condition, rows)
  // onnxruntime selects only numbers.
  return t.type === "bool" ? Op.or(Op.and(chosen, t), Op.and(Op.not(chosen), e)) : Op.where(chosen, t, e)
}

export const comparison: Kernels = onNumbers({
  Equal: ({ a, b }: Two) => Op.equal(a, b),
  Greater: ordered("Greater"),
  GreaterEqual: ordered("GreaterOrEqual"),
  IsFinite: test((x) => Op.not(Op.or(isInf(x), isNan(x)))),
  IsInf: test(isInf),
  IsNan: test(isNan),
  Less: ordered("Less"),
  LessEqual: ordered("LessOrEqual"),
  LogicalAnd: ({ a, b }: Two) => Op.and(a, b),
  LogicalNot: ({ x }: One) => Op.not(x),
  LogicalOr: ({ a, b }: Two) => Op.or(a, b),
  NotEqual: ({ a, b }: Two) => Op.not(Op.equal(a, b)),
  Select: select
})
