/**
 * A filter as a convolution reads it: for each input that a group of results sees, and each of that input's channels, one
 * vector of factors, one for each channel of each of the group's members.
 */
import type { Assembler } from "./Assembler.ts"
import { vectorBytes } from "./Lanes.ts"
import type { Line } from "./Lines.ts"
import { at, k, lower, r8, rax, rcx, rdx, zmm } from "./Operands.ts"
import { slot } from "./Phase.ts"
import { repeat } from "./Repeat.ts"

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

/** Some of the channels that are written, as many as a vector has room for. */
export interface Channels {
  readonly first: number
  readonly count: number
}

export const packedBytes = ({ read }: Filter, rows: Line, columns: Line): number =>
  rows.taps * columns.taps * read * vectorBytes

/** Writes the vectors to an address: `[row taps, column taps, channels read, 16]`. Changes masks and vectors. */
export const pack = (
  code: Assembler,
  filter: Filter,
  { count, first }: Channels,
  rows: Line,
  columns: Line,
  to: bigint
): void => {
  const { height: _, read, readStride, width, written, writtenStride } = filter
  code.mov(rdx, to)
  for (let row = 0; row < rows.taps; row++) {
    for (let column = 0; column < columns.taps; column++) {
      const places = new Int32Array(16)
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
      code.vmovups(zmm(1), code.constant(places))
      code.mov(lower(r8), present)
      repeat(code, rcx, read, () => {
        code.vpxord(zmm(0), zmm(0), zmm(0))
        code.kmovw(k(1), lower(r8))
        code.vgatherdps(zmm(0), at(rax, 0, zmm(1), 4), k(1))
        code.vmovups(at(rdx), zmm(0))
        code.add(rax, readStride * 4)
        code.add(rdx, vectorBytes)
      })
    }
  }
}
