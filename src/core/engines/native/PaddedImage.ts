/**
 * A zero-padded copy of an image in a thread's scratch memory, so that windows need no bounds checks.
 *
 * Images are `[height, width, channels]`.
 */
import type { Assembler, Registers, Tail } from "./InstructionSet.ts"
import { repeat } from "./CountedLoop.ts"
import { type OutputGroups, padding } from "./OutputGroups.ts"
import { at, type General, r14, rax, rcx, rdx } from "./x86/Operands.ts"

export interface Image {
  readonly height: number
  readonly width: number
  readonly channels: number
}

export interface PaddedImage {
  /** Of the copy's floats; 0 where the image itself does. */
  readonly bytes: number
  /** From a row to the next, and from a pixel to the next. */
  readonly rowBytes: number
  readonly pixelBytes: number
  /** How many rows and pixels lie before the image's. */
  readonly top: number
  readonly left: number
}

export const bytesOf = ({ channels, height, width }: Image): number => 4 * height * width * channels

/** What the lines need of the image; a copy where it is asked for or something else than the image is seen. */
export const paddedFor = (
  image: Image,
  rows: ReadonlyArray<OutputGroups>,
  columns: ReadonlyArray<OutputGroups>,
  isCopied = false
): PaddedImage => {
  const [down, across] = [padding(rows, image.height), padding(columns, image.width)]
  const pixelBytes = 4 * image.channels
  const rowBytes = across.length * pixelBytes
  const isWhole = !isCopied && down.length === image.height && across.length === image.width
  return { bytes: isWhole ? 0 : down.length * rowBytes, rowBytes, pixelBytes, top: down.before, left: across.before }
}

const zero = 0
/** The mask register of the last vector of a row. */
const tailMask = 7

/** Fills memory at an address with zeros, up to a multiple of a vector's bytes. */
export const clear = (code: Assembler, address: General, bytes: number): void => {
  const { simd } = code
  simd.zero(zero)
  repeat(code, rcx, Math.ceil(bytes / simd.bytes), () => {
    simd.store(at(address), zero)
    code.add(address, simd.bytes)
  })
}

/** Vectors of sums over pixels of `channels`; undefined if rows do not put the same channels into the same lanes. */
export const sumVectors = (
  channels: number,
  { copy, lanes }: Pick<Registers, "copy" | "lanes">
): number | undefined => {
  if (lanes % channels === 0) return 1
  return channels % lanes === 0 && copy.vectors % (channels / lanes) === 0 ? channels / lanes : undefined
}

/**
 * Copies the image at `source` to where the copy at `copy` has it; may leave sums over its pixels in vectors from 0 on,
 * lane by lane. Changes `rax`, `rcx`, `rdx`, `r14`, mask 7 and vectors.
 */
export const copyImage = (
  code: Assembler,
  image: Image,
  padded: PaddedImage,
  source: General,
  copy: bigint,
  sums = 0
): void => {
  const { simd } = code
  const { bytes, copy: registers } = simd
  const rowBytes = image.width * padded.pixelBytes
  const vectors = Math.floor(rowBytes / bytes)
  const tail: Tail = { mask: tailMask, count: (rowBytes % bytes) / 4 }
  const start = padded.top * padded.rowBytes + padded.left * padded.pixelBytes
  const sumOf = (index: number) => registers.sums + index
  if (sums > 0) for (let index = 0; index < registers.vectors; index++) simd.zero(sumOf(index))
  code.mov(rax, source)
  code.mov(rdx, copy + BigInt(start))
  if (tail.count > 0) simd.setTail(tail, rcx)
  const move = (count: number, from = 0, tail?: Tail): void => {
    const numbers = Array.from({ length: count }, (_, index) => from + index)
    for (const index of numbers) simd.load(index, at(rax, index * bytes), tail)
    for (const index of numbers) simd.store(at(rdx, index * bytes), index, tail)
    if (sums > 0) for (const index of numbers) simd.add(sumOf(index), sumOf(index), index)
  }
  const advance = (bytesRead: number, bytesWritten: number): void => {
    code.add(rax, bytesRead)
    code.add(rdx, bytesWritten)
  }
  const rounds = Math.floor(vectors / registers.vectors)
  const left = vectors % registers.vectors
  const moved = rounds * registers.vectors * bytes
  repeat(code, r14, image.height, () => {
    repeat(code, rcx, rounds, () => {
      move(registers.vectors)
      advance(registers.vectors * bytes, registers.vectors * bytes)
    })
    move(left)
    if (tail.count > 0) move(1, left, tail)
    advance(rowBytes - moved, padded.rowBytes - moved)
  })
  for (let index = 0; index < sums; index++) {
    simd.move(index, sumOf(index))
    for (let other = index + sums; other < registers.vectors; other += sums) simd.add(index, index, sumOf(other))
  }
}
