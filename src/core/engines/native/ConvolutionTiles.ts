/**
 * The results of a part of an image, tile by tile: each vector of a tile stays in a register until it is written.
 *
 * Registers: `rsi` and `rdi` are at the image and at its results, `rbp` leads from a result to what masks it, `r15` is at
 * the next image's lines that are asked for, `r8` and `r9` at a strip of tiles, `r11` and `r12` at a tile.
 */
import type { Assembler } from "./Assembler.ts"
import type { Finish, Job } from "./ConvolutionPhase.ts"
import { Comparison } from "./Instructions.ts"
import { firstLanes, lanes, tileSize, vectorBytes } from "./Lanes.ts"
import type { Line } from "./Lines.ts"
import {
  at,
  broadcast,
  k,
  type Mask,
  type Memory,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  r8,
  r9,
  rax,
  rbp,
  rcx,
  rdi,
  rdx,
  rsi,
  type Vector,
  zeroing,
  zmm
} from "./Operands.ts"
import type { Channels } from "./PackedFilter.ts"
import { bytesOf, type PaddedImage } from "./PaddedImage.ts"
import { evenly, repeat } from "./Repeat.ts"

/** Held by all tiles: the bias in the lanes of each member, and zeros. */
export const bias = zmm(28)
export const zero = zmm(29)
const scratch = zmm(30)
const factors = zmm(31)
const wholeGroup = k(1)
const lastGroup = k(2)
const isPositive = k(3)
/** Vectors of the filter in a round of the innermost loop. */
const unrolled = 4

/** One line of rows and one of columns, for some channels, with its part of the filter. */
export interface Part {
  readonly rows: Line
  readonly columns: Line
  readonly channels: Channels
  readonly filter: bigint
}

/** All results of one part of an image, tile by tile. */
export const emitPart = (code: Assembler, job: Job, padded: PaddedImage, part: Part, copy: bigint): void => {
  const { channels, columns, rows } = part
  const { target } = job
  const pixelBytes = 4 * target.channels
  const rowBytes = target.width * pixelBytes
  const across = evenly(columns.count, tileSize)
  const down = evenly(rows.count, Math.floor(tileSize / across.size))
  // How many results the last group has: the axis may end within it.
  const inLast =
    columns.members === 1
      ? 1
      : Math.min(columns.members, target.width - columns.first - (columns.count - 1) * columns.step)
  if (columns.members * channels.count < lanes) firstLanes(code, wholeGroup, columns.members * channels.count)
  if (inLast < columns.members) firstLanes(code, lastGroup, inLast * channels.count)

  const begin = (padded.top + rows.from) * padded.rowBytes + (padded.left + columns.from) * padded.pixelBytes
  if (padded.bytes > 0) code.mov(r8, copy + BigInt(begin))
  else code.lea(r8, at(rsi, begin))
  code.lea(r9, at(rdi, rows.first * rowBytes + columns.first * pixelBytes))

  const rounds = rows.taps * Math.ceil((columns.taps * job.filter.read) / unrolled)
  const tiles = (down.whole + Math.sign(down.rest)) * (across.whole + Math.sign(across.rest))
  // Lines of the next image that are asked for in each round, so that they are there when it is copied.
  const ahead = Math.ceil(bytesOf(job.source) / vectorBytes / Math.max(1, rounds * tiles))
  const tile = (height: number, width: number, hasLast: boolean): void => {
    const groups = Array.from({ length: height * width }, (_, index) => {
      const [y, x] = [Math.floor(index / width), index % width]
      const isLast = hasLast && x === width - 1 && inLast < columns.members
      return {
        register: zmm(index),
        input: y * rows.shift * padded.rowBytes + x * columns.shift * padded.pixelBytes,
        output: y * rows.step * rowBytes + x * columns.step * pixelBytes,
        mask: isLast ? lastGroup : columns.members * channels.count < lanes ? wholeGroup : undefined
      }
    })
    for (const { register } of groups) {
      if (job.finish.bias === undefined) code.vpxord(register, register, register)
      else code.vmovaps(register, bias)
    }
    if (job.finish.where !== undefined) for (const { output } of groups) code.prefetcht0(at(r12, output, rbp))
    accumulate(code, padded, part, job.filter.read, groups, ahead)
    for (const { mask, output, register } of groups) {
      finishOne(code, job.finish, register, at(r12, output, rbp), mask)
      code.vmovups(at(r12, output), register, mask)
    }
  }
  const strip = (height: number): void => {
    code.mov(r11, r8)
    code.mov(r12, r9)
    const endsWhole = across.rest === 0
    // The last tile is apart where the axis ends within its last group.
    const apart = endsWhole && inLast < columns.members ? 1 : 0
    repeat(code, r13, across.whole - apart, () => {
      tile(height, across.size, false)
      code.add(r11, across.size * columns.shift * padded.pixelBytes)
      code.add(r12, across.size * columns.step * pixelBytes)
    })
    if (apart > 0) tile(height, across.size, true)
    if (!endsWhole) tile(height, across.rest, true)
  }
  repeat(code, r10, down.whole, () => {
    strip(down.size)
    code.add(r8, down.size * rows.shift * padded.rowBytes)
    code.add(r9, down.size * rows.step * rowBytes)
  })
  if (down.rest > 0) strip(down.rest)
}

/** Adds to each group what its inputs say. */
const accumulate = (
  code: Assembler,
  padded: PaddedImage,
  { columns, filter, rows }: Part,
  channels: number,
  groups: ReadonlyArray<{ readonly register: Vector; readonly input: number }>,
  ahead: number
): void => {
  const inner = columns.taps * channels
  if (inner === 0 || rows.taps === 0) return
  const add = (count: number): void => {
    for (let line = 0; line < ahead; line++) code.prefetcht1(at(r15, line * vectorBytes))
    code.add(r15, ahead * vectorBytes)
    for (let index = 0; index < count; index++) {
      code.vmovaps(factors, at(rdx, index * vectorBytes))
      for (const { input, register } of groups)
        code.vfmadd231ps(register, factors, broadcast(at(rax, input + 4 * index)))
    }
    code.add(rax, 4 * count)
    code.add(rdx, vectorBytes * count)
  }
  code.mov(rax, r11)
  code.mov(rdx, filter)
  repeat(code, rcx, rows.taps, () => {
    repeat(code, r14, Math.floor(inner / unrolled), () => add(unrolled))
    if (inner % unrolled > 0) add(inner % unrolled)
    code.add(rax, padded.rowBytes - 4 * inner)
  })
}

const finishOne = (
  code: Assembler,
  { rectified, where }: Finish,
  register: Vector,
  other: Memory,
  mask: Mask | undefined
): void => {
  // In this order NaN stays NaN.
  if (rectified) code.vmaxps(register, zero, register)
  if (where === undefined) return
  code.vmovups(factors, other, mask && zeroing(mask))
  code.vpxord(scratch, scratch, scratch)
  code.vcmpps(isPositive, factors, scratch, Comparison.greater)
  code.vmovaps(register, register, zeroing(isPositive))
}
