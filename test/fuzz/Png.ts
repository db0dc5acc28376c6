/**
 * PNG files taken apart and put together again, and a plain decoder of them to compare with.
 *
 * Source: W3C, "Portable Network Graphics (PNG) Specification", https://www.w3.org/TR/png-3/
 */
import { crc32, deflateSync, inflateSync } from "node:zlib"
import { concat, damage, type Draw, extremeSizes } from "./Mutations.ts"

interface Chunk {
  readonly type: string
  readonly data: Uint8Array
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/**
 * The chunks of a file up to its end, or to where it is damaged. A chunk that nothing depends on may have a wrong checksum,
 * and is left out.
 */
const chunksOf = (file: Uint8Array): ReadonlyArray<Chunk> => {
  const buffer = Buffer.from(file)
  if (!buffer.subarray(0, 8).equals(signature)) return []
  const chunks: Array<Chunk> = []
  for (let at = 8; at + 12 <= buffer.length;) {
    const length = buffer.readUInt32BE(at)
    if (at + 12 + length > buffer.length) break
    const typed = buffer.subarray(at + 4, at + 8 + length)
    const type = typed.subarray(0, 4).toString("latin1")
    const isRight = crc32(typed) === buffer.readUInt32BE(at + 8 + length)
    if (!isRight && /^[A-Z]/.test(type)) break
    if (isRight) chunks.push({ type, data: new Uint8Array(typed.subarray(4)) })
    if (type === "IEND") break
    at += 12 + length
  }
  return chunks
}

const fileOf = (chunks: ReadonlyArray<Chunk>): Uint8Array =>
  concat(
    signature,
    ...chunks.flatMap(({ data, type }) => {
      const typed = concat(Buffer.from(type, "latin1"), data)
      const frame = Buffer.alloc(8)
      frame.writeUInt32BE(data.length)
      frame.writeUInt32BE(crc32(typed), 4)
      return [frame.subarray(0, 4), typed, frame.subarray(4)]
    })
  )

const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 }

/** Undoes the filters of the scan lines. */
const unfilter = (lines: Uint8Array, height: number, stride: number, bytes: number): Uint8Array | undefined => {
  const out = new Uint8Array(height * stride)
  for (let row = 0; row < height; row++) {
    const filter = lines[row * (stride + 1)]!
    if (filter > 4) return undefined
    for (let column = 0; column < stride; column++) {
      const at = row * stride + column
      const left = column < bytes ? 0 : out[at - bytes]!
      const up = row === 0 ? 0 : out[at - stride]!
      const corner = row === 0 || column < bytes ? 0 : out[at - stride - bytes]!
      const near = left + up - corner
      const [toLeft, toUp, toCorner] = [Math.abs(near - left), Math.abs(near - up), Math.abs(near - corner)]
      const paeth = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner
      const predicted = [0, left, up, (left + up) >> 1, paeth][filter]!
      out[at] = lines[row * (stride + 1) + 1 + column]! + predicted
    }
  }
  return out
}

/** What a file shows, `[height, width, 3]`, laid on black. */
export type Shown =
  /** Not all pixels are there. */
  | { readonly _tag: "Damaged" }
  /** Of a kind that is not decoded here: palettes, 1 and 16 bits, interlaced, with profiles of colour. */
  | { readonly _tag: "Unknown"; readonly height: number; readonly width: number }
  | { readonly _tag: "Pixels"; readonly height: number; readonly width: number; readonly pixels: Uint8Array }

export const show = (file: Uint8Array): Shown => {
  const chunks = chunksOf(file)
  const header = chunks.find(({ type }) => type === "IHDR")
  if (header?.data.length !== 13) return { _tag: "Damaged" }
  const view = new DataView(header.data.buffer, header.data.byteOffset)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  const [depth, colours, , , interlaced] = header.data.subarray(8) as Iterable<number>
  const channels = channelsOf[colours!]
  const shaping = new Set(["IHDR", "IDAT", "IEND", "tEXt", "tIME"])
  if (depth !== 8 || channels === undefined || interlaced !== 0 || chunks.some(({ type }) => !shaping.has(type))) {
    return { _tag: "Unknown", height, width }
  }
  if (chunks.filter(({ type }) => type === "IHDR").length > 1 || width * height > 1e6) return { _tag: "Damaged" }
  const data = chunks.flatMap((chunk) => (chunk.type === "IDAT" ? [chunk.data] : []))
  const lines = inflated(concat(...data))
  const stride = width * channels
  if (lines === undefined || lines.length < height * (stride + 1)) return { _tag: "Damaged" }
  const values = unfilter(lines, height, stride, channels)
  if (values === undefined) return { _tag: "Damaged" }
  const pixels = new Uint8Array(height * width * 3)
  for (let pixel = 0; pixel < height * width; pixel++) {
    const opacity = channels % 2 === 0 ? values[pixel * channels + channels - 1]! / 255 : 1
    for (let colour = 0; colour < 3; colour++) {
      pixels[3 * pixel + colour] = Math.round(opacity * values[pixel * channels + (channels < 3 ? 0 : colour)]!)
    }
  }
  return { _tag: "Pixels", height, width, pixels }
}

/** What there is of a compressed stream, its checksum aside. */
const inflated = (bytes: Uint8Array): Uint8Array | undefined => {
  try {
    return inflateSync(bytes, { maxOutputLength: 1e7, finishFlush: 2 })
  } catch {
    return undefined
  }
}

/** Text that grows a thousandfold. */
const bomb = concat(Uint8Array.of(0x61, 0, 0), deflateSync(new Uint8Array(10_000_000)))

/** Changes a file within its chunks and makes their lengths and checksums right again. */
export const rebuild = (file: Uint8Array, draw: Draw): Uint8Array => {
  const chunks = [...chunksOf(file)]
  const header = chunks[0]!
  const ihdr = (data: Uint8Array) => fileOf([{ type: "IHDR", data }, ...chunks.slice(1)])
  const number = (at: number, value: number) => {
    const data = Buffer.from(header.data)
    data.writeUInt32BE(value, at)
    return data
  }
  const index = chunks.findIndex(({ type }) => type === "IDAT")
  const lines = inflateSync(chunks[index]!.data)
  const withLines = (changed: Uint8Array) => fileOf(chunks.with(index, { type: "IDAT", data: deflateSync(changed) }))
  const at = draw.below(chunks.length)
  return draw.pick([
    () => ihdr(number(draw.pick([0, 4]), draw.pick([...extremeSizes, 4, 5, 6, 11_000]))),
    () => ihdr(header.data.with(8 + draw.below(5), draw.pick([0, 1, 2, 3, 4, 6, 8, 16, 255]))),
    () => ihdr(damage(header.data, draw)),
    () => fileOf(chunks.with(at, { type: chunks[at]!.type, data: damage(chunks[at]!.data, draw) })),
    () => fileOf(chunks.toSpliced(at, 1)),
    () => fileOf(chunks.toSpliced(at, 0, chunks[draw.below(chunks.length)]!)),
    () =>
      fileOf(
        chunks.toSpliced(at, 0, {
          type: draw.pick([
            "tEXt",
            "tIME",
            "gAMA",
            "tRNS",
            "PLTE",
            "iCCP",
            "zTXt",
            "eXIf",
            "sBIT",
            "acTL",
            "QQQQ",
            "qQqQ"
          ]),
          data: Uint8Array.from({ length: draw.below(40) }, () => draw.below(256))
        })
      ),
    // pixels, filters, too few lines, too many
    () => withLines(lines.with(draw.below(lines.length), draw.below(256))),
    () => withLines(lines.with(draw.below(5) * (lines.length / 5), draw.below(8))),
    () => withLines(lines.subarray(0, draw.below(lines.length))),
    () => withLines(concat(lines, new Uint8Array(draw.below(100)))),
    () =>
      fileOf(
        chunks.toSpliced(1, 0, {
          type: draw.pick(["zTXt", "iCCP"]),
          data: draw.chance(0.9) ? bomb.subarray(0, 99) : bomb
        })
      )
  ])()
}
