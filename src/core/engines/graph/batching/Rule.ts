/**
 * Batching rules: how an operator is applied to several runs at once. Values that differ between runs have an
 * additional first axis with one element per run.
 */
import type { Operation, Value } from "../Graph.ts"
import { NotRecordable } from "../Kernel.ts"
import * as Op from "../Operators.ts"

/** An operand: shared by all runs, or with the runs along its first axis. */
export interface Operand {
  readonly value: Value
  readonly isStacked: boolean
}

/** The result for all runs, `[runs, ...shape]`. At least one operand is stacked. */
export type Rule = (operation: Operation, operands: ReadonlyArray<Operand>, runs: number) => Value

/** The operand with the runs along its first axis, repeated if it is shared. */
export const stacked = ({ isStacked, value }: Operand, runs: number): Value =>
  isStacked ? value : Op.expand(Op.reshape(value, [1, ...value.shape]), [runs, ...value.shape])

/** Reshapes the operand to broadcast with results of `axes` axes, without the axis of runs. */
export const aligned = ({ isStacked, value }: Operand, rank: number): Value => {
  const [runs, ...shape] = value.shape
  const missing = rank - shape.length
  return isStacked && missing > 0 ? Op.reshape(value, [runs!, ...Array<number>(missing).fill(1), ...shape]) : value
}

/** The integers of a constant operand that all runs share. */
export const numbersOf = (operation: Operation, { isStacked, value }: Operand): ReadonlyArray<number> => {
  if (isStacked || value.kind !== "constant") {
    throw new NotRecordable(`operator ${operation.operator} moves elements differently from run to run`)
  }
  return Array.from(value.values as BigInt64Array, Number)
}

/** Computes each run separately, for operators without a batched form. */
export const oneByOne: Rule = (operation, operands, runs) => {
  const results = Array.from({ length: runs }, (_, run) => {
    const inputs = operands.map(({ isStacked, value }) => {
      if (!isStacked) return value
      const [, ...shape] = value.shape
      const begin = [run, ...shape.map(() => 0)]
      return Op.reshape(Op.slice(value, begin, [1, ...shape]), shape)
    })
    return Op.reshape({ ...operation, inputs }, [1, ...operation.shape])
  })
  return Op.concat(results, 0)
}
