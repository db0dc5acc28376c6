/**
 * Codes of test images, and the region of the latent space that a map shows.
 */
import { Effect } from "effect"
import { CodesData, type ModelData } from "../ReportData.ts"
import { bytesOf, part } from "./Assets.ts"

export interface Codes {
  readonly count: number
  readonly latent: number
  /** Indices in the test split, `[count]`. */
  readonly indices: Int32Array
  /** Classes, `[count]`. */
  readonly labels: Uint8Array | undefined
  /** `[count, latent]`. */
  readonly mean: Float32Array
  readonly deviation: Float32Array
}

/** The codes of a run's test images. */
export const codesOf = ({ codes, latent }: ModelData) =>
  Effect.map(part(codes, CodesData), ({ count, deviation, indices, labels, mean }): Codes => ({
    count,
    latent,
    indices: new Int32Array(bytesOf(indices).buffer),
    labels: labels === undefined ? undefined : bytesOf(labels),
    mean: new Float32Array(bytesOf(mean).buffer),
    deviation: new Float32Array(bytesOf(deviation).buffer)
  }))

/** The code of one of the images. */
export const codeAt = ({ latent, mean }: Codes, place: number): Float32Array =>
  mean.slice(place * latent, (place + 1) * latent)

/** Values of one dimension. */
export const along = ({ count, latent, mean }: Codes, dimension: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => mean[index * latent + dimension]!)

/** Dimensions sorted by the variance of the codes, largest first. */
export const byVariance = (codes: Codes): ReadonlyArray<number> => {
  const variance = Array.from({ length: codes.latent }, (_, dimension) => {
    const values = along(codes, dimension)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  })
  return variance.map((_, dimension) => dimension).sort((left, right) => variance[right]! - variance[left]!)
}

/** A square of the latent plane: its centre and half its side. */
export interface Extent {
  readonly x: number
  readonly y: number
  readonly half: number
}

/** Extent of the prior: three standard deviations. */
export const prior: Extent = { x: 0, y: 0, half: 3.2 }

/** The interval from the 1st to the 99th percentile. */
const central = (values: Float32Array): readonly [low: number, high: number] => {
  const ordered = values.toSorted()
  const at = (share: number) => ordered[Math.round(share * (ordered.length - 1))] ?? 0
  return [at(0.005), at(0.995)]
}

/** A square that contains the codes in two dimensions. */
export const extentOf = (codes: Codes, horizontal: number, vertical: number | undefined): Extent => {
  const [left, right] = central(along(codes, horizontal))
  const [bottom, top] = vertical === undefined ? [-1, 1] : central(along(codes, vertical))
  const half = Math.max(right - left, top - bottom, 1e-3) * 0.54
  return { x: (left + right) / 2, y: (bottom + top) / 2, half }
}

/** A code's position on the map, from 0 (left, bottom) to 1. */
export const onMap = ({ half, x, y }: Extent, horizontal: number, vertical: number): readonly [number, number] => [
  (horizontal - x + half) / (2 * half),
  (vertical - y + half) / (2 * half)
]

/** The inverse: the point of the latent plane at a position. */
export const inPlane = ({ half, x, y }: Extent, right: number, up: number): readonly [number, number] => [
  x - half + 2 * half * right,
  y - half + 2 * half * up
]

/** `count` codes of a linear interpolation, endpoints included, `[count, latent]`. */
export const between = (from: Float32Array, to: Float32Array, count: number): Float32Array => {
  const result = new Float32Array(count * from.length)
  for (let step = 0; step < count; step++) {
    const part = step / (count - 1)
    from.forEach((value, dimension) => {
      result[step * from.length + dimension] = (1 - part) * value + part * to[dimension]!
    })
  }
  return result
}
