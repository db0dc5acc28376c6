/**
 * A recorded graph as the text of a StableHLO module, which XLA's plugins compile.
 *
 * Each operator of the graph has one rule in `stablehlo/`. An input whose value is a state that the graph replaces is
 * donated: its buffer becomes that of the new state. Operations are written in MLIR's generic form.
 *
 * Source: https://openxla.org/stablehlo/spec
 */
import type { Shape } from "../../Tensors.ts"
import { bytesOf, type Constant, type Graph, type Input, inOrder, type Value } from "../graph/Graph.ts"
import { NotRecordable } from "../graph/Kernel.ts"
import { type Emitter, type Ssa, typeText } from "./Emitter.ts"
import { rules } from "./stablehlo/Rules.ts"

/** Element values as MLIR text. Hexadecimal digits are the bytes in memory; one element stands for all. */
const valuesText = ({ shape, type, values }: Omit<Constant, "kind">): string => {
  if (shape.includes(0)) return "dense<>"
  if (type === "bool") {
    return `dense<${values.length === 1 ? values[0] !== 0 : JSON.stringify(nested(Array.from(values, Boolean), shape))}>`
  }
  return `dense<"0x${Buffer.from(bytesOf({ kind: "constant", shape, type, values }))
    .toString("hex")
    .toUpperCase()}">`
}

const nested = (values: ReadonlyArray<boolean>, [length, ...rest]: Shape): unknown => {
  if (length === undefined) return values[0]
  const size = values.length / length
  return Array.from({ length }, (_, index) => nested(values.slice(index * size, (index + 1) * size), rest))
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
  bool: Uint8Array
}

/** A module, its inputs in order, and the positions of those that are donated. */
export interface Module {
  readonly text: string
  readonly inputs: ReadonlyArray<Input>
  /** For each input the output that takes its buffer. */
  readonly donations: ReadonlyMap<number, number>
}

/** Raises `NotRecordable` for an operator without a rule. */
export const moduleOf = (graph: Graph): Module => {
  const lines: Array<string> = []
  const known = new Map<Value, Ssa>()
  const outputs = Object.entries(graph.outputs)
  const order = inOrder(outputs.map(([, value]) => value))
  const inputs = order.filter((value): value is Input => value.kind === "input")
  inputs.forEach((value, index) => known.set(value, { name: `%arg${index}`, shape: value.shape, type: value.type }))

  let count = 0
  const emitAll: Emitter["emitAll"] = (operator, operands, results, attributes, region) => {
    const name = `%${count++}`
    const properties = Object.entries(attributes).map(([key, text]) => `${key} = ${text}`)
    const results_ = results.map(typeText)
    lines.push(
      `${name}${results.length > 1 ? `:${results.length}` : ""} = "${operator}"(${operands.map((one) => one.name).join(", ")})` +
        (properties.length === 0 ? "" : ` <{${properties.join(", ")}}>`) +
        (region === "" ? "" : ` ${region}`) +
        ` : (${operands.map(typeText).join(", ")}) -> ${results.length > 1 ? `(${results_.join(", ")})` : results_[0]}`
    )
    return results.map((result, index) => ({ ...result, name: results.length > 1 ? `${name}#${index}` : name }))
  }
  const emit: Emitter["emit"] = (operator, operands, { shape, type }, attributes = {}, region = "") =>
    emitAll(operator, operands, [{ shape, type }], attributes, region)[0]!
  const constant: Emitter["constant"] = ({ shape, type, values }) =>
    emit(
      "stablehlo.constant",
      [],
      { shape, type },
      {
        value: `${valuesText({ shape, type, values })} : ${typeText({ shape, type })}`
      }
    )
  const fill: Emitter["fill"] = (value, { shape, type }) =>
    constant({
      shape,
      type,
      values: type === "int64" ? BigInt64Array.of(BigInt(value)) : arrays[type].of(value)
    })
  const emitter: Emitter = { emit, emitAll, constant, fill }

  const ssaOf = (value: Value): Ssa => {
    const found = known.get(value)
    if (found !== undefined) return found
    // Operations come after their inputs, so that only constants are left.
    const written = constant(value as Constant)
    known.set(value, written)
    return written
  }
  for (const value of order) {
    if (value.kind !== "operation") continue
    const rule = rules[value.operator]
    if (rule === undefined) throw new NotRecordable(`operator ${value.operator} has no StableHLO rule`)
    const written = rule(
      emitter,
      value,
      (index) => ssaOf(value.inputs[index]!),
      (index) => value.inputs[index] !== undefined
    )
    known.set(value, written)
  }

  const results = outputs.map(([, value]) => ssaOf(value))
  const positions = new Map(outputs.map(([name], index) => [name, index]))
  const donations = new Map(
    inputs.flatMap(({ name }, index) => {
      const output = name.startsWith("state/") ? positions.get(name) : undefined
      return output === undefined ? [] : [[index, output] as const]
    })
  )
  const declared = inputs.map((input, index) => {
    const output = donations.get(index)
    return `%arg${index}: ${typeText(input)}${output === undefined ? "" : ` {tf.aliasing_output = ${output} : i32}`}`
  })
  const types = results.map(typeText).join(", ")
  const text = [
    "module @program {",
    `func.func public @main(${declared.join(", ")}) -> (${types}) {`,
    ...lines,
    `"func.return"(${results.map(({ name }) => name).join(", ")}) : (${types}) -> ()`,
    "}",
    "}"
  ].join("\n")
  return { text, inputs, donations }
}
