/**
 * Matrix products: one per run, as one batched operation.
 */
import type { Value } from "../Graph.ts"
import * as Op from "../Operators.ts"
import { aligned, type Rule } from "./Rule.ts"

const swapped = (x: Value): Value => {
  const axes = x.shape.map((_, axis) => axis)
  return Op.transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).toReversed()])
}

const gemm: Rule = ({ attributes }, [a, b, bias]) => {
  const left = attributes["transA"] === 1 ? swapped(a!.value) : a!.value
  const right = attributes["transB"] === 1 ? swapped(b!.value) : b!.value
  const product = Op.matMul(left, right)
  return bias === undefined ? product : Op.add(product, aligned(bias, 2))
}

export const products: Readonly<Record<string, Rule>> = {
  Gemm: gemm,
  MatMul: ({ shape }, [a, b]) => Op.matMul(aligned(a!, shape.length), aligned(b!, shape.length))
}
