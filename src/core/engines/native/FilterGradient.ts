/**
 * The derivative of a convolution by its filter: `to[i, j, c, o] = Σ image[n, y S + i, x S + j, c] gradient[n, y, x, o]`.
 *
 * Sums are in registers, a vector for each input that a group of places sees: a tile of them goes over a band of rows that
 * fits the nearest cache, then the next tile over the same band. Images are summed up in pieces, then the pieces.
 *
 * Laws: the pieces do not depend on the number of threads, and so neither do the bits of the result.
 */
import type { Window } from "../onnxruntime/Window.ts"
import type { Assembler } from "./Assembler.ts"
import { forwards } from "./Lines.ts"
import {
  at,
  broadcast,
  k,
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
  rsi,
  type Vector,
  zeroing,
  zmm
} from "./Operands.ts"
import { bytesOf, clear, copyImage, paddedFor, sumVectors } from "./PaddedImage.ts"
import { type Phase, rangeOf, scratchBytes, type Share, slot } from "./Phase.ts"
import { evenly, repeat } from "./Repeat.ts"
import { Unsupported } from "./Unsupported.ts"

export interface FilterGradient {
  readonly batch: number
  readonly window: Window
  /** Channels of the window's inputs and outputs. */
  readonly inputs: number
  readonly outputs: number
  /** Whether sums over all pixels lie behind the result: of the inputs, or of the derivative by the outputs. */
  readonly sums?: "inputs" | "outputs"
}

/** Slots of the table of pointers. */
export interface PartSlots {
  /** Of the window's inputs, and of the derivative by its outputs. */
  readonly image: number
  readonly gradient: number
  /** Of sums of pieces: see {@link partsShape}. */
  readonly to: number
}

const lanes = 16
const vectorBytes = 64
/** Registers of sums. */
const tileSize = 28
const gradients = zmm(31)
const wholeGroup = k(1)
const lastGroup = k(2)
const present = k(3)
/** Bytes of a band of rows. */
const bandBytes = 24 << 10
const mostPieces = 16
const mostFloats = 1 << 20

/** What a vector of sums belongs to: an element that is seen, as far from the first one, or nothing but the gradient. */
type Entry = { readonly row: number; readonly tap: number; readonly channel: number } | undefined

const planOf = ({ batch, inputs, outputs, sums, window: { columns, rows } }: FilterGradient) => {
  const members = Math.min(columns.output, Math.max(1, Math.floor(lanes / outputs)))
  const line = { rows: forwards(rows, 1), columns: forwards(columns, members) }
  const cells = Array.from({ length: line.rows.taps }, (_, row) => row)
    .filter((row) => line.rows.element(row, 0) !== undefined)
    .flatMap((row) =>
      Array.from({ length: line.columns.taps }, (_, tap) => tap)
        .filter((tap) =>
          Array.from({ length: members }, (_, member) => line.columns.element(tap, member)).some((j) => j !== undefined)
        )
        .map((tap) => ({ row, tap }))
    )
  const entries: ReadonlyArray<Entry> = [
    ...cells.flatMap((cell) => Array.from({ length: inputs }, (_, channel) => ({ ...cell, channel }))),
    ...(sums === "outputs" ? [undefined] : [])
  ]
  const imageSums = sums === "inputs" ? sumVectors({ channels: inputs }) : 0
  if (imageSums === undefined) throw new Unsupported(`sums of ${inputs} channels`)
  const chunks = Math.ceil(outputs / lanes)
  const size = (chunks * entries.length + imageSums) * lanes
  const each = Math.ceil(batch / Math.max(1, Math.min(batch, mostPieces, Math.floor(mostFloats / size))))
  return { members, line, cells, entries, imageSums, chunks, size, each, pieces: Math.ceil(batch / each) }
}
type Plan = ReturnType<typeof planOf>

/** The shape of sums of pieces, `[pieces, sums of a piece]`. */
export const partsShape = (filterGradient: FilterGradient): readonly [pieces: number, sums: number] => {
  const { pieces, size } = planOf(filterGradient)
  return [pieces, size]
}

const title = ({ inputs, outputs, window: { columns, rows } }: FilterGradient): string =>
  `filter gradient ${rows.input}x${columns.input}x${inputs} to ${outputs}`

/** The sums of pieces. */
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

/** From the sums of pieces to `[rows, columns, inputs, outputs]` and what may lie behind it. */
export const together = (
  filterGradient: FilterGradient,
  slots: { readonly parts: number; readonly to: number }
): Phase => ({
  name: `${title(filterGradient)}, together`,
  emit: (code, share) => emitTogether(code, filterGradient, slots, planOf(filterGradient), share)
})

const setMask = (code: Assembler, mask: typeof wholeGroup, count: number): void => {
  code.mov(lower(rax), 2 ** count - 1)
  code.kmovw(mask, lower(rax))
}

const addTo = (code: Assembler, sum: Vector, place: Memory): void => {
  code.vaddps(sum, sum, place)
  code.vmovups(place, sum)
}

const channelsOf = ({ outputs }: FilterGradient, chunk: number): number => Math.min(lanes, outputs - chunk * lanes)

const emitParts = (
  code: Assembler,
  filterGradient: FilterGradient,
  slots: PartSlots,
  plan: Plan,
  image: Parameters<typeof copyImage>[1],
  padded: ReturnType<typeof paddedFor>,
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
    if (mask) setMask(code, mask, members * channels)
    if (inLast < members) setMask(code, lastGroup, inLast * channels)
    const places = entries.map((entry) =>
      entry ? entry.row * padded.rowBytes + entry.tap * padded.pixelBytes + entry.channel * 4 : undefined
    )
    places.forEach((_, index) => code.vpxord(zmm(index), zmm(index), zmm(index)))
    const group = (index: number, mask: typeof wholeGroup | undefined): void => {
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

/** Some neighbouring results: vectors of sums of pieces, by the members of groups, and where their sums are written. */
interface Together {
  /** How many there are, one vector behind the other, and how many lanes of each member count. */
  readonly count: number
  readonly channels: number
  /** The number of each member's first vector. */
  readonly from: ReadonlyArray<number>
  /** The element of the result, and from there to the next. */
  readonly to: number
  readonly step: number
}

const togetherOf = (filterGradient: FilterGradient, plan: Plan): ReadonlyArray<Together> => {
  const { inputs, outputs, sums, window } = filterGradient
  const { cells, chunks, entries, imageSums, members } = plan
  const { columns, rows } = window
  const ofMembers = (count: number, from: (member: number) => number): ReadonlyArray<number> =>
    Array.from({ length: count }, (_, member) => from(member))
  const size = rows.size * columns.size * inputs * outputs
  const ofChunk = (chunk: number): ReadonlyArray<Together> => {
    const channels = channelsOf(filterGradient, chunk)
    const first = chunk * entries.length
    const elements = Array.from({ length: rows.size * columns.size }, (_, index): Together => {
      const row = Math.floor(index / columns.size) * rows.dilation
      const from = ofMembers(members, (member) => {
        const tap = (index % columns.size) * columns.dilation + member * columns.stride
        return first + cells.findIndex((cell) => cell.row === row && cell.tap === tap) * inputs
      })
      return { count: inputs, channels, from, to: index * inputs * outputs + chunk * lanes, step: outputs }
    })
    const from = ofMembers(members, () => first + entries.length - 1)
    return sums === "outputs"
      ? [...elements, { count: 1, channels, from, to: size + chunk * lanes, step: 0 }]
      : elements
  }
  const channels = Math.min(lanes, inputs)
  const from = ofMembers(lanes / channels, () => chunks * entries.length)
  return [
    ...Array.from({ length: chunks }, (_, chunk) => chunk).flatMap(ofChunk),
    ...(imageSums > 0 ? [{ count: imageSums, channels, from, to: size, step: lanes }] : [])
  ]
}

/** For each element of the filter, the sum over pieces and over the members of groups. */
const emitTogether = (
  code: Assembler,
  filterGradient: FilterGradient,
  slots: { readonly parts: number; readonly to: number },
  plan: Plan,
  share: Share
): void => {
  const total = zmm(0)
  const all = togetherOf(filterGradient, plan)
  for (const { channels, count, from, step, to } of all.slice(...rangeOf(share, all.length))) {
    setMask(code, present, channels)
    code.mov(r8, slot(slots.parts))
    code.mov(rdi, slot(slots.to))
    code.add(rdi, 4 * to)
    repeat(code, rcx, count, () => {
      code.vpxord(total, total, total)
      code.mov(rax, r8)
      repeat(code, rdx, plan.pieces, () => {
        from.forEach((vector, member) => {
          code.vmovups(zmm(1), at(rax, vector * vectorBytes + member * channels * 4), zeroing(present))
          code.vaddps(total, total, zmm(1))
        })
        code.add(rax, plan.size * 4)
      })
      code.vmovups(at(rdi), total, present)
      code.add(r8, vectorBytes)
      code.add(rdi, 4 * step)
    })
  }
}
