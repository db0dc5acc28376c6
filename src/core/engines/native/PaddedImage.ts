/**
 * A copy of an image with zeros around it, in a thread's own memory: what windows see of it needs no borders then.
 *
 * Images are `[height, width, channels]`.
 */
import type { Assembler } from "./Assembler.ts"
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

/** What the lines need of the image. */
export const paddedFor = (image: Image, rows: ReadonlyArray<Line>, columns: ReadonlyArray<Line>): PaddedImage => {
  const [down, across] = [padding(rows, image.height), padding(columns, image.width)]
  const pixelBytes = 4 * image.channels
  const rowBytes = across.length * pixelBytes
  const isWhole = down.length === image.height && across.length === image.width
  return { bytes: isWhole ? 0 : down.length * rowBytes, rowBytes, pixelBytes, top: down.before, left: across.before }
}

const vectorBytes = 64
const zero = zmm(0)

/** Fills memory at an address with zeros; a multiple of 64 bytes. */
export const clear = (code: Assembler, address: General, bytes: number): void => {
  code.vpxord(zero, zero, zero)
  repeat(code, rcx, Math.ceil(bytes / vectorBytes), () => {
    code.vmovups(at(address), zero)
    code.add(address, vectorBytes)
  })
}

/** Copies the image at `source` to where the copy at `copy` has it. Changes `rax`, `rcx`, `rdx`, `r14`, mask 7, some vectors. */
export const copyImage = (code: Assembler, image: Image, padded: PaddedImage, source: General, copy: bigint): void => {
  const rowBytes = image.width * padded.pixelBytes
  const vectors = Math.floor(rowBytes / vectorBytes)
  const rest = (rowBytes % vectorBytes) / 4
  const start = padded.top * padded.rowBytes + padded.left * padded.pixelBytes
  code.mov(rax, source)
  code.mov(rdx, copy + BigInt(start))
  if (rest > 0) {
    code.mov(lower(rcx), (1 << rest) - 1)
    code.kmovw(k(7), lower(rcx))
  }
  const atOnce = 8
  const move = (count: number): void => {
    for (let index = 0; index < count; index++) code.vmovups(zmm(index), at(rax, index * vectorBytes))
    for (let index = 0; index < count; index++) code.vmovups(at(rdx, index * vectorBytes), zmm(index))
  }
  const advance = (bytesRead: number, bytesWritten: number): void => {
    code.add(rax, bytesRead)
    code.add(rdx, bytesWritten)
  }
  repeat(code, r14, image.height, () => {
    repeat(code, rcx, Math.floor(vectors / atOnce), () => {
      move(atOnce)
      advance(atOnce * vectorBytes, atOnce * vectorBytes)
    })
    const left = vectors % atOnce
    move(left)
    const moved = Math.floor(vectors / atOnce) * atOnce * vectorBytes
    if (rest > 0) {
      code.vmovups(zmm(8), at(rax, left * vectorBytes), zeroing(k(7)))
      code.vmovups(at(rdx, left * vectorBytes), zmm(8), k(7))
    }
    advance(rowBytes - moved, padded.rowBytes - moved)
  })
}
