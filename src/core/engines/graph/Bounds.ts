/**
 * Bounds of the indices among a graph's inputs. They are checked before a run, because devices do not report indices
 * out of range.
 */
import type { HostTensors } from "../../Tensors.ts"
import { type Graph, inOrder, type Value } from "./Graph.ts"

/** The values of this input must be from 0 to `length - 1`. */
export interface Bound {
  readonly name: string
  readonly length: number
}

const keepsNumbers = new Set(["Cast", "Reshape", "Identity"])

/** The source of a value through casts and reshapes. */
const origin = (value: Value): Value =>
  value.kind === "operation" && keepsNumbers.has(value.operator) ? origin(value.inputs[0]!) : value

/** The bounds of all index inputs. */
export const boundsOf = (graph: Graph): ReadonlyArray<Bound> =>
  inOrder(Object.values(graph.outputs)).flatMap((value) => {
    if (value.kind !== "operation" || value.operator !== "Gather") return []
    const [source, indices] = value.inputs as [Value, Value]
    const from = origin(indices)
    const length = source.shape[Number(value.attributes["axis"] ?? 0)]!
    const isGiven = from.kind === "input" && from.name.startsWith("inputs/") && from.type !== "float32"
    return isGiven ? [{ name: from.name.slice("inputs/".length), length }] : []
  })

/** The error of inputs out of bounds; undefined if all are valid. */
export const checkBounds = (bounds: ReadonlyArray<Bound>, inputs: HostTensors): string | undefined => {
  for (const { name, length } of bounds) {
    const wrong = inputs[name]?.values.find((index) => index < 0 || index >= length)
    if (wrong !== undefined) return `input "${name}" has the index ${wrong}, of an axis of length ${length}`
  }
  return undefined
}
