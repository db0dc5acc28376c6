/**
 * Strided views: where the elements of a value are in the memory of another one. Reshaping, broadcasting, transposing,
 * slicing, tiling and gathering rows are views, so that they move no data.
 */
import { type Shape, sizeOf } from "../../Tensors.ts"
import type { Operation, Value } from "../graph/Graph.ts"

/** An axis of a view: its length, and the distance between its elements. */
export interface Axis {
  readonly size: number
  /** In elements; 0 if the axis is broadcast. */
  readonly stride: number
  /** Set if indices choose the positions along the axis. */
  readonly by?: LookUp
}

/** Positions chosen by indices. */
export interface LookUp {
  /** `int32`, contiguous, each in `[0, rows)`. */
  readonly indices: Value
  readonly rows: number
}

export interface View {
  /** The value in memory. */
  readonly source: Value
  readonly offset: number
  /** Outermost first. Their sizes multiply to the number of elements; none has size 1. */
  readonly axes: ReadonlyArray<Axis>
}

const full = (axes: ReadonlyArray<Axis>): ReadonlyArray<Axis> => axes.filter(({ size, by }) => size > 1 || by)

/** All elements of a value in order. */
export const whole = (source: Value): View => ({
  source,
  offset: 0,
  axes: full([{ size: sizeOf(source.shape), stride: 1 }])
})

/** An axis split in two. */
const halved = ({ size, stride, by }: Axis, inner: number): readonly [Axis, Axis] | undefined =>
  by === undefined && size % inner === 0
    ? [
        { size: size / inner, stride: stride * inner },
        { size: inner, stride }
      ]
    : undefined

/** The axes in groups of the given sizes; undefined if they cannot be split so. */
export const grouped = (
  axes: ReadonlyArray<Axis>,
  sizes: ReadonlyArray<number>
): ReadonlyArray<ReadonlyArray<Axis>> | undefined => {
  const rest = [...axes]
  const groups: Array<ReadonlyArray<Axis>> = []
  for (const size of sizes.toReversed()) {
    const group: Array<Axis> = []
    for (let missing = size; missing > 1;) {
      const axis = rest.pop()
      if (axis === undefined) return undefined
      if (missing % axis.size === 0) {
        group.unshift(axis)
        missing /= axis.size
      } else {
        const parts = halved(axis, missing)
        if (parts === undefined) return undefined
        rest.push(parts[0])
        group.unshift(parts[1])
        missing = 1
      }
    }
    groups.unshift(group)
  }
  return groups
}

/** The axes of a view grouped by the axes of its shape. */
const byShape = ({ axes }: View, shape: Shape): ReadonlyArray<ReadonlyArray<Axis>> | undefined => {
  // A looked-up axis of size 1 belongs to the first axis.
  const [first, ...others] = axes
  if (first?.by === undefined || first.size > 1) return grouped(axes, shape)
  const rest = grouped(others, shape)
  return rest && [[first, ...(rest[0] ?? [])], ...rest.slice(1)]
}

/** The view of a value that is broadcast to a shape. */
export const stretched = (view: View, from: Shape, to: Shape): View | undefined => {
  const axes = byShape(view, from)
  if (axes === undefined) return undefined
  const missing = to.length - from.length
  return {
    ...view,
    axes: full(
      to.flatMap((size, axis) => {
        const group = axes[axis - missing] ?? []
        // A row that is looked up remains so when it is repeated.
        return from[axis - missing] === size ? group : [...group.filter(({ by }) => by), { size, stride: 0 }]
      })
    )
  }
}

const integersOf = (value: Value | undefined): ReadonlyArray<number> | undefined =>
  value?.kind === "constant" ? Array.from(value.values as BigInt64Array, Number) : undefined

const transposed = (view: View, { attributes, inputs }: Operation): View | undefined => {
  const axes = byShape(view, inputs[0]!.shape)
  return axes && { ...view, axes: (attributes["perm"] as ReadonlyArray<number>).flatMap((axis) => axes[axis]!) }
}

const sliced = (view: View, { inputs, shape }: Operation): View | undefined => {
  const from = inputs[0]!.shape
  const axes = byShape(view, from)
  const [begin, , , step] = inputs.slice(1).map(integersOf)
  if (axes === undefined || begin === undefined || step === undefined) return undefined
  let offset = view.offset
  const cut: Array<Axis> = []
  for (const [axis, size] of shape.entries()) {
    if (from[axis] === size && step[axis] === 1) {
      cut.push(...axes[axis]!)
      continue
    }
    if (axes[axis]!.length > 1 || axes[axis]!.some(({ by }) => by)) return undefined
    const stride = axes[axis]![0]?.stride ?? 0
    offset += begin[axis]! * stride
    cut.push({ size, stride: stride * step[axis]! })
  }
  return { ...view, offset, axes: full(cut) }
}

const tiled = (view: View, { inputs }: Operation): View | undefined => {
  const axes = byShape(view, inputs[0]!.shape)
  const repeats = integersOf(inputs[1])
  if (axes === undefined || repeats === undefined) return undefined
  return { ...view, axes: full(repeats.flatMap((size, axis) => [{ size, stride: 0 }, ...axes[axis]!])) }
}

/** Marks an operation whose results are indices within their bounds. */
export const bounded = "bounded"

/**
 * Where indices are in memory as `int32`: an input, whose values are checked before a run, or an operation that keeps
 * them within bounds.
 */
export const indexSource = (value: Value): Value | undefined => {
  if (value.kind === "operation" && bounded in value.attributes) return value
  if (value.kind === "operation")
    return value.operator === "Cast" || value.operator === "Reshape" ? indexSource(value.inputs[0]!) : undefined
  return value.kind === "input" && value.type === "int32" && value.name.startsWith("inputs/") ? value : undefined
}

const gathered = (view: View, { attributes, inputs }: Operation): View | undefined => {
  const indices = indexSource(inputs[1]!)
  const [rows, ...row] = inputs[0]!.shape
  if (indices === undefined || attributes["axis"] !== 0 || view.axes.some(({ by }) => by)) return undefined
  const groups = grouped(view.axes, [rows!, sizeOf(row)])
  const stride = groups?.[0]!.length === 1 ? groups[0][0]!.stride : rows === 1 ? 0 : undefined
  if (groups === undefined || stride === undefined) return undefined
  return { ...view, axes: [{ size: sizeOf(indices.shape), stride, by: { indices, rows: rows! } }, ...groups[1]!] }
}

type Movement = (view: View, operation: Operation) => View | undefined

const movements: Readonly<Record<string, Movement>> = {
  Reshape: (view) => view,
  Expand: (view, { inputs, shape }) => stretched(view, inputs[0]!.shape, shape),
  Transpose: transposed,
  Slice: sliced,
  Tile: tiled,
  Gather: gathered
}

export const isMovement = ({ operator }: Operation): boolean => operator in movements

/** The view of the result of a movement; undefined if it needs a copy. */
export const moved = (view: View, operation: Operation): View | undefined =>
  movements[operation.operator]!(view, operation)
