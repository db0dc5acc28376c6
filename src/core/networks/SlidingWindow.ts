/**
 * Sliding windows over images `[height, width, channels]`: options, checks and output sizes of convolution and pooling.
 */
import { Result } from "effect"
import { NetworkError } from "../Network.ts"
import type { Shape } from "../Tensors.ts"

/** One number for height and width, or one for each. */
export type Lengths = number | readonly [height: number, width: number]

/** `same` pads so that only the stride reduces the size; `valid` does not pad. */
export type Padding = "same" | "valid"

export interface SlidingWindow {
  readonly size: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: Padding
}

/** An image's shape. */
export type ImageShape = readonly [height: number, width: number, channels: number]

export const pair = (lengths: Lengths): readonly [number, number] =>
  typeof lengths === "number" ? [lengths, lengths] : lengths

const problem = (reason: string): Result.Result<never, NetworkError> =>
  Result.fail(new NetworkError({ module: "", reason }))

/** Checks that all numbers are positive integers. */
export const checkCounts = (
  counts: Readonly<Record<string, Lengths>>
): Result.Result<Readonly<Record<string, Lengths>>, NetworkError> => {
  for (const [name, value] of Object.entries(counts)) {
    if (pair(value).some((count) => !Number.isInteger(count) || count < 1)) {
      const given = typeof value === "number" ? value : `[${value.join(", ")}]`
      return problem(
        `${name} is ${given}; it must be ${typeof value === "number" ? "a positive integer" : "positive integers"}`
      )
    }
  }
  return Result.succeed(counts)
}

/** Checks that the input is an image's shape. */
export const checkImage = (input: Shape): Result.Result<ImageShape, NetworkError> =>
  input.length === 3
    ? Result.succeed(input as unknown as ImageShape)
    : problem(
        `takes images [height, width, channels], but got examples of shape [${input.join(", ")}]; put reshape() before it`
      )

/** Output height and width. Fails if the image is smaller than an unpadded window. */
export const slide = (
  [height, width]: ImageShape,
  { size, stride, padding }: SlidingWindow
): Result.Result<readonly [number, number], NetworkError> => {
  if (padding === "same") return Result.succeed([Math.ceil(height / stride[0]), Math.ceil(width / stride[1])])
  return height < size[0] || width < size[1]
    ? problem(`a window of ${size.join(" x ")} does not fit into an image of ${height} x ${width}`)
    : Result.succeed([Math.ceil((height - size[0] + 1) / stride[0]), Math.ceil((width - size[1] + 1) / stride[1])])
}
