/**
 * The results of a part of an image, tile by tile: each vector of a tile stays in a register until it is stored.
 *
 * Registers: `rsi` and `rdi` are at the image and at its results, `rbp` is the offset from a result to what masks it, `r15`
 * is at the cache lines of the next image that are prefetched, `r8` and `r9` are at a strip of tiles, `r11` and `r12` at a
 * tile.
 */
import type { Epilogue, Job } from "./ConvolutionJob.ts"
import { evenly, repeat } from "./CountedLoop.ts"
import type { Assembler, Register, Tail } from "./InstructionSet.ts"
import type { OutputGroups } from "./OutputGroups.ts"
import type { Channels } from "./PackedFilter.ts"
import { bytesOf, type PaddedImage } from "./PaddedImage.ts"
import { at, type Memory, r10, r11, r12, r13, r14, r15, r8, r9, rax, rbp, rcx, rdi, rdx, rsi } from "./x86/Operands.ts"

/** Mask registers of a whole group and of the last group of a row. */
const [wholeMask, lastMask] = [1, 2]
/** Vectors of the filter per iteration of the innermost loop. */
const unrolled = 4
const lineBytes = 64

/** Groups of rows and of columns, for a vector of channels, with the address of their packed filter. */
export interface Part {
  readonly rows: OutputGroups
  readonly columns: OutputGroups
  readonly channels: Channels
  readonly filter: bigint
}

/** All results of one part of an image, tile by tile. */
export const emitPart = (code: Assembler, job: Job, padded: PaddedImage, part: Part, copy: bigint): void => {
  const { channels, columns, rows } = part
  const { simd } = code
  const { convolution, lanes } = simd
  const { target } = job
  const pixelBytes = 4 * target.channels
  const rowBytes = target.width * pixelBytes
  const across = evenly(columns.count, convolution.sums)
  const down = evenly(rows.count, Math.floor(convolution.sums / across.size))
  // Members of the last group: the axis may end within it.
  const inLast =
    columns.members === 1
      ? 1
      : Math.min(columns.members, target.width - columns.first - (columns.count - 1) * columns.step)
  const wholeGroup: Tail = { mask: wholeMask, count: columns.members * channels.count }
  const lastGroup: Tail = { mask: lastMask, count: inLast * channels.count }
  if (wholeGroup.count < lanes) simd.setTail(wholeGroup, rax)
  if (inLast < columns.members) simd.setTail(lastGroup, rax)

  const begin = (padded.top + rows.from) * padded.rowBytes + (padded.left + columns.from) * padded.pixelBytes
  if (padded.bytes > 0) code.mov(r8, copy + BigInt(begin))
  else code.lea(r8, at(rsi, begin))
  code.lea(r9, at(rdi, rows.first * rowBytes + columns.first * pixelBytes))

  const rounds = rows.taps * Math.ceil((columns.taps * job.filter.read) / unrolled)
  const tiles = (down.whole + Math.sign(down.rest)) * (across.whole + Math.sign(across.rest))
  // Cache lines of the next image that are prefetched per iteration, before it is copied.
  const ahead = Math.ceil(bytesOf(job.source) / lineBytes / Math.max(1, rounds * tiles))
  const tile = (height: number, width: number, hasLast: boolean): void => {
    const groups = Array.from({ length: height * width }, (_, index) => {
      const [y, x] = [Math.floor(index / width), index % width]
      const isLast = hasLast && x === width - 1 && inLast < columns.members
      return {
        register: index,
        input: y * rows.shift * padded.rowBytes + x * columns.shift * padded.pixelBytes,
        output: y * rows.step * rowBytes + x * columns.step * pixelBytes,
        tail: isLast ? lastGroup : wholeGroup.count < lanes ? wholeGroup : undefined
      }
    })
    for (const { register } of groups) {
      if (job.epilogue.bias === undefined) simd.zero(register)
      else simd.move(register, convolution.bias)
    }
    if (job.epilogue.where !== undefined) for (const { output } of groups) code.prefetcht0(at(r12, output, rbp))
    accumulate(code, padded, part, job.filter.read, groups, ahead)
    for (const { output, register, tail } of groups) {
      applyEpilogue(code, job.epilogue, register, at(r12, output, rbp), tail)
      simd.store(at(r12, output), register, tail)
    }
  }
  const strip = (height: number): void => {
    code.mov(r11, r8)
    code.mov(r12, r9)
    const endsWhole = across.rest === 0
    // The last tile is separate if the axis ends within its last group.
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

/** Accumulates the products of inputs and filter in each group. */
const accumulate = (
  code: Assembler,
  padded: PaddedImage,
  { columns, filter, rows }: Part,
  channels: number,
  groups: ReadonlyArray<{ readonly register: Register; readonly input: number }>,
  ahead: number
): void => {
  const { simd } = code
  const { factors } = simd.convolution
  const inner = columns.taps * channels
  if (inner === 0 || rows.taps === 0) return
  const add = (count: number): void => {
    for (let line = 0; line < ahead; line++) code.prefetcht1(at(r15, line * lineBytes))
    code.add(r15, ahead * lineBytes)
    for (let index = 0; index < count; index++) {
      simd.loadAligned(factors, at(rdx, index * simd.bytes))
      for (const { input, register } of groups) simd.multiplyAddElement(register, factors, at(rax, input + 4 * index))
    }
    code.add(rax, 4 * count)
    code.add(rdx, simd.bytes * count)
  }
  code.mov(rax, r11)
  code.mov(rdx, filter)
  repeat(code, rcx, rows.taps, () => {
    repeat(code, r14, Math.floor(inner / unrolled), () => add(unrolled))
    if (inner % unrolled > 0) add(inner % unrolled)
    code.add(rax, padded.rowBytes - 4 * inner)
  })
}

const applyEpilogue = (
  { simd }: Assembler,
  { rectified, where }: Epilogue,
  register: Register,
  other: Memory,
  tail: Tail | undefined
): void => {
  const { factors, isPositive, scratch, zero } = simd.convolution
  // In this order NaN stays NaN.
  if (rectified) simd.max(register, zero, register)
  if (where === undefined) return
  simd.load(factors, other, tail)
  simd.zero(scratch)
  simd.greater(isPositive, factors, scratch)
  simd.keep(register, register, isPositive)
}
