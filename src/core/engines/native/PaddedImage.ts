/**
 * A copy of an image with zeros around it, in a thread's own memory: what windows see of it needs no borders then.
 *
 * Images are `[height, width, channels]`.
 */
import type { Assembler } from "./Assembler.ts"
import { vectorBytes } from "./Lanes.ts"
import { type Line, padding } from "./Lines.ts"
import { at, k, type General, lower, r14, rax, rcx, rdx, zeroing, zmm } from "./Operands.ts"
import { repeat } from "./Repeat.ts"

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
  rows: ReadonlyArray<Line>,
  columns: ReadonlyArray<Line>,
  isCopied = false
): PaddedImage => {
  const [down, across] = [padding(rows, image.height), padding(columns, image.width)]
  const pixelBytes = 4 * image.channels
  const rowBytes = across.length * pixelBytes
  const isWhole = !isCopied && down.length === image.height && across.length === image.width
  return { bytes: isWhole ? 0 : down.length * rowBytes, rowBytes, pixelBytes, top: down.before, left: across.before }
}

const zero = zmm(0)
const tail = k(7)

/** Fills memory at an address with zeros; a multiple of 64 bytes. */
export const clear = (code: Assembler, address: General, bytes: number): void => {
  code.vpxord(zero, zero, zero)
  repeat(code, rcx, Math.ceil(bytes / vectorBytes), () => {
    code.vmovups(at(address), zero)
    code.add(address, vectorBytes)
  })
}

/** How many vectors are copied at once. */
const atOnce = 8
const firstSum = 16

/** Vectors of sums of channels; none where they are not sums of the same channels in each row. */
export const sumVectors = ({ channels }: Pick<Image, "channels">): number | undefined => {
  if (16 % channels === 0) return 1
  return channels % 16 === 0 && atOnce % (channels / 16) === 0 ? channels / 16 : undefined
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
  const rowBytes = image.width * padded.pixelBytes
  const vectors = Math.floor(rowBytes / vectorBytes)
  const rest = (rowBytes % vectorBytes) / 4
  const start = padded.top * padded.rowBytes + padded.left * padded.pixelBytes
  const sumOf = (index: number) => zmm(firstSum + index)
  if (sums > 0) for (let index = 0; index < atOnce; index++) code.vpxord(sumOf(index), sumOf(index), sumOf(index))
  code.mov(rax, source)
  code.mov(rdx, copy + BigInt(start))
  if (rest > 0) {
    code.mov(lower(rcx), (1 << rest) - 1)
    code.kmovw(tail, lower(rcx))
  }
  const move = (count: number, from = 0, mask?: typeof tail): void => {
    const numbers = Array.from({ length: count }, (_, index) => from + index)
    for (const index of numbers) code.vmovups(zmm(index), at(rax, index * vectorBytes), mask && zeroing(mask))
    for (const index of numbers) code.vmovups(at(rdx, index * vectorBytes), zmm(index), mask)
    if (sums > 0) for (const index of numbers) code.vaddps(sumOf(index), sumOf(index), zmm(index))
  }
  const advance = (bytesRead: number, bytesWritten: number): void => {
    code.add(rax, bytesRead)
    code.add(rdx, bytesWritten)
  }
  const rounds = Math.floor(vectors / atOnce)
  const left = vectors % atOnce
  const moved = rounds * atOnce * vectorBytes
  repeat(code, r14, image.height, () => {
    repeat(code, rcx, rounds, () => {
      move(atOnce)
      advance(atOnce * vectorBytes, atOnce * vectorBytes)
    })
    move(left)
    if (rest > 0) move(1, left, tail)
    advance(rowBytes - moved, padded.rowBytes - moved)
  })
  for (let index = 0; index < sums; index++) {
    code.vmovaps(zmm(index), sumOf(index))
    for (let other = index + sums; other < atOnce; other += sums) code.vaddps(zmm(index), zmm(index), sumOf(other))
  }
}
