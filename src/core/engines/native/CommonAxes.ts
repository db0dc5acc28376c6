/** Common axes of tensors with different layouts: the fewest such that each tensor has one stride per axis. */
import { Unsupported } from "./Unsupported.ts"
import { type Axis, grouped, type View } from "./View.ts"

/** The strides of each view along the common axes, and which axis is looked up. */
export interface CommonAxes {
  readonly axes: ReadonlyArray<number>
  readonly walks: ReadonlyArray<{ readonly strides: ReadonlyArray<number>; readonly lookedUp: number | undefined }>
}

/** Products of the lengths from each axis inwards. */
const boundaries = (axes: ReadonlyArray<Axis>): ReadonlyArray<number> => {
  let size = 1
  return axes.toReversed().map((axis) => (size *= axis.size))
}

const isSingleLookUp = ({ by, size }: Axis): boolean => by !== undefined && size === 1

/** Common axes of views. `mustBeVector` says which views must be contiguous along the innermost axis. */
export const commonAxes = (
  views: ReadonlyArray<View>,
  size: number,
  mustBeVector: (view: View, stride: number) => boolean
): CommonAxes => {
  const counted = views.map(({ axes }) => axes.filter((axis) => !isSingleLookUp(axis)))
  const cuts = [...new Set([1, size, ...counted.flatMap(boundaries)])].sort((one, other) => one - other)
  const sizes = cuts
    .slice(1)
    .map((cut, index) => cut / cuts[index]!)
    .toReversed()
  const columns = counted.map((axes) => (sizes.every(Number.isInteger) ? grouped(axes, sizes) : undefined))
  if (columns.some((groups) => groups === undefined || groups.some((group) => group.length > 1)))
    throw new Unsupported("operands whose axes cannot be cut alike")

  // One row per axis: the axis of each view along it.
  const rows: Array<{ size: number; steps: Array<Axis | undefined> }> = []
  sizes.forEach((length, axis) => {
    const steps = columns.map((groups) => groups![axis]![0])
    const outer = rows.at(-1)
    const merges = outer?.steps.every((step, view) => {
      const inner = steps[view]
      if (step?.by !== undefined || inner?.by !== undefined) return false
      return (step?.stride ?? 0) === (inner?.stride ?? 0) * length
    })
    if (merges) rows[rows.length - 1] = { size: outer!.size * length, steps }
    else rows.push({ size: length, steps })
  })
  const single = views.map(({ axes }) => axes.find(isSingleLookUp))
  if (single.some((axis) => axis !== undefined)) rows.unshift({ size: 1, steps: single })
  const last = rows.at(-1)
  const isVector = last?.steps.every(
    (step, view) => step?.by === undefined && !(last.size > 1 && mustBeVector(views[view]!, step?.stride ?? 0))
  )
  if (!isVector) rows.push({ size: 1, steps: views.map((): Axis => ({ size: 1, stride: 1 })) })
  return {
    axes: rows.map(({ size }) => size),
    walks: views.map((_, view) => {
      const lookedUp = rows.findIndex(({ steps }) => steps[view]?.by !== undefined)
      return {
        strides: rows.map(({ steps }) => steps[view]?.stride ?? 0),
        lookedUp: lookedUp === -1 ? undefined : lookedUp
      }
    })
  }
}
