/** The gradient by a filter from partial sums. */
import { repeat } from "./CountedLoop.ts"
import { channelsOf, type FilterGradient, type Plan, planOf, title } from "./FilterGradient.ts"
import type { Assembler, Tail } from "./InstructionSet.ts"
import { type Phase, rangeOf, type Share, slot } from "./Phase.ts"
import { at, r8, rax, rcx, rdi, rdx } from "./x86/Operands.ts"

/** Slots of the table of pointers. */
interface ReductionSlots {
  readonly parts: number
  readonly to: number
}

/** The mask register of the channels of a vector. */
const channelsMask = 1

/** From the partial sums to `[rows, columns, inputs, outputs]` and sums that may follow it. */
export const reduce = (filterGradient: FilterGradient, slots: ReductionSlots): Phase => ({
  name: `${title(filterGradient)}, reduction`,
  emit: (code, share) => emitReduction(code, filterGradient, slots, planOf(filterGradient), share)
})

/** Neighbouring results: the vectors of partial sums of each member of a group, and where the results are stored. */
interface NeighbouringSums {
  /** How many there are, in consecutive vectors, and how many lanes each member has. */
  readonly count: number
  readonly channels: number
  /** The index of each member's first vector. */
  readonly from: ReadonlyArray<number>
  /** The first element of the result, and elements from there to the next. */
  readonly to: number
  readonly step: number
}

const reductionsOf = (filterGradient: FilterGradient, plan: Plan): ReadonlyArray<NeighbouringSums> => {
  const { inputs, outputs, registers, sums, window } = filterGradient
  const { lanes } = registers
  const { cells, chunks, entries, imageSums, members } = plan
  const { columns, rows } = window
  const ofMembers = (count: number, from: (member: number) => number): ReadonlyArray<number> =>
    Array.from({ length: count }, (_, member) => from(member))
  const size = rows.size * columns.size * inputs * outputs
  const ofChunk = (chunk: number): ReadonlyArray<NeighbouringSums> => {
    const channels = channelsOf(filterGradient, chunk)
    const first = chunk * entries.length
    const elements = Array.from({ length: rows.size * columns.size }, (_, index): NeighbouringSums => {
      const row = Math.floor(index / columns.size) * rows.dilation
      const from = ofMembers(members, (member) => {
        const tap = (index % columns.size) * columns.dilation + member * columns.stride
        return first + cells.findIndex((cell) => cell.row === row && cell.tap === tap) * inputs
      })
      return { count: inputs, channels, from, to: index * inputs * outputs + chunk * lanes, step: outputs }
    })
    const from = ofMembers(members, () => first + entries.length - 1)
    return sums === "outputs"
      ? [...elements, { count: 1, channels, from, to: size + chunk * lanes, step: 0 }]
      : elements
  }
  const channels = Math.min(lanes, inputs)
  const from = ofMembers(lanes / channels, () => chunks * entries.length)
  return [
    ...Array.from({ length: chunks }, (_, chunk) => chunk).flatMap(ofChunk),
    ...(imageSums > 0 ? [{ count: imageSums, channels, from, to: size, step: lanes }] : [])
  ]
}

/** Sums each element of the filter over pieces and over the members of groups. */
const emitReduction = (
  code: Assembler,
  filterGradient: FilterGradient,
  slots: ReductionSlots,
  plan: Plan,
  share: Share
): void => {
  const { simd } = code
  const { bytes } = simd
  const [total, part] = [0, 1]
  const all = reductionsOf(filterGradient, plan)
  for (const { channels, count, from, step, to } of all.slice(...rangeOf(share, all.length))) {
    const tail: Tail = { mask: channelsMask, count: channels }
    simd.setTail(tail, rax)
    code.mov(r8, slot(slots.parts))
    code.mov(rdi, slot(slots.to))
    code.add(rdi, 4 * to)
    repeat(code, rcx, count, () => {
      simd.zero(total)
      code.mov(rax, r8)
      repeat(code, rdx, plan.pieces, () => {
        from.forEach((vector, member) => {
          simd.load(part, at(rax, vector * bytes + member * channels * 4), tail)
          simd.add(total, total, part)
        })
        code.add(rax, plan.size * 4)
      })
      simd.store(at(rdi), total, tail)
      code.add(r8, bytes)
      code.add(rdi, 4 * step)
    })
  }
}
