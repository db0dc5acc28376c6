/**
 * A counter-based random number generator: every number is a pure function of (seed, stream, step, index).
 *
 * Laws: value `index` of a stream does not depend on the number of values requested; different streams, steps and seeds
 * give independent numbers. Use a stream for one purpose, because `bits`, `uniform` and `normal` of one key use the
 * same bits.
 *
 * Source: Threefry-2x32 with 20 rounds, Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3",
 * https://doi.org/10.1145/2063384.2063405
 */
import type { NoiseType } from "./Noise.ts"
import { sha256 } from "./Spec.ts"
import { float32, type HostTensor, sizeOf } from "./Tensors.ts"

/** The key of a sequence of random numbers. */
export interface RandomKey {
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number
  /** Purpose of the numbers, such as `noise/posterior`. */
  readonly stream: string
  /** Optimiser step or epoch: an integer from 0 to 2^32 - 1. */
  readonly step: number
}

/** Two 32-bit words. */
export type WordPair = readonly [number, number]

const wordRange = 2 ** 32

const rotate = (word: number, count: number): number => (word << count) | (word >>> (32 - count))

/**
 * Threefry-2x32-20 under `key`, of the counters `counter`, `counter + [1, 0]`, ...: two words each, filling `words`,
 * whose length is even.
 */
export const threefry = (key: WordPair, counter: WordPair, words: Int32Array): void => {
  // As signed integers: with words beyond their range, all sums would be those of floats.
  const [key0, key1] = [key[0] | 0, key[1] | 0]
  const key2 = 0x1bd11bda ^ key0 ^ key1
  const [first0, first1] = [(counter[0] + key0) | 0, (counter[1] + key1) | 0]
  for (let index = 0; index < words.length; index += 2) {
    let x0 = (first0 + (index >> 1)) | 0
    let x1 = first1
    // Five groups of four rounds and two keys, written out: twice as fast as a loop.
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 13) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 15) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 26) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 6) ^ x0
    x0 = (x0 + key1) | 0
    x1 = (x1 + key2 + 1) | 0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 17) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 29) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 16) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 24) ^ x0
    x0 = (x0 + key2) | 0
    x1 = (x1 + key0 + 2) | 0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 13) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 15) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 26) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 6) ^ x0
    x0 = (x0 + key0) | 0
    x1 = (x1 + key1 + 3) | 0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 17) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 29) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 16) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 24) ^ x0
    x0 = (x0 + key1) | 0
    x1 = (x1 + key2 + 4) | 0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 13) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 15) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 26) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, 6) ^ x0
    x0 = (x0 + key2) | 0
    x1 = (x1 + key0 + 5) | 0
    words[index] = x0
    words[index + 1] = x1
  }
}

/** The most hashes that are kept: a training step's streams are few, but some evaluations have one for each image. */
const mostHashes = 256

/** The first 64 bits of a name's SHA-256, kept, because each step of training asks for the same ones. */
const hashes = new Map<string, WordPair>()
const hashOf = (stream: string): WordPair => {
  const known = hashes.get(stream)
  if (known !== undefined) return known
  const hash = sha256(stream)
  const found: WordPair = [Number.parseInt(hash.slice(0, 8), 16) | 0, Number.parseInt(hash.slice(8, 16), 16) | 0]
  if (hashes.size === mostHashes) hashes.clear()
  hashes.set(stream, found)
  return found
}

/** The generator's key for a seed and a stream: the hash of the stream's name, encrypted with the seed. */
const streamKey = ({ seed, stream }: RandomKey): WordPair => {
  const key = new Int32Array(2)
  threefry([seed | 0, Math.floor(seed / wordRange) | 0], hashOf(stream), key)
  return [key[0]!, key[1]!]
}

/** `2 * pairs` words, as signed integers. */
const words = (key: RandomKey, pairs: number): Int32Array => {
  const result = new Int32Array(2 * pairs)
  threefry(streamKey(key), [0, key.step | 0], result)
  return result
}

/** Uniform 32-bit words, `[count]`. */
export const bits = (key: RandomKey, count: number): Uint32Array =>
  new Uint32Array(words(key, Math.ceil(count / 2)).buffer, 0, count)

/** Uniform numbers in [0, 1), multiples of 2^-24, `[count]`. */
export const uniform = (key: RandomKey, count: number): Float32Array => {
  const source = bits(key, count)
  const values = new Float32Array(count)
  for (let index = 0; index < count; index++) values[index] = (source[index]! >>> 8) * 2 ** -24
  return values
}

/**
 * Standard normal numbers from uniform 32-bit words, two from two, which they overwrite: the transform of Box and Muller
 * 1958.
 *
 * The radius is `sqrt(-2 log u)` with `u` in (0, 1], so every value is finite and below 6.67 in size.
 */
export const boxMuller = (source: Int32Array): Float32Array => {
  const values = new Float32Array(source.buffer, source.byteOffset, source.length)
  for (let index = 0; index < source.length; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(((source[index]! >>> 0) + 1) / wordRange))
    // Half the angle, in [-π/2, π/2), needs one sine: cos 2a = 1 - 2 sin² a and sin 2a = 2 sin a cos a.
    const sine = Math.sin(source[index + 1]! * (Math.PI / wordRange))
    values[index] = radius * (1 - 2 * sine * sine)
    values[index + 1] = radius * 2 * sine * Math.sqrt(1 - sine * sine)
  }
  return values
}

/** Standard normal numbers, all finite, `[count]`. */
export const normal = (key: RandomKey, count: number): Float32Array =>
  boxMuller(words(key, Math.ceil(count / 2))).subarray(0, count)

/** The integers from 0 to `count - 1` in random order, `[count]`: Fisher and Yates, 53 bits per choice. */
export const permutation = (key: RandomKey, count: number): Int32Array => {
  const source = words(key, count)
  const order = Int32Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const fraction = ((source[2 * last]! >>> 5) * 2 ** 26 + (source[2 * last + 1]! >>> 6)) * 2 ** -53
    const chosen = Math.floor(fraction * (last + 1))
    const value = order[chosen]!
    order[chosen] = order[last]!
    order[last] = value
  }
  return order
}

/**
 * Noise for a batch, `[batch, ...shape]`. An example's noise depends on its position in the batch, not on the batch
 * size.
 */
export const draw = (noise: NoiseType, key: RandomKey, batch: number): HostTensor => {
  const shape = [batch, ...noise.shape]
  const count = sizeOf(shape)
  return float32(shape, noise.distribution === "normal" ? normal(key, count) : uniform(key, count))
}
