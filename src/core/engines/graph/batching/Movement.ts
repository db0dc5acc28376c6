/**
 * Operators that move elements: the axis of runs is unchanged.
 */
import * as Op from "../Operators.ts"
import { aligned, numbersOf, type Rule, stacked } from "./Rule.ts"

const concat: Rule = ({ attributes }, operands, runs) =>
  Op.concat(
    operands.map((operand) => stacked(operand, runs)),
    Number(attributes["axis"]) + 1
  )

const slice: Rule = (operation, [x, begin, , , step], runs) =>
  Op.slice(
    stacked(x!, runs),
    [0, ...numbersOf(operation, begin!)],
    [runs, ...operation.shape],
    [1, ...numbersOf(operation, step!)]
  )

const pad: Rule = (operation, [x, paddings, value], runs) => {
  const numbers = numbersOf(operation, paddings!)
  const rank = operation.shape.length
  const along = operation.shape.map((_, axis) => [numbers[axis]!, numbers[axis + rank]!] as const)
  return Op.pad(stacked(x!, runs), [[0, 0], ...along], value!.value)
}

export const movement: Readonly<Record<string, Rule>> = {
  Concat: concat,
  Expand: ({ shape }, [x], runs) => Op.expand(aligned(x!, shape.length), [runs, ...shape]),
  Pad: pad,
  Reshape: ({ shape }, [x], runs) => Op.reshape(x!.value, [runs, ...shape]),
  Slice: slice,
  Tile: (operation, [x, repeats], runs) => {
    const counts = Op.indices([1, ...numbersOf(operation, repeats!)])
    return Op.operation("Tile", [x!.value, counts], [runs, ...operation.shape], operation.type)
  },
  Transpose: ({ attributes }, [x]) => {
    const permutation = attributes["perm"] as ReadonlyArray<number>
    return Op.transpose(x!.value, [0, ...permutation.map((axis) => axis + 1)])
  }
}
