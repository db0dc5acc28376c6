/**
 * Merges the graphs of runs that differ only in numbers into one graph, in which values that differ between runs have
 * an additional first axis.
 *
 * Laws: a run's results are those of its own graph; values that all runs share are computed once; runs do not affect
 * each other. Each operator has one rule in `batching/`.
 */
import { bytesOf, type Constant, type Elements, type Graph, inOrder, type Operation, type Value } from "./Graph.ts"
import { elementwise } from "./batching/Elementwise.ts"
import { images } from "./batching/Images.ts"
import { indexing } from "./batching/Indexing.ts"
import { movement } from "./batching/Movement.ts"
import { products } from "./batching/Products.ts"
import { reductions } from "./batching/Reductions.ts"
import { type Operand, type Rule, stacked } from "./batching/Rule.ts"
import { NotRecordable } from "./Kernel.ts"
import * as Op from "./Operators.ts"

export const rules: Readonly<Record<string, Rule>> = {
  ...elementwise,
  ...images,
  ...indexing,
  ...movement,
  ...products,
  ...reductions
}

/** The part of a value that must be equal in all runs. */
const formOf = (value: Value): string => {
  const { kind, shape, type } = value
  if (kind === "input") return JSON.stringify([kind, shape, type, value.name])
  if (kind === "constant") return JSON.stringify([kind, shape, type])
  return JSON.stringify([kind, shape, type, value.operator, value.attributes])
}

/** The structure that merged graphs must share: everything except the numbers of their constants. */
export const structureOf = ({ outputs }: Graph): string => {
  const order = inOrder(Object.values(outputs))
  const positions = new Map(order.map((value, index) => [value, index]))
  const operands = (value: Value) =>
    value.kind === "operation" ? value.inputs.map((input) => input && positions.get(input)) : []
  const values = order.map((value) => `${formOf(value)} ${operands(value).join()}`)
  const named = Object.entries(outputs).map(([name, value]) => `${name} ${positions.get(value)}`)
  return [...values, ...named].join("\n")
}

const differ = (values: ReadonlyArray<unknown>): boolean => values.some((value) => value !== values[0])

/** Concatenates constants. */
const joined = (constants: ReadonlyArray<Constant>): Constant => {
  const { shape, type, values } = constants[0]!
  const all = new (values.constructor as new (length: number) => Elements)(values.length * constants.length)
  constants.forEach((constant, run) => all.set(constant.values as never, run * values.length))
  return Op.constant(type, [constants.length, ...shape], all)
}

const constantOf = (constants: ReadonlyArray<Constant>): Operand => {
  const isStacked = differ(constants.map((constant) => Buffer.from(bytesOf(constant)).toString("base64")))
  return { value: isStacked ? joined(constants) : constants[0]!, isStacked }
}

/**
 * One graph of all runs. `isStacked` says which inputs differ from run to run; every output has the runs along its
 * first axis. Throws `NotRecordable` if the graphs differ in more than the numbers of their constants.
 */
export const batch = (graphs: ReadonlyArray<Graph>, isStacked: (input: string) => boolean): Graph => {
  const runs = graphs.length
  const orders = graphs.map(({ outputs }) => inOrder(Object.values(outputs)))
  const positions = orders.map((order) => new Map(order.map((value, index) => [value, index])))
  const refuse = (what: string): never => {
    throw new NotRecordable(`stacked runs may differ only in numbers, not in ${what}`)
  }
  if (differ(graphs.map(({ outputs }) => Object.keys(outputs).join()))) refuse("what they give")
  if (differ(orders.map(({ length }) => length))) refuse("the number of their operations")

  const operands: Array<Operand> = []
  orders[0]!.forEach((value, index) => {
    const values = orders.map((order) => order[index]!)
    if (differ(values.map(formOf))) refuse(`an operation: ${values.map(formOf).join(" and ")}`)
    if (value.kind === "input") {
      const shape = isStacked(value.name) ? [runs, ...value.shape] : value.shape
      operands.push({ value: { ...value, shape }, isStacked: isStacked(value.name) })
      return
    }
    if (value.kind === "constant") {
      operands.push(constantOf(values as ReadonlyArray<Constant>))
      return
    }
    const places = (values as ReadonlyArray<Operation>).map(({ inputs }, run) =>
      inputs.map((input) => input && positions[run]!.get(input))
    )
    if (differ(places.map((place) => place.join()))) refuse(`the operands of ${value.operator}`)
    const inputs = places[0]!.map((place) => (place === undefined ? undefined : operands[place]!))
    if (!inputs.some((input) => input?.isStacked === true)) {
      operands.push({ value: { ...value, inputs: inputs.map((input) => input?.value) }, isStacked: false })
      return
    }
    const rule = rules[value.operator]
    if (rule === undefined) throw new NotRecordable(`operator ${value.operator} has no batching rule`)
    const given = inputs.filter((input) => input !== undefined)
    operands.push({ value: rule(value, given, runs), isStacked: true })
  })

  return {
    outputs: Object.fromEntries(
      Object.entries(graphs[0]!.outputs).map(([name, value]) => [
        name,
        stacked(operands[positions[0]!.get(value)!]!, runs)
      ])
    )
  }
}
