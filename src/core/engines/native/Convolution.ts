/**
 * Convolutions of images `[batch, height, width, channels]`, and their derivatives by their inputs, which are the same
 * with the filter turned around.
 *
 * Of a tile of results, each vector is in a register: the channels of a pixel, or of some neighbours where channels are
 * few. To them are added, for each input that they see, the input times a vector of the filter. Zeros around the images
 * take part, and so do zeros in the filter where neighbours do not see the same: a result that would have been finite is
 * NaN where an input beside what it sees is infinite.
 *
 * Laws: each image is one thread's; so the bits of results do not depend on the number of threads.
 */
import type { Window } from "../onnxruntime/Window.ts"
import type { Assembler } from "./Assembler.ts"
import { backwards, forwards, type Line, membersBackwards } from "./Lines.ts"
import {
  at,
  broadcast,
  k,
  lower,
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
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  zeroing,
  zmm
} from "./Operands.ts"
import { type Channels, type Filter, pack, packedBytes } from "./PackedFilter.ts"
import { bytesOf, clear, copyImage, type Image, type PaddedImage, paddedFor } from "./PaddedImage.ts"
import { type Phase, rangeOf, scratchBytes, type Share, slot } from "./Phase.ts"
import { evenly, repeat } from "./Repeat.ts"
import { Unsupported } from "./Unsupported.ts"

/** A convolution by a window, from its inputs to its outputs or back. Slots are those of the table of pointers. */
export interface Convolution {
  readonly batch: number
  readonly window: Window
  /** Channels of the window's inputs and outputs: the filter is `[rows, columns, inputs, outputs]`. */
  readonly inputs: number
  readonly outputs: number
  readonly from: number
  readonly filter: number
  readonly to: number
  /** What is done with results before they are written. */
  readonly finish?: Finish
}

export interface Finish {
  /** Slot of `[channels]`, which is added. */
  readonly bias?: number
  /** Whether what is below 0 becomes 0. */
  readonly rectified?: boolean
  /** Slot of a tensor like the result: where it is not above 0, the result is 0. */
  readonly where?: number
}

const lanes = 16
const vectorBytes = 64
/** Registers of results. */
const tileSize = 28
const unrolled = 4
const bias = zmm(28)
const zero = zmm(29)
const factors = zmm(31)
const wholeGroup = k(1)
const lastGroup = k(2)
const isPositive = k(3)

interface Job {
  readonly name: string
  readonly batch: number
  readonly source: Image
  readonly target: Image
  readonly rows: ReadonlyArray<Line>
  readonly columns: ReadonlyArray<Line>
  readonly from: number
  readonly to: number
  readonly filter: Filter
  readonly finish: Finish
}

const imagesOf = ({ inputs, outputs, window: { columns, rows } }: Convolution) => ({
  inputs: { height: rows.input, width: columns.input, channels: inputs },
  outputs: { height: rows.output, width: columns.output, channels: outputs }
})

const titled = (name: string, { height, width, channels }: Image, others: number): string =>
  `${name} ${height}x${width}x${channels} to ${others}`

/** `to[y, x, o] = Σ from[y S + i, x S + j, c] filter[i, j, c, o]`. */
export const convolve = (convolution: Convolution): Phase => {
  const { columns, rows } = convolution.window
  const { inputs, outputs } = imagesOf(convolution)
  const members = Math.min(columns.output, Math.max(1, Math.floor(lanes / outputs.channels)))
  return phase({
    ...convolution,
    name: titled("convolution", inputs, outputs.channels),
    source: inputs,
    target: outputs,
    rows: [forwards(rows, 1)],
    columns: [forwards(columns, members)],
    filter: {
      slot: convolution.filter,
      height: rows.size,
      width: columns.size,
      read: inputs.channels,
      written: outputs.channels,
      readStride: outputs.channels,
      writtenStride: 1
    },
    finish: convolution.finish ?? {}
  })
}

/** The derivative by a convolution's input, from that by its output; a transposed convolution. */
export const convolveBack = (convolution: Convolution): Phase => {
  const { columns, rows } = convolution.window
  const { inputs, outputs } = imagesOf(convolution)
  const members = membersBackwards(columns, Math.floor(lanes / inputs.channels))
  return phase({
    ...convolution,
    name: titled("convolution back", outputs, inputs.channels),
    source: outputs,
    target: inputs,
    rows: backwards(rows, 1),
    columns: backwards(columns, members),
    filter: {
      slot: convolution.filter,
      height: rows.size,
      width: columns.size,
      read: outputs.channels,
      written: inputs.channels,
      readStride: 1,
      writtenStride: outputs.channels
    },
    finish: convolution.finish ?? {}
  })
}

/** One line of rows and one of columns, for some channels, with its part of the filter. */
interface Part {
  readonly rows: Line
  readonly columns: Line
  readonly channels: Channels
  readonly filter: bigint
}

/** Channels in as few groups as vectors have room for. */
const channelsOf = ({ channels }: Image): ReadonlyArray<Channels> =>
  Array.from({ length: Math.ceil(channels / lanes) }, (_, index) => ({
    first: index * lanes,
    count: Math.min(lanes, channels - index * lanes)
  }))

const phase = (job: Job): Phase => {
  const padded = paddedFor(job.source, job.rows, job.columns)
  const copyBytes = Math.ceil(padded.bytes / vectorBytes) * vectorBytes
  const pairs = job.rows.flatMap((rows) => job.columns.map((columns) => ({ rows, columns })))
  const filterBytes = pairs.reduce((sum, { columns, rows }) => sum + packedBytes(job.filter, rows, columns), 0)
  if (copyBytes + filterBytes > scratchBytes) throw new Unsupported("a convolution of images or filters this large")
  return {
    name: job.name,
    emit: (code, share) => {
      const [first, end] = rangeOf(share, job.batch)
      if (first === end) return
      if (copyBytes > 0) {
        code.mov(rax, share.scratch)
        clear(code, rax, copyBytes)
      }
      for (const channels of channelsOf(job.target)) {
        let filter = share.scratch + BigInt(copyBytes)
        const parts = pairs.map(({ columns, rows }): Part => {
          const part = { rows, columns, channels, filter }
          pack(code, job.filter, channels, rows, columns, filter)
          filter += BigInt(packedBytes(job.filter, rows, columns))
          return part
        })
        emitImages(code, job, padded, parts, share, first, end)
      }
    }
  }
}

const emitImages = (
  code: Assembler,
  job: Job,
  padded: PaddedImage,
  parts: ReadonlyArray<Part>,
  { scratch }: Share,
  first: number,
  end: number
): void => {
  const { finish, source, target } = job
  const { channels } = parts[0]!
  code.mov(rsi, slot(job.from))
  code.add(rsi, first * bytesOf(source))
  code.mov(rdi, slot(job.to))
  if (finish.where !== undefined) {
    code.mov(rbp, slot(finish.where))
    code.sub(rbp, rdi)
  }
  code.add(rdi, first * bytesOf(target) + 4 * channels.first)
  if (finish.bias !== undefined) loadBias(code, finish.bias, channels)
  if (finish.rectified) code.vpxord(zero, zero, zero)
  code.push(r15)
  repeat(code, rbx, end - first, () => {
    code.lea(r15, at(rsi, bytesOf(source)))
    if (padded.bytes > 0) copyImage(code, source, padded, rsi, scratch)
    for (const part of parts) emitPart(code, job, padded, part, scratch)
    code.add(rsi, bytesOf(source))
    code.add(rdi, bytesOf(target))
  })
  code.pop(r15)
}

/** The bias in the lanes of each member. */
const loadBias = (code: Assembler, index: number, { count, first }: Channels): void => {
  const places = Int32Array.from({ length: lanes }, (_, lane) => first + (lane % count))
  code.mov(rax, slot(index))
  code.vmovups(zmm(0), code.constant(places))
  code.kxnorw(k(1), k(1), k(1))
  code.vgatherdps(bias, at(rax, 0, zmm(0), 4), k(1))
}

const setMask = (code: Assembler, mask: typeof wholeGroup, count: number): void => {
  code.mov(lower(rax), 2 ** count - 1)
  code.kmovw(mask, lower(rax))
}

/** All results of one part of an image, tile by tile. */
const emitPart = (code: Assembler, job: Job, padded: PaddedImage, part: Part, scratch: bigint): void => {
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
  if (columns.members * channels.count < lanes) setMask(code, wholeGroup, columns.members * channels.count)
  if (inLast < columns.members) setMask(code, lastGroup, inLast * channels.count)

  const begin = (padded.top + rows.from) * padded.rowBytes + (padded.left + columns.from) * padded.pixelBytes
  if (padded.bytes > 0) code.mov(r8, scratch + BigInt(begin))
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
  groups: ReadonlyArray<{ readonly register: ReturnType<typeof zmm>; readonly input: number }>,
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
  register: ReturnType<typeof zmm>,
  other: Memory,
  mask: typeof wholeGroup | undefined
): void => {
  // In this order NaN stays NaN.
  if (rectified) code.vmaxps(register, zero, register)
  if (where === undefined) return
  code.vmovups(factors, other, mask && zeroing(mask))
  code.vpxord(zmm(30), zmm(30), zmm(30))
  code.vcmpps(isPositive, factors, zmm(30), 14)
  code.vmovaps(register, register, zeroing(isPositive))
}
