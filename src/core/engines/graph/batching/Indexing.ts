/**
 * Gathers and segment sums: the rows of all runs are concatenated, and each run's indices are offset to its rows.
 */
import type { Value } from "../Graph.ts"
import * as Op from "../Operators.ts"
import { type Operand, type Rule, stacked } from "./Rule.ts"

/** `[runs, ...]` indices into rows of `length` for each run, as indices into all runs' rows. */
const moved = (indices: Value, runs: number, length: number): Value => {
  const starts = Op.indices(Array.from({ length: runs }, (_, run) => run * length))
  return Op.add(indices, Op.reshape(starts, [runs, ...indices.shape.slice(1).map(() => 1)]))
}

/** `[runs, rows, ...]` as `[runs · rows, ...]`. */
const joined = (x: Value): Value => {
  const [runs, rows, ...rest] = x.shape as [number, number, ...Array<number>]
  return Op.reshape(x, [runs * rows, ...rest])
}

/** Moves the axis `from` to position `to`. */
const axisMoved = (x: Value, from: number, to: number): Value => {
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== from)
  return Op.transpose(x, others.toSpliced(to, 0, from))
}

const gather: Rule = ({ attributes }, [x, at], runs) => {
  const axis = Number(attributes["axis"])
  if (!at!.isStacked) return Op.gather(x!.value, at!.value, axis + 1)
  // The runs' axis is the first of the indices'.
  if (!x!.isStacked) return axisMoved(Op.gather(x!.value, at!.value, axis), axis, 0)
  const rows = axisMoved(x!.value, axis + 1, 1)
  const found = Op.gather(joined(rows), moved(at!.value, runs, rows.shape[1]!), 0)
  // `[runs, ...indices, ...axes before, ...axes behind]`: the axes before go before the indices.
  const before = Array.from({ length: axis }, (_, index) => at!.value.shape.length + index)
  const indices = Array.from({ length: at!.value.shape.length - 1 }, (_, index) => 1 + index)
  const behind = found.shape.map((_, index) => index).slice(at!.value.shape.length + axis)
  return Op.transpose(found, [0, ...before, ...indices, ...behind])
}

const scatterAdd: Rule = ({ attributes, shape, type }, operands, runs) => {
  const [x, at, updates] = operands.map((operand: Operand) => stacked(operand, runs)) as [Value, Value, Value]
  const rows = joined(x)
  const summed = Op.operation("ScatterND", [rows, moved(at, runs, shape[0]!), updates], rows.shape, type, attributes)
  return Op.reshape(summed, [runs, ...shape])
}

export const indexing: Readonly<Record<string, Rule>> = { Gather: gather, ScatterND: scatterAdd }
