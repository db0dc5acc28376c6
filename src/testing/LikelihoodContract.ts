/**
 * What every likelihood must satisfy, as tests: `likelihoodContract("Mine", Mine(), { pixels: "binary" })`.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"
import type { Likelihood } from "../core/Likelihood.ts"
import { permutation } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"
import { float32, type HostTensor, type Shape } from "../core/Tensors.ts"
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
  uniformValues
} from "./TensorProbe.ts"

export interface LikelihoodContractOptions {
  /** Over which values of a pixel the likelihood is a distribution: 0 and 1, or all real numbers. */
  readonly pixels: "binary" | "real"
  /** Outputs between minus this and this must give finite values and gradients. */
  readonly extreme?: number
  /** Whether the mean is in [0, 1] for every output. */
  readonly bounded?: boolean
}

/** Registers the contract's tests. */
export const likelihoodContract = (name: string, likelihood: Likelihood, options: LikelihoodContractOptions): void => {
  const { pixels, extreme = 80, bounded = true } = options
  const sizes = {
    seed: Seed,
    batch: integers(1, 4),
    height: integers(1, 4),
    width: integers(1, 4),
    channels: integers(1, 3)
  }

  const outputAt = (seed: number, shape: Shape): HostTensor => normalValues(seed, "output", shape, 2)
  const imagesAt = (seed: number, shape: Shape): HostTensor => uniformValues(seed, "images", shape)

  const logProb = (output: HostTensor, images: HostTensor): Float32Array =>
    read(() => ({ logProb: likelihood.fromOutput(toTensor(output)).logProb(toTensor(images)) })).logProb.values

  describe(`${name}, a likelihood`, () => {
    it("describes itself", () => {
      assert.isString(likelihood.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(likelihood.spec)), likelihood.spec)
      assert.isUndefined(likelihood.problem)
    })

    it.prop("gives a mean [batch, height, width, channels] and log densities [batch]", sizes, ({ seed, ...sizes }) => {
      const shape = [sizes.batch, sizes.height, sizes.width, sizes.channels]
      const found = read(() => {
        const distribution = likelihood.fromOutput(toTensor(outputAt(seed, shape)))
        return { mean: distribution.mean, logProb: distribution.logProb(toTensor(imagesAt(seed, shape))) }
      })
      assertFinite(found)
      assert.deepStrictEqual(found.mean.shape, shape)
      assert.deepStrictEqual(found.logProb.shape, [sizes.batch])
      if (bounded) assert.isTrue(found.mean.values.every((value) => value >= 0 && value <= 1))
    })

    it.prop("sums over pixels: an image's log density is the sum of its pixels'", sizes, ({ seed, ...sizes }) => {
      const shape = [sizes.batch, sizes.height, sizes.width, sizes.channels]
      const length = sizes.height * sizes.width * sizes.channels
      const [output, images] = [outputAt(seed, shape), imagesAt(seed, shape)]
      const alone = [sizes.batch * length, 1, 1, 1]
      const single = logProb({ ...output, shape: alone }, { ...images, shape: alone })
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
      const permuted = logProb(permuteRows(output, order), permuteRows(images, order))
      assert.deepStrictEqual(
        permuted,
        Float32Array.from(order, (row) => straight[row]!)
      )
    })

    it("is a distribution: one pixel's densities add up to 1, with the stated mean", () => {
      for (const output of [-6, -1.5, -0.2, 0, 0.4, 2, 6]) {
        const { mean } = read(() => ({
          mean: likelihood.fromOutput(toTensor(constantValues([1, 1, 1, 1], output))).mean
        }))
        const center = mean.values[0]!
        // A fine mesh: the trapezium rule is exact to rounding for smooth densities that vanish at both ends.
        const step = pixels === "binary" ? 1 : 1 / 256
        const points =
          pixels === "binary"
            ? Float32Array.of(0, 1)
            : Float32Array.from({ length: 2 * 256 * 16 }, (_, index) => center + (index - 256 * 16) * step)
        const shape = [points.length, 1, 1, 1]
        const densities = logProb(constantValues(shape, output), float32(shape, points)).map(Math.exp)
        const sum = densities.reduce((sum, density) => sum + density * step, 0)
        const first = densities.reduce((sum, density, index) => sum + density * step * points[index]!, 0)
        assert.closeTo(sum, 1, 1e-4, `output ${output}`)
        assert.closeTo(first, center, 1e-3, `output ${output}`)
      }
    })

    it("has gradients that agree with finite differences", () => {
      for (const seed of [1, 2]) {
        const at = { output: outputAt(seed, [2, 2, 3, 1]), images: imagesAt(seed, [2, 2, 3, 1]) }
        assertGradients(
          ({ output, images }) => likelihood.fromOutput(output as tf.Tensor4D).logProb(images as tf.Tensor4D),
          at
        )
        assertGradients(({ output }) => likelihood.fromOutput(output as tf.Tensor4D).mean, { output: at.output })
      }
    })

    it(`gives finite values and gradients for outputs of ±${extreme}, of black and of white`, () => {
      const shape = [6, 1, 1, 1]
      const at = {
        output: float32(shape, Float32Array.of(-extreme, 0, extreme, -extreme, 0, extreme)),
        images: float32(shape, Float32Array.of(0, 0, 0, 1, 1, 1))
      }
      assertFinite({ logProb: { shape: [6], values: logProb(at.output, at.images) } })
      assertFinite(
        gradients(
          ({ output, images }) => likelihood.fromOutput(output as tf.Tensor4D).logProb(images as tf.Tensor4D),
          at
        )
      )
    })
  })
}
