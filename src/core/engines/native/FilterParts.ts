/**
 * Sums of pieces of the batch, for the derivative by a filter. They are in registers, a vector for each input that a group
 * of places sees: a tile of them goes over a band of rows that fits the nearest cache, then the next tile over the same.
 */
import type { Assembler } from "./Assembler.ts"
import { channelsOf, type FilterGradient, type Plan, planOf, title } from "./FilterGradient.ts"
import { firstLanes, lanes, tileSize, vectorBytes } from "./Lanes.ts"
import {
  at,
  broadcast,
  k,
  lower,
  type Mask,
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
  rsi,
  type Vector,
  zeroing,
  zmm
} from "./Operands.ts"
import { bytesOf, clear, copyImage, type Image, type PaddedImage, paddedFor } from "./PaddedImage.ts"
import { type Phase, rangeOf, scratchBytes, type Share, slot } from "./Phase.ts"
import { evenly, repeat } from "./Repeat.ts"
import { Unsupported } from "./Unsupported.ts"

/** Slots of the table of pointers. */
export interface PartSlots {
  /** Of the window's inputs, and of the derivative by its outputs. */
  readonly image: number
  readonly gradient: number
  /** Of sums of pieces: see {@link partsShape}. */
  readonly to: number
}

const gradients = zmm(31)
const wholeGroup = k(1)
const lastGroup = k(2)
/** Bytes of a band of rows. */
const bandBytes = 24 << 10

/** The sums of pieces. Raises `Unsupported` where a thread's own memory is too small. */
export const parts = (filterGradient: FilterGradient, slots: PartSlots): Phase => {
  const plan = planOf(filterGradient)
  const { columns, rows } = filterGradient.window
  const image = { height: rows.input, width: columns.input, channels: filterGradient.inputs }
  const padded = paddedFor(image, [plan.line.rows], [plan.line.columns], plan.imageSums > 0)
  if (padded.bytes + vectorBytes > scratchBytes) throw new Unsupported("a convolution of images this large")
  return {
    name: title(filterGradient),
    emit: (code, share) => emitParts(code, filterGradient, slots, plan, image, padded, share)
  }
}

const addTo = (code: Assembler, sum: Vector, place: Memory): void => {
  code.vaddps(sum, sum, place)
  code.vmovups(place, sum)
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
  /** Lines of the next image and gradient that are asked for with each row of each tile. */
  const ahead = [bytesOf(image), bytesOf(gradient)].map((bytes) =>
    Math.ceil(bytes / vectorBytes / (gradient.height * allTiles.length))
  )

  const tile = ({ chunk, entries, from }: (typeof allTiles)[number], height: number): void => {
    const channels = channelsOf(filterGradient, chunk)
    const start = 4 * chunk * lanes
    const mask = members * channels < lanes ? wholeGroup : undefined
    if (mask) firstLanes(code, mask, members * channels)
    if (inLast < members) firstLanes(code, lastGroup, inLast * channels)
    const places = entries.map((entry) =>
      entry ? entry.row * padded.rowBytes + entry.tap * padded.pixelBytes + entry.channel * 4 : undefined
    )
    places.forEach((_, index) => code.vpxord(zmm(index), zmm(index), zmm(index)))
    const group = (index: number, mask: Mask | undefined): void => {
      code.vmovups(gradients, at(rdx, start + index * members * outputs * 4), mask && zeroing(mask))
      places.forEach((place, register) => {
        const sum = zmm(register)
        if (place === undefined) code.vaddps(sum, sum, gradients)
        else
          code.vfmadd231ps(sum, gradients, broadcast(at(rax, place + index * line.columns.shift * padded.pixelBytes)))
      })
    }
    const several = (count: number): void => {
      for (let index = 0; index < count; index++) group(index, mask)
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
        for (let index = 0; index < ahead[which]!; index++) code.prefetcht1(at(pointer, index * vectorBytes))
        code.add(pointer, ahead[which]! * vectorBytes)
      })
    })
    places.forEach((_, index) =>
      addTo(code, zmm(index), at(rbp, (chunk * plan.entries.length + from + index) * vectorBytes))
    )
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
        addTo(code, zmm(index), at(rbp, (plan.chunks * plan.entries.length + index) * vectorBytes))
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
