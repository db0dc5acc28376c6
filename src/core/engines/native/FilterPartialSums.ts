/**
 * Partial sums over pieces of the batch for the gradient by a filter. They are in registers, a vector for each input that a
 * group of outputs reads: a tile of them goes over a band of rows that fits the first cache, then the next tile over the
 * same band.
 */
import { evenly, repeat } from "./CountedLoop.ts"
import { channelsOf, type FilterGradient, type Plan, planOf, title } from "./FilterGradient.ts"
import type { Assembler, Register, Tail } from "./InstructionSet.ts"
import { bytesOf, clear, copyImage, type Image, type PaddedImage, paddedFor } from "./PaddedImage.ts"
import { type Phase, rangeOf, scratchBytes, type Share, slot } from "./Phase.ts"
import { Unsupported } from "./Unsupported.ts"
import {
  at,
  lower,
  type Memory,
  r10,
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
  rsi
} from "./x86/Operands.ts"

/** Slots in the table of pointers. */
export interface PartSlots {
  /** The window's inputs, and the gradient by its outputs. */
  readonly image: number
  readonly gradient: number
  /** The partial sums: see {@link partsShape}. */
  readonly to: number
}

/** Mask registers of a whole group and of the last group of a row. */
const [wholeMask, lastMask] = [1, 2]
const lineBytes = 64
/** Bytes of a band of rows. */
const bandBytes = 24 << 10

/** The phase of the partial sums. Raises `Unsupported` if a thread's scratch memory is too small. */
export const parts = (filterGradient: FilterGradient, slots: PartSlots): Phase => {
  const plan = planOf(filterGradient)
  const { columns, rows } = filterGradient.window
  const image = { height: rows.input, width: columns.input, channels: filterGradient.inputs }
  const padded = paddedFor(image, [plan.line.rows], [plan.line.columns], plan.imageSums > 0)
  if (padded.bytes + lineBytes > scratchBytes) throw new Unsupported("a convolution of images this large")
  return {
    name: title(filterGradient),
    emit: (code, share) => emitParts(code, filterGradient, slots, plan, image, padded, share)
  }
}

const addTo = ({ simd }: Assembler, sum: Register, place: Memory): void => {
  simd.add(sum, sum, place)
  simd.store(place, sum)
}

const emitParts = (
  code: Assembler,
  filterGradient: FilterGradient,
  slots: PartSlots,
  plan: Plan,
  image: Image,
  padded: PaddedImage,
  share: Share
): void => {
  const { simd } = code
  const { bytes, lanes } = simd
  const { factors: gradients, sums: tileSize } = simd.convolution
  const { batch, outputs, window } = filterGradient
  const { each, line, members, pieces, size } = plan
  const [firstPiece, endPiece] = rangeOf(share, pieces)
  if (firstPiece === endPiece) return
  const [first, end] = [firstPiece * each, Math.min(batch, endPiece * each)]
  const gradient = { height: window.rows.output, width: window.columns.output, channels: outputs }
  const rowBytes = gradient.width * outputs * 4

  if (padded.bytes > 0) {
    code.mov(rax, share.scratch)
    clear(code, rax, padded.bytes)
  }
  code.mov(rbp, slot(slots.to))
  code.add(rbp, firstPiece * size * 4)
  code.mov(rax, rbp)
  clear(code, rax, (endPiece - firstPiece) * size * 4)
  code.mov(rsi, slot(slots.image))
  code.add(rsi, first * bytesOf(image))
  code.mov(rdi, slot(slots.gradient))
  code.add(rdi, first * bytesOf(gradient))

  const tiles = evenly(plan.entries.length, tileSize)
  const tilesOf = (chunk: number) =>
    Array.from({ length: Math.ceil(plan.entries.length / tiles.size) }, (_, index) => ({
      chunk,
      from: index * tiles.size,
      entries: plan.entries.slice(index * tiles.size, (index + 1) * tiles.size)
    }))
  const allTiles = Array.from({ length: plan.chunks }, (_, chunk) => chunk).flatMap(tilesOf)
  const bands = evenly(
    gradient.height,
    Math.max(1, Math.floor(bandBytes / (line.rows.shift * padded.rowBytes + rowBytes)))
  )
  const inLast = gradient.width - (line.columns.count - 1) * members
  const origin = (padded.top + line.rows.from) * padded.rowBytes + (padded.left + line.columns.from) * padded.pixelBytes
  /** Cache lines of the next image and gradient that are prefetched with each row of each tile. */
  const ahead = [bytesOf(image), bytesOf(gradient)].map((length) =>
    Math.ceil(length / lineBytes / (gradient.height * allTiles.length))
  )

  const tile = ({ chunk, entries, from }: (typeof allTiles)[number], height: number): void => {
    const channels = channelsOf(filterGradient, chunk)
    const start = 4 * chunk * lanes
    const wholeGroup: Tail = { mask: wholeMask, count: members * channels }
    const lastGroup: Tail = { mask: lastMask, count: inLast * channels }
    const tail = wholeGroup.count < lanes ? wholeGroup : undefined
    if (tail) simd.setTail(tail, rax)
    if (inLast < members) simd.setTail(lastGroup, rax)
    const places = entries.map((entry) =>
      entry ? entry.row * padded.rowBytes + entry.tap * padded.pixelBytes + entry.channel * 4 : undefined
    )
    places.forEach((_, index) => simd.zero(index))
    const group = (index: number, tail: Tail | undefined): void => {
      simd.load(gradients, at(rdx, start + index * members * outputs * 4), tail)
      places.forEach((place, sum) => {
        if (place === undefined) simd.add(sum, sum, gradients)
        else simd.multiplyAddElement(sum, gradients, at(rax, place + index * line.columns.shift * padded.pixelBytes))
      })
    }
    const several = (count: number): void => {
      for (let index = 0; index < count; index++) group(index, tail)
      code.add(rax, count * line.columns.shift * padded.pixelBytes)
      code.add(rdx, count * members * outputs * 4)
    }
    code.mov(rax, r8)
    code.mov(rdx, r9)
    repeat(code, rcx, height, () => {
      const whole = line.columns.count - Number(inLast < members)
      const atOnce = 2
      repeat(code, r14, Math.floor(whole / atOnce), () => several(atOnce))
      if (whole % atOnce > 0) several(whole % atOnce)
      if (inLast < members) group(0, lastGroup)
      code.add(rax, line.rows.shift * padded.rowBytes - whole * line.columns.shift * padded.pixelBytes)
      code.add(rdx, rowBytes - whole * members * outputs * 4)
      ;[r13, r15].forEach((pointer, which) => {
        for (let index = 0; index < ahead[which]!; index++) code.prefetcht1(at(pointer, index * lineBytes))
        code.add(pointer, ahead[which]! * lineBytes)
      })
    })
    places.forEach((_, index) => addTo(code, index, at(rbp, (chunk * plan.entries.length + from + index) * bytes)))
  }
  const band = (height: number): void => {
    for (const one of allTiles) tile(one, height)
    code.add(r8, height * line.rows.shift * padded.rowBytes)
    code.add(r9, height * rowBytes)
  }

  code.push(r15)
  code.mov(lower(r12), each)
  repeat(code, rbx, end - first, () => {
    if (padded.bytes > 0) {
      copyImage(code, image, padded, rsi, share.scratch, plan.imageSums)
      for (let index = 0; index < plan.imageSums; index++)
        addTo(code, index, at(rbp, (plan.chunks * plan.entries.length + index) * bytes))
      code.mov(r8, share.scratch + BigInt(origin))
    } else code.lea(r8, at(rsi, origin))
    code.mov(r9, rdi)
    code.lea(r13, at(rsi, bytesOf(image)))
    code.lea(r15, at(rdi, bytesOf(gradient)))
    repeat(code, r10, bands.whole, () => band(bands.size))
    if (bands.rest > 0) band(bands.rest)
    code.add(rsi, bytesOf(image))
    code.add(rdi, bytesOf(gradient))
    const same = code.label()
    code.dec(lower(r12))
    code.jne(same)
    code.mov(lower(r12), each)
    code.add(rbp, size * 4)
    code.bind(same)
  })
  code.pop(r15)
}
