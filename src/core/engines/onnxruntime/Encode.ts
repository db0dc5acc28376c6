/**
 * Encodes a graph as an ONNX model with operator set 18.
 *
 * Source: https://onnx.ai/onnx/repo-docs/IR.html
 */
import onnxProto from "onnx-proto"
import { type Attribute, bytesOf, type Graph, inOrder, type Value } from "../graph/Graph.ts"
import { onnxType, operation } from "../graph/Operators.ts"

const { onnx } = onnxProto
const { AttributeType } = onnx.AttributeProto

/** Names and descriptions of a model that is exported for other runtimes. */
export interface Appearance {
  /** Name in the model of a graph's output; default: `=NAME`. */
  readonly outputName: (name: string) => string
  /** Axes of an input or output: lengths, or names of symbolic dimensions. */
  readonly axes: (name: string, value: Value) => ReadonlyArray<number | string>
  /** Descriptions of inputs and outputs, by their names in the model. */
  readonly meanings: Readonly<Record<string, string>>
  readonly name: string
  readonly description: string
  readonly metadata: Readonly<Record<string, string>>
}

const plain: Appearance = {
  // State has one name as input and output, but names in a model must be unique.
  outputName: (name) => `=${name}`,
  axes: (_, { shape }) => shape,
  meanings: {},
  name: "program",
  description: "",
  metadata: {}
}

const dimension = (length: number | string) =>
  typeof length === "number" ? { dimValue: length } : { dimParam: length }

const valueInfo = (name: string, value: Value, { axes, meanings }: Appearance) => ({
  name,
  type: { tensorType: { elemType: onnxType[value.type], shape: { dim: axes(name, value).map(dimension) } } },
  ...(meanings[name] !== undefined && { docString: meanings[name] })
})

const attribute = ([name, value]: [string, Attribute]) => {
  if (typeof value === "number") return { name, type: AttributeType.INT, i: value }
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) }
  return { name, type: AttributeType.INTS, ints: [...value] }
}

/** Gives each output a unique name. */
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

/** Splits `com.microsoft.Gelu` into domain `com.microsoft` and operator `Gelu`; ONNX operators have no domain. */
const domainOf = (operator: string): string => operator.slice(0, Math.max(0, operator.lastIndexOf(".")))

/** The model's bytes. Its inputs are those that the outputs need; outputs are named `=NAME`. */
export const encode = (graph: Graph, appearance: Appearance = plain): Uint8Array => {
  const { description, metadata, name, outputName } = appearance
  const outputs = separated(graph)
  const values = inOrder(Object.values(outputs))
  const names = new Map<Value, string>(Object.entries(outputs).map(([name, value]) => [value, outputName(name)]))
  values.forEach((value, index) => {
    if (!names.has(value)) names.set(value, value.kind === "input" ? value.name : String(index))
  })
  const domains = values.map((value) => (value.kind === "operation" ? domainOf(value.operator) : ""))
  const nameOf = (value: Value | undefined): string => (value === undefined ? "" : names.get(value)!)
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: "effect-vae",
    opsetImport: [...new Set(["", ...domains])].map((domain) => ({ domain, version: domain === "" ? 18 : 1 })),
    docString: description,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      input: values.flatMap((value) => (value.kind === "input" ? [valueInfo(value.name, value, appearance)] : [])),
      output: Object.entries(outputs).map(([name, value]) => valueInfo(outputName(name), value, appearance)),
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
                domain: domainOf(value.operator),
                opType: value.operator.slice(value.operator.lastIndexOf(".") + 1),
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

/** The engine's name of a graph's output. */
export const { outputName } = plain
