/**
 * A graph as an ONNX model: operator set 18, in the file format that onnxruntime loads.
 *
 * Source: https://onnx.ai/onnx/repo-docs/IR.html
 */
import onnxProto from "onnx-proto"
import { type Attribute, bytesOf, type Graph, inOrder, type Value } from "./Graph.ts"
import { onnxType, operation } from "./Operators.ts"

const { onnx } = onnxProto
const { AttributeType } = onnx.AttributeProto

const valueInfo = (name: string, { shape, type }: Value) => ({
  name,
  type: { tensorType: { elemType: onnxType[type], shape: { dim: shape.map((dimValue) => ({ dimValue })) } } }
})

const attribute = ([name, value]: [string, Attribute]) => {
  if (typeof value === "number") return { name, type: AttributeType.INT, i: value }
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) }
  return { name, type: AttributeType.INTS, ints: [...value] }
}

/** An output needs a name of its own that no input, constant or other output bears. */
const separated = (graph: Graph): Readonly<Record<string, Value>> => {
  const taken = new Set<Value>()
  return Object.fromEntries(
    Object.entries(graph.outputs).map(([name, value]) => {
      const own =
        value.kind !== "operation" || taken.has(value) ? operation("Identity", [value], value.shape, value.type) : value
      taken.add(own)
      return [name, own]
    })
  )
}

/** The bytes of the model. Inputs are those that the outputs need, by their names; outputs are named `=NAME`. */
export const encode = (graph: Graph): Uint8Array => {
  const outputs = separated(graph)
  const values = inOrder(Object.values(outputs))
  const names = new Map<Value, string>(Object.entries(outputs).map(([name, value]) => [value, outputName(name)]))
  values.forEach((value, index) => {
    if (!names.has(value)) names.set(value, value.kind === "input" ? value.name : String(index))
  })
  const nameOf = (value: Value | undefined): string => (value === undefined ? "" : names.get(value)!)
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: "effect-vae",
    opsetImport: [{ domain: "", version: 18 }],
    graph: {
      name: "program",
      input: values.flatMap((value) => (value.kind === "input" ? [valueInfo(value.name, value)] : [])),
      output: Object.entries(outputs).map(([name, value]) => valueInfo(outputName(name), value)),
      initializer: values.flatMap((value) =>
        value.kind === "constant"
          ? [
              {
                name: nameOf(value),
                dims: [...value.shape],
                dataType: onnxType[value.type],
                rawData: bytesOf(value)
              }
            ]
          : []
      ),
      node: values.flatMap((value) =>
        value.kind === "operation"
          ? [
              {
                opType: value.operator,
                input: value.inputs.map(nameOf),
                output: [nameOf(value)],
                attribute: Object.entries(value.attributes).map(attribute)
              }
            ]
          : []
      )
    }
  }).finish()
}

/** The model's name of a graph's output; state goes in and out under one name, which a model's values may not share. */
export const outputName = (name: string): string => `=${name}`
