/**
 * Convolutions and pooling: images of all runs form one batch if they share the filter. With different filters, the
 * runs are computed in sequence.
 */
import type { Operation, Value } from "../Graph.ts"
import * as Op from "../Operators.ts"
import { oneByOne, type Rule, stacked } from "./Rule.ts"

/** `[runs, batch, ...]` as `[runs · batch, ...]`. */
const joined = (x: Value): Value => {
  const [runs, batch, ...rest] = x.shape as [number, number, ...Array<number>]
  return Op.reshape(x, [runs * batch, ...rest])
}

const inOneBatch = (operation: Operation, inputs: ReadonlyArray<Value>, runs: number): Value => {
  const [batch, ...rest] = operation.shape
  const result: Operation = { ...operation, inputs, shape: [runs * batch!, ...rest] }
  return Op.reshape(result, [runs, ...operation.shape])
}

/** Operators of images alone. */
const pooling: Rule = (operation, operands, runs) =>
  inOneBatch(
    operation,
    operands.map((operand) => joined(stacked(operand, runs))),
    runs
  )

/** Operators of an image and a filter. */
const filtering: Rule = (operation, operands, runs) => {
  const [image, ...others] = operands
  return others.some(({ isStacked }) => isStacked)
    ? oneByOne(operation, operands, runs)
    : inOneBatch(operation, [joined(image!.value), ...others.map(({ value }) => value)], runs)
}

export const images: Readonly<Record<string, Rule>> = {
  AveragePool: pooling,
  Conv: filtering,
  ConvTranspose: filtering,
  MaxPool: pooling,
  "image.Conv": filtering,
  "image.ConvFilterGradient": oneByOne,
  "image.ConvInputGradient": filtering,
  "image.Pool": pooling,
  "image.PoolGradient": pooling
}
