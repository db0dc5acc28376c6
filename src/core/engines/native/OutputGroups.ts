/**
 * Groups of neighbouring outputs along one axis of an image: which inputs each group reads, and with which element of the
 * filter each input contributes to each member of the group.
 *
 * Groups fill vectors with few channels: with 8 channels, two neighbouring outputs fill a vector of 16 lanes, and the
 * packed filter is zero where one of the two does not read an input of the other.
 */
import { type Axis, reach } from "../graph/Window.ts"

export interface OutputGroups {
  /** Number of groups. */
  readonly count: number
  /** Outputs per group; they are neighbours. */
  readonly members: number
  /** The first output of the first group, and outputs from a group to the next. */
  readonly first: number
  readonly step: number
  /** The first input that the first group reads, which may be before the axis, and inputs from there to the next group's. */
  readonly from: number
  readonly shift: number
  /** Consecutive inputs that a group reads. */
  readonly taps: number
  /** The element of the filter between an input of the group and a member, if there is one. */
  readonly element: (tap: number, member: number) => number | undefined
}

const elementAt = ({ dilation, size }: Axis, distance: number): number | undefined =>
  distance >= 0 && distance % dilation === 0 && distance < size * dilation ? distance / dilation : undefined

/** From a window's inputs to its outputs. */
export const forwards = (axis: Axis, members: number): OutputGroups => ({
  count: Math.ceil(axis.output / members),
  members,
  first: 0,
  step: members,
  from: -axis.before,
  shift: members * axis.stride,
  taps: (members - 1) * axis.stride + reach(axis),
  element: (tap, member) => elementAt(axis, tap - member * axis.stride)
})

/** Members per group, at most `limit`, from a window's outputs to its inputs. */
export const membersBackwards = ({ stride }: Axis, limit: number): number =>
  Math.max(1, Math.floor(limit / stride) * stride)

/**
 * From a window's outputs to its inputs. Groups of whole strides are alike; otherwise each phase within a stride is an
 * entry of its own, because other elements of the filter contribute to it.
 */
export const backwards = (axis: Axis, members: number): ReadonlyArray<OutputGroups> => {
  const { before, input, stride } = axis
  const isWhole = members % stride === 0
  const step = isWhole ? members : stride
  return Array.from({ length: isWhole ? 1 : Math.min(stride, input) }, (_, first): OutputGroups => {
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

/** The padding before an axis of `length`, and its padded length, such that groups read nothing outside. */
export const padding = (
  groups: ReadonlyArray<OutputGroups>,
  length: number
): { readonly before: number; readonly length: number } => {
  const before = Math.max(0, ...groups.map(({ from }) => -from))
  const end = Math.max(length, ...groups.map(({ count, from, shift, taps }) => from + (count - 1) * shift + taps))
  return { before, length: before + end }
}
