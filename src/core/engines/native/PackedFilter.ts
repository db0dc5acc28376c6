/**
 * A filter packed as a convolution reads it: for each input of a group of outputs, and each of its channels, one vector
 * of factors: one for each output channel of each member of the group.
 */
import { repeat } from "./CountedLoop.ts"
import type { Assembler } from "./InstructionSet.ts"
import type { OutputGroups } from "./OutputGroups.ts"
import { slot } from "./Phase.ts"
import { at, r8, rax, rcx, rdx } from "./x86/Operands.ts"

/** A filter `[height, width, ., .]` between the channels that are read and those that are written. */
export interface Filter {
  readonly slot: number
  readonly height: number
  readonly width: number
  readonly read: number
  readonly written: number
  /** Elements from a channel to the next, of those that are read and those that are written. */
  readonly readStride: number
  readonly writtenStride: number
}

/** At most a vector of the channels that are written. */
export interface Channels {
  readonly first: number
  readonly count: number
}

export const packedBytes = ({ read }: Filter, rows: OutputGroups, columns: OutputGroups, lanes: number): number =>
  rows.taps * columns.taps * read * lanes * 4

/** Stores the vectors at an address: `[row taps, column taps, channels read, lanes]`. Changes masks and vectors. */
export const pack = (
  code: Assembler,
  filter: Filter,
  { count, first }: Channels,
  rows: OutputGroups,
  columns: OutputGroups,
  to: bigint
): void => {
  const { simd } = code
  const { height: _, read, readStride, width, written, writtenStride } = filter
  code.mov(rdx, to)
  for (let row = 0; row < rows.taps; row++) {
    for (let column = 0; column < columns.taps; column++) {
      const places = new Int32Array(simd.lanes)
      let present = 0
      for (let member = 0; member < columns.members; member++) {
        const [y, x] = [rows.element(row, 0), columns.element(column, member)]
        if (y === undefined || x === undefined) continue
        for (let channel = 0; channel < count; channel++) {
          const lane = member * count + channel
          places[lane] = (y * width + x) * read * written + (first + channel) * writtenStride
          present |= 1 << lane
        }
      }
      code.mov(rax, slot(filter.slot))
      simd.load(1, code.constant(places))
      simd.setLanes(present, r8)
      repeat(code, rcx, read, () => {
        simd.gatherLanes(0, rax, 1, present, r8)
        simd.store(at(rdx), 0)
        code.add(rax, readStride * 4)
        code.add(rdx, simd.bytes)
      })
    }
  }
}
