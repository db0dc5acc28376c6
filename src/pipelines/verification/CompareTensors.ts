/**
 * Compares two records of tensors: bit for bit, or by largest difference.
 */
import type { HostTensor, HostTensors } from "../../core/Tensors.ts"

/** The largest difference between two tensors of one type. */
export interface Deviation {
  readonly tensor: string
  /** Elements whose bits differ. */
  readonly elements: number
  /** `max |left - right|`; NaN where one side is NaN. */
  readonly largest: number
}

export interface Comparison {
  /** Values that were compared. */
  readonly values: number
  /** Tensors that exist on one side only, or with different shapes or element types. */
  readonly incomparable: ReadonlyArray<string>
  /** Tensors whose bits differ, largest difference first. */
  readonly deviations: ReadonlyArray<Deviation>
}

/** The elements' bits as integers. */
const bitsOf = ({ dtype, values }: HostTensor): ArrayLike<number> =>
  dtype === "uint8" ? values : new Int32Array(values.buffer, values.byteOffset, values.length)

/** Compares bits: `-0` differs from `0`, and a NaN equals itself. */
const deviation = (tensor: string, left: HostTensor, right: HostTensor): Deviation | undefined => {
  const [one, other] = [bitsOf(left), bitsOf(right)]
  let elements = 0
  let largest = 0
  for (let index = 0; index < one.length; index++) {
    if (one[index] === other[index]) continue
    elements += 1
    const difference = Math.abs(left.values[index]! - right.values[index]!)
    if (difference > largest || Number.isNaN(difference)) largest = difference
  }
  return elements === 0 ? undefined : { tensor, elements, largest }
}

const alike = (left: HostTensor, right: HostTensor): boolean =>
  left.dtype === right.dtype && left.shape.join() === right.shape.join()

/** NaN ranks above any difference. */
const rank = ({ largest }: Deviation): number => (Number.isNaN(largest) ? Number.MAX_VALUE : largest)

/** Compares two records of tensors by name. */
export const compareTensors = (left: HostTensors, right: HostTensors): Comparison => {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()
  const paired = names.filter((name) => left[name] !== undefined && right[name] !== undefined)
  const comparable = paired.filter((name) => alike(left[name]!, right[name]!))
  return {
    values: comparable.reduce((sum, name) => sum + left[name]!.values.length, 0),
    incomparable: names.filter((name) => !comparable.includes(name)),
    deviations: comparable
      .flatMap((name) => deviation(name, left[name]!, right[name]!) ?? [])
      .sort((one, other) => rank(other) - rank(one))
  }
}

/** Whether every bit is the same. */
export const identical = ({ deviations, incomparable }: Comparison): boolean =>
  deviations.length === 0 && incomparable.length === 0

/** The comparison in one line: `identical bits (5,120 values)`, or which tensors differ and by how much. */
export const format = (comparison: Comparison): string => {
  const { deviations, incomparable, values } = comparison
  if (identical(comparison)) return `identical bits (${values.toLocaleString("en-US")} values)`
  const shown = deviations
    .slice(0, 3)
    .map(({ elements, largest, tensor }) => `${tensor} by up to ${largest.toExponential(1)} in ${elements} values`)
  return [
    ...(incomparable.length === 0 ? [] : [`missing on one side, or with different shapes: ${incomparable.join(", ")}`]),
    ...(shown.length === 0 ? [] : [`${deviations.length} tensors differ: ${shown.join(", ")}`])
  ].join("; ")
}
