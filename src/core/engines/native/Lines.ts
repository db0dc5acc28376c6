/**
 * How windows move along one axis, as groups of results: which inputs each group sees, and by which element of the
 * filter each of them counts for each member of the group.
 *
 * Groups make full vectors of few channels: with 8 channels, two neighbours' results are one vector of 16, and its
 * filters hold zeros where one of the two does not see what the other sees.
 */
import { type Axis, reach } from "../graph/Window.ts"

export interface Line {
  /** Groups of results. */
  readonly count: number
  /** Members of a group; they are neighbours. */
  readonly members: number
  /** The first group's first result, and results from a group's first to the next one's. */
  readonly first: number
  readonly step: number
  /** The first input that the first group sees, which may lie before the axis, and from there to the next group's. */
  readonly from: number
  readonly shift: number
  /** How many inputs in a row a group sees. */
  readonly taps: number
  /** The element of the filter that is between a group's input and its member, if there is one. */
  readonly element: (tap: number, member: number) => number | undefined
}

const elementAt = ({ dilation, size }: Axis, distance: number): number | undefined =>
  distance >= 0 && distance % dilation === 0 && distance < size * dilation ? distance / dilation : undefined

/** From a window's inputs to its outputs. */
export const forwards = (axis: Axis, members: number): Line => ({
  count: Math.ceil(axis.output / members),
  members,
  first: 0,
  step: members,
  from: -axis.before,
  shift: members * axis.stride,
  taps: (members - 1) * axis.stride + reach(axis),
  element: (tap, member) => elementAt(axis, tap - member * axis.stride)
})

/** How many members a group has if it is to fill no more than `room`, from a window's outputs to its inputs. */
export const membersBackwards = ({ stride }: Axis, room: number): number =>
  Math.max(1, Math.floor(room / stride) * stride)

/**
 * From a window's outputs to its inputs: whole strides are one line; else there is one for each place within a stride,
 * because each of them is seen by other elements of the filter.
 */
export const backwards = (axis: Axis, members: number): ReadonlyArray<Line> => {
  const { before, input, stride } = axis
  const isWhole = members % stride === 0
  const step = isWhole ? members : stride
  return Array.from({ length: isWhole ? 1 : Math.min(stride, input) }, (_, first): Line => {
    const from = Math.ceil((first + before - reach(axis) + 1) / stride)
    const to = Math.floor((first + before + members - 1) / stride)
    return {
      count: Math.ceil((input - first) / step),
      members,
      first,
      step,
      from,
      shift: step / stride,
      taps: Math.max(0, to - from + 1),
      element: (tap, member) => elementAt(axis, first + member + before - (from + tap) * stride)
    }
  })
}

/** How much an axis of `length` needs before its beginning, and its length then, that lines see nothing else. */
export const padding = (
  lines: ReadonlyArray<Line>,
  length: number
): { readonly before: number; readonly length: number } => {
  const before = Math.max(0, ...lines.map(({ from }) => -from))
  const end = Math.max(length, ...lines.map(({ count, from, shift, taps }) => from + (count - 1) * shift + taps))
  return { before, length: before + end }
}
