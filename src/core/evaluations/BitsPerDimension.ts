/**
 * Bits per dimension: the negative log likelihood of images of discrete pixels, per pixel and channel, in bits.
 */
import type { ImageShape } from "../Dataset.ts"

/** `nats / (height width channels log 2)`, for nats per image. Means nothing for a density, as of a Gaussian. */
export const bitsPerDimension = (nats: number, { channels, height, width }: ImageShape): number =>
  nats / (height * width * channels * Math.LN2)
