/** The derivative by a filter from the sums of pieces. */
import type { Assembler } from "./Assembler.ts"
import { channelsOf, type FilterGradient, type Plan, planOf, title } from "./FilterGradient.ts"
import { firstLanes, lanes, vectorBytes } from "./Lanes.ts"
import { at, k, r8, rax, rcx, rdi, rdx, zeroing, zmm } from "./Operands.ts"
import { type Phase, rangeOf, type Share, slot } from "./Phase.ts"
import { repeat } from "./Repeat.ts"

/** Slots of the table of pointers. */
interface TogetherSlots {
  readonly parts: number
  readonly to: number
}

const present = k(1)

/** From the sums of pieces to `[rows, columns, inputs, outputs]` and what may lie behind it. */
export const together = (filterGradient: FilterGradient, slots: TogetherSlots): Phase => ({
  name: `${title(filterGradient)}, together`,
  emit: (code, share) => emitTogether(code, filterGradient, slots, planOf(filterGradient), share)
})

/** Some neighbouring results: vectors of sums of pieces, by the members of groups, and where their sums are written. */
interface Together {
  /** How many there are, one vector behind the other, and how many lanes of each member count. */
  readonly count: number
  readonly channels: number
  /** The number of each member's first vector. */
  readonly from: ReadonlyArray<number>
  /** The element of the result, and from there to the next. */
  readonly to: number
  readonly step: number
}

const togetherOf = (filterGradient: FilterGradient, plan: Plan): ReadonlyArray<Together> => {
  const { inputs, outputs, sums, window } = filterGradient
  const { cells, chunks, entries, imageSums, members } = plan
  const { columns, rows } = window
  const ofMembers = (count: number, from: (member: number) => number): ReadonlyArray<number> =>
    Array.from({ length: count }, (_, member) => from(member))
  const size = rows.size * columns.size * inputs * outputs
  const ofChunk = (chunk: number): ReadonlyArray<Together> => {
    const channels = channelsOf(filterGradient, chunk)
    const first = chunk * entries.length
    const elements = Array.from({ length: rows.size * columns.size }, (_, index): Together => {
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

/** For each element of the filter, the sum over pieces and over the members of groups. */
const emitTogether = (
  code: Assembler,
  filterGradient: FilterGradient,
  slots: TogetherSlots,
  plan: Plan,
  share: Share
): void => {
  const total = zmm(0)
  const all = togetherOf(filterGradient, plan)
  for (const { channels, count, from, step, to } of all.slice(...rangeOf(share, all.length))) {
    firstLanes(code, present, channels)
    code.mov(r8, slot(slots.parts))
    code.mov(rdi, slot(slots.to))
    code.add(rdi, 4 * to)
    repeat(code, rcx, count, () => {
      code.vpxord(total, total, total)
      code.mov(rax, r8)
      repeat(code, rdx, plan.pieces, () => {
        from.forEach((vector, member) => {
          code.vmovups(zmm(1), at(rax, vector * vectorBytes + member * channels * 4), zeroing(present))
          code.vaddps(total, total, zmm(1))
        })
        code.add(rax, plan.size * 4)
      })
      code.vmovups(at(rdi), total, present)
      code.add(r8, vectorBytes)
      code.add(rdi, 4 * step)
    })
  }
}
