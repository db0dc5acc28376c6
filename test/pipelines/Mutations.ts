/**
 * Damage to a file's bytes, drawn from a seed: flipped bits, cuts, insertions, repetitions, overwritten numbers.
 */

/** A small generator of numbers in [0, 1): xorshift32. */
const generator = (seed: number) => {
  let state = Math.imul(seed, 0x9e3779b9) | 1
  return (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** A changed copy of some bytes; the same seed makes the same change. */
export const mutate = (bytes: Uint8Array, seed: number): Uint8Array => {
  const random = generator(seed)
  const upTo = (limit: number) => Math.floor(random() * limit)
  let out = Buffer.from(bytes)
  for (let change = 0; change <= upTo(3); change++) {
    const at = upTo(out.length)
    const length = 1 + upTo(16)
    const kind = upTo(7)
    if (kind === 0 && out.length > 0) out[at]! ^= 1 << upTo(8)
    if (kind === 1 && out.length > 0) out[at] = upTo(256)
    if (kind === 2) out = out.subarray(0, at)
    if (kind === 3) out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)])
    if (kind === 4)
      out = Buffer.concat([out.subarray(0, at), Buffer.from(Array.from({ length }, () => upTo(256))), out.subarray(at)])
    if (kind === 5) out = Buffer.concat([out.subarray(0, at + length), out.subarray(at)])
    if (kind === 6)
      out = Buffer.concat([
        out.subarray(0, at),
        Buffer.from(["1e999", "-1", "null", "{}", '"', " "][upTo(6)]!),
        out.subarray(at + 1)
      ])
  }
  return new Uint8Array(out)
}
