/**
 * Damage to bytes, drawn from a seed: flipped bits, cuts, insertions, repetitions, swaps, numbers at their extremes.
 */

/** Numbers drawn from a seed. */
export interface Draw {
  /** In [0, 1). */
  readonly unit: () => number
  /** A whole number from 0 to `limit` - 1; 0 where the limit is 0. */
  readonly below: (limit: number) => number
  readonly pick: <A>(values: ReadonlyArray<A>) => A
  readonly chance: (probability: number) => boolean
}

/** Equal seeds draw equal numbers: mulberry32. */
export const drawing = (seed: number): Draw => {
  let state = Math.imul(seed + 1, 0x9e3779b9)
  const unit = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(unit() * limit)
  return { unit, below, pick: (values) => values[below(values.length)]!, chance: (probability) => unit() < probability }
}

export const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Sizes that overflow, that are negative where read with a sign, or that nothing should allocate. */
export const extremeSizes: ReadonlyArray<number> = [
  0,
  1,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1
]

/** A number as 1, 2, 4 or 8 bytes, in either order. */
const numberBytes = (draw: Draw): Uint8Array => {
  const view = new DataView(new ArrayBuffer(draw.pick([1, 2, 4, 4, 8])))
  const value = draw.pick([...extremeSizes, draw.below(100)])
  const isLittle = draw.chance(0.5)
  if (view.byteLength === 1) view.setUint8(0, value % 256)
  if (view.byteLength === 2) view.setUint16(0, value % 65_536, isLittle)
  if (view.byteLength === 4) view.setUint32(0, value, isLittle)
  if (view.byteLength === 8) view.setBigInt64(0, draw.pick([-1n, BigInt(value), 2n ** 62n, -(2n ** 63n)]), isLittle)
  return new Uint8Array(view.buffer)
}

/** Pieces of text and bytes that formats give a meaning. */
const tokens: ReadonlyArray<Uint8Array> = [
  ..."1e999 -1 -0 0x10 NaN null true {} [] \" ' , : } ] ( ) \\u0000 9007199254740993 4294967295 [[[[[[[[ __proto__".split(
    " "
  ),
  '"__proto__":{"x":1},',
  " ",
  "\n"
]
  .map(text)
  .concat([
    // overlong, cut off and surrogate: none is UTF-8
    Uint8Array.of(0xc0, 0x80),
    Uint8Array.of(0xe2, 0x82),
    Uint8Array.of(0xed, 0xa0, 0x80),
    // marks of byte order, of UTF-8 and of gzip
    Uint8Array.of(0xff, 0xfe),
    Uint8Array.of(0xef, 0xbb, 0xbf),
    Uint8Array.of(0x1f, 0x8b),
    new Uint8Array(64),
    new Uint8Array(64).fill(0xff)
  ])

const randomBytes = (draw: Draw, length: number): Uint8Array => Uint8Array.from({ length }, () => draw.below(256))

type Change = (bytes: Uint8Array, draw: Draw) => Uint8Array

const overwrite = (bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array => {
  // A Buffer's own `slice` would be a view of the source.
  const out = new Uint8Array(bytes)
  out.set(by.subarray(0, bytes.length - at), at)
  return out
}

/** A place, in the first 64 bytes as often as anywhere, for that is where headers are. */
const place = (bytes: Uint8Array, draw: Draw): number =>
  draw.below(draw.chance(0.5) ? Math.min(64, bytes.length) : bytes.length)

const changes: ReadonlyArray<Change> = [
  // a flipped bit
  (bytes, draw) => {
    const at = place(bytes, draw)
    return overwrite(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << draw.below(8))))
  },
  (bytes, draw) => overwrite(bytes, place(bytes, draw), randomBytes(draw, 1 + draw.below(4))),
  // cut off behind, cut off before
  (bytes, draw) => bytes.slice(0, draw.below(bytes.length)),
  (bytes, draw) => bytes.slice(draw.below(bytes.length)),
  // something is missing in the middle
  (bytes, draw) => {
    const at = place(bytes, draw)
    return concat(bytes.subarray(0, at), bytes.subarray(at + 1 + draw.below(32)))
  },
  // something more in the middle, or behind
  (bytes, draw) => {
    const at = draw.chance(0.3) ? bytes.length : place(bytes, draw)
    const more = draw.chance(0.5) ? draw.pick(tokens) : randomBytes(draw, 1 + draw.below(32))
    return concat(bytes.subarray(0, at), more, bytes.subarray(at))
  },
  (bytes, draw) => overwrite(bytes, place(bytes, draw), draw.pick(tokens)),
  // a piece twice
  (bytes, draw) => {
    const at = place(bytes, draw)
    return concat(bytes.subarray(0, at + 1 + draw.below(64)), bytes.subarray(at))
  },
  // two pieces change places
  (bytes, draw) => {
    const [from, length] = [place(bytes, draw), 1 + draw.below(16)]
    const to = from + length + draw.below(16)
    const [left, right] = [bytes.subarray(from, from + length), bytes.subarray(to, to + length)]
    return concat(bytes.subarray(0, from), right, bytes.subarray(from + length, to), left, bytes.subarray(to + length))
  },
  // a size at its extremes
  (bytes, draw) => overwrite(bytes, place(bytes, draw), numberBytes(draw)),
  (bytes, draw) => overwrite(bytes, 4 * draw.below(Math.min(8, bytes.length / 4)), numberBytes(draw)),
  // zeros, as a disk leaves that had lengthened the file before it wrote
  (bytes, draw) => overwrite(bytes, draw.below(bytes.length), new Uint8Array(bytes.length))
]

/** A changed copy of some bytes: one to three changes, or rarely none. */
export const damage = (bytes: Uint8Array, draw: Draw): Uint8Array => {
  let out = bytes
  for (let left = draw.pick([0, 1, 1, 1, 1, 2, 2, 3]); left > 0; left--) out = draw.pick(changes)(out, draw)
  return out
}
