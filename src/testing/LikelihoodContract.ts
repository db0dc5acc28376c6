/**
 * The contract of likelihoods as tests: `likelihoodContract("Mine", Mine(), { pixels: "binary" })`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Likelihood, LikelihoodDistribution } from "../core/Likelihood.ts"
import { permutation } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"
import { float32, type HostTensor, type Shape, type Tensors } from "../core/Tensors.ts"
import {
  assertClose,
  assertFinite,
  assertGradients,
  constantValues,
  gradients,
  integers,
  normalValues,
  permuteRows,
  read,
  Seed,
  toTensor,
  toTensors,
  uniformValues
} from "./TensorProbe.ts"

export interface LikelihoodContractOptions {
  /**
   * Domain of a pixel's distribution: 0 and 1, the 256 values of 8 bits, [0, 1], or all real numbers; `image` if only
   * whole images have a distribution, or none.
   */
  readonly pixels: "binary" | "bytes" | "unit" | "real" | "image"
  /** Step of the finite differences, short if the log density has kinks; default: 1/128. */
  readonly step?: number
  /** Whether the mean is exactly the distribution's mean; default: true. */
  readonly exactMean?: boolean
  /** Outputs between minus this and this must give finite values and gradients. */
  readonly extreme?: number
  /** Whether the mean is in [0, 1] for every output. */
  readonly bounded?: boolean
}

/** Quadrature points per pixel, and their distance. */
const pointsOf = (
  pixels: Exclude<LikelihoodContractOptions["pixels"], "image">,
  center: number
): { readonly points: Float32Array; readonly step: number } => {
  const equal = (count: number, at: (index: number) => number): Float32Array =>
    Float32Array.from({ length: count }, (_, index) => at(index))
  switch (pixels) {
    case "binary":
      return { points: Float32Array.of(0, 1), step: 1 }
    case "bytes":
      return { points: equal(256, (index) => index / 255), step: 1 }
    // The midpoint rule, with an error of second order at the ends.
    case "unit":
      return { points: equal(1024, (index) => (index + 0.5) / 1024), step: 1 / 1024 }
    // The trapezoidal rule on a fine mesh is exact to rounding for smooth densities that vanish at both ends.
    case "real":
      return { points: equal(2 * 256 * 16, (index) => center + (index - 256 * 16) / 256), step: 1 / 256 }
  }
}

/** Registers the contract's tests. */
export const likelihoodContract = (name: string, likelihood: Likelihood, options: LikelihoodContractOptions): void => {
  const { pixels, extreme = 80, bounded = true, exactMean = true, step = 1 / 128 } = options
  const { outputs = 1 } = likelihood
  const sizes = {
    seed: Seed,
    batch: integers(1, 4),
    height: integers(1, 4),
    width: integers(1, 4),
    channels: integers(1, 3)
  }

  /** The decoder's outputs by name, each with the images' shape. */
  type Output = Readonly<Record<string, HostTensor>>

  const names = Array.from({ length: outputs }, (_, index) => `output${index}`)
  const outputAt = (seed: number, shape: Shape): Output =>
    Object.fromEntries(names.map((name) => [name, normalValues(seed, name, shape, 2)]))
  const imagesAt = (seed: number, shape: Shape): HostTensor => uniformValues(seed, "images", shape)
  const rowsOf = (output: Output, order: ArrayLike<number>): Output =>
    Record.map(output, (values) => permuteRows(values, order))

  const parameters = Record.map(
    likelihood.parameters?.({ height: 1, width: 1, channels: 1 }) ?? {},
    ({ shape }, name): HostTensor => normalValues(1, name, shape, 0.5)
  )

  /** The distribution for the decoder's outputs and the likelihood's own parameters. */
  const distribution = (tensors: Tensors): LikelihoodDistribution =>
    likelihood.fromOutput(
      tf.concat(
        names.map((name) => tensors[name]!),
        3
      ) as tf.Tensor4D,
      tensors
    )
  const at = (output: Output): LikelihoodDistribution => distribution(toTensors({ ...parameters, ...output }))

  const logProb = (output: Output, images: HostTensor): Float32Array =>
    read(() => ({ logProb: at(output).logProb(toTensor(images)) })).logProb.values

  describe(`${name}, a likelihood`, () => {
    it("describes itself", () => {
      assert.isString(likelihood.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(likelihood.spec)), likelihood.spec)
      assert.isUndefined(likelihood.problem)
    })

    it.prop("has a mean [batch, height, width, channels] and log densities [batch]", sizes, ({ seed, ...sizes }) => {
      const shape = [sizes.batch, sizes.height, sizes.width, sizes.channels]
      const found = read(() => {
        const distribution = at(outputAt(seed, shape))
        return { mean: distribution.mean, logProb: distribution.logProb(toTensor(imagesAt(seed, shape))) }
      })
      assertFinite(found)
      assert.deepStrictEqual(found.mean.shape, shape)
      assert.deepStrictEqual(found.logProb.shape, [sizes.batch])
      if (bounded) assert.isTrue(found.mean.values.every((value) => value >= 0 && value <= 1))
    })

    it.prop("sums over pixels: an image's log density is the sum of its pixels'", sizes, ({ seed, ...sizes }) => {
      if (pixels === "image") return
      const shape = [sizes.batch, sizes.height, sizes.width, sizes.channels]
      const length = sizes.height * sizes.width * sizes.channels
      const [output, images] = [outputAt(seed, shape), imagesAt(seed, shape)]
      const alone = [sizes.batch * length, 1, 1, 1]
      const single = logProb(
        Record.map(output, (values) => ({ ...values, shape: alone })),
        { ...images, shape: alone }
      )
      const expected = Array.from({ length: sizes.batch }, (_, example) =>
        single.slice(example * length, (example + 1) * length).reduce((sum, value) => sum + value, 0)
      )
      assertClose(logProb(output, images), expected, 1e-5, "log density")
    })

    it.prop("does not depend on the order of the batch", sizes, ({ seed, ...sizes }) => {
      const shape = [sizes.batch, sizes.height, sizes.width, sizes.channels]
      const [output, images] = [outputAt(seed, shape), imagesAt(seed, shape)]
      const order = permutation({ seed, stream: "order", step: 0 }, sizes.batch)
      const straight = logProb(output, images)
      const permuted = logProb(rowsOf(output, order), permuteRows(images, order))
      assert.deepStrictEqual(
        permuted,
        Float32Array.from(order, (row) => straight[row]!)
      )
    })

    it("is a distribution: one pixel's density integrates to 1, with the declared mean", () => {
      if (pixels === "image") return
      const { levels } = likelihood
      // Of probabilities, and not of a density, nats convert to bits per dimension.
      if (pixels === "bytes" || levels !== undefined) {
        assert.deepStrictEqual([pointsOf(pixels, 0).step, pointsOf(pixels, 0).points.length], [1, levels])
      }
      for (const output of [-6, -1.5, -0.2, 0, 0.4, 2, 6]) {
        const constant = (shape: Shape): Output => Record.map(outputAt(1, shape), () => constantValues(shape, output))
        const center = read(() => ({ mean: at(constant([1, 1, 1, 1])).mean })).mean.values[0]!
        const { points, step } = pointsOf(pixels, center)
        const shape = [points.length, 1, 1, 1]
        const densities = logProb(constant(shape), float32(shape, points)).map(Math.exp)
        const sum = densities.reduce((sum, density) => sum + density * step, 0)
        const first = densities.reduce((sum, density, index) => sum + density * step * points[index]!, 0)
        assert.closeTo(sum, 1, 1e-4, `output ${output}`)
        if (exactMean) assert.closeTo(first, center, 1e-3, `output ${output}`)
      }
    })

    it("has gradients that agree with finite differences", () => {
      for (const seed of [1, 2]) {
        const output = outputAt(seed, [2, 2, 3, 1])
        const images = imagesAt(seed, [2, 2, 3, 1])
        const at = { ...parameters, ...output, images }
        assertGradients(({ images, ...others }) => distribution(others).logProb(images as tf.Tensor4D), at, { step })
        assertGradients((tensors) => distribution({ ...toTensors(parameters), ...tensors }).mean, output, { step })
      }
    })

    it(`gives finite values and gradients for outputs of ±${extreme}, of black and of white`, () => {
      // Every extreme of the first output with every one of the others, for black and for white.
      const ends = [-extreme, 0, extreme]
      const corners = [0, 1].flatMap((pixel) =>
        ends.flatMap((one) => ends.map((other) => [pixel, one, other] as const))
      )
      const shape = [corners.length, 1, 1, 1]
      const column = (place: 0 | 1 | 2): HostTensor =>
        float32(
          shape,
          Float32Array.from(corners, (row) => row[place])
        )
      const output = Object.fromEntries(names.map((name, index) => [name, column(index === 0 ? 1 : 2)]))
      const images = column(0)
      assertFinite({ logProb: { shape: [corners.length], values: logProb(output, images) } })
      assertFinite(
        gradients(({ images, ...others }) => distribution(others).logProb(images as tf.Tensor4D), {
          ...parameters,
          ...output,
          images
        } as Record<string, HostTensor>)
      )
    })
  })
}
