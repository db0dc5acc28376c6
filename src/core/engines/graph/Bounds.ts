/**
 * Indices that a graph takes from its inputs as they are: a device does not say where one of them is out of range, so
 * that they are looked at before they go there.
 */
import type { HostTensors } from "../../Tensors.ts"
import { type Graph, inOrder, type Value } from "./Graph.ts"

/** The values of this input are to be less than `length`, and not negative. */
export interface Bound {
  readonly name: string
  readonly length: number
}

const keepsNumbers = new Set(["Cast", "Reshape", "Identity"])

/** The value that another form of the same integers comes from. */
const origin = (value: Value): Value =>
  value.kind === "operation" && keepsNumbers.has(value.operator) ? origin(value.inputs[0]!) : value

/** The bounds of all such inputs. */
export const boundsOf = (graph: Graph): ReadonlyArray<Bound> =>
  inOrder(Object.values(graph.outputs)).flatMap((value) => {
    if (value.kind !== "operation" || value.operator !== "Gather") return []
    const [source, indices] = value.inputs as [Value, Value]
    const from = origin(indices)
    const length = source.shape[Number(value.attributes["axis"] ?? 0)]!
    const isGiven = from.kind === "input" && from.name.startsWith("inputs/") && from.type !== "float32"
    return isGiven ? [{ name: from.name.slice("inputs/".length), length }] : []
  })

/** The reason of a failure, where an input is out of its bounds. */
export const checkBounds = (bounds: ReadonlyArray<Bound>, inputs: HostTensors): string | undefined => {
  for (const { name, length } of bounds) {
    const wrong = inputs[name]?.values.find((index) => index < 0 || index >= length)
    if (wrong !== undefined) return `input "${name}" has the index ${wrong}, of an axis of length ${length}`
  }
  return undefined
}
