/**
 * Contract tests of a posterior's density and KL divergence: closed form, Monte Carlo estimate, value at the prior.
 */
import { assert, it } from "@effect/vitest"
import { type PosteriorContractOptions, type PosteriorProbe, sizes } from "./PosteriorProbe.ts"
import * as tf from "@tensorflow/tfjs-core"
import { float32 } from "../../core/Tensors.ts"
import { assertClose, constantValues, gradients, integers, normalValues, read, Seed, toTensor } from "../TensorProbe.ts"

type Row = readonly [number, number, number]

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Registers the tests. */
export const densityTests = (probe: PosteriorProbe, options: PosteriorContractOptions): void => {
  const { diagonal = true, prior } = options
  const { at, centre, densityAt, densityOf, hasDensity, headsAt, look, ownDensity, posterior } = probe
  const widthOf = (head: string, latent: number): number => posterior.width?.(head, latent) ?? latent

  if (!hasDensity) {
    it("has a deviation of 0 and neither a density nor a KL divergence", () => {
      const heads = headsAt(1, 3, 2)
      const { deviation } = read(() => {
        const { deviation, draw, kl, logProb } = at(heads)
        assert.deepStrictEqual([draw, kl, logProb], [undefined, undefined, undefined])
        return { deviation }
      })
      assert.deepStrictEqual(deviation.values, new Float32Array(6))
    })
    return
  }

  it("has the density that its codes follow, by the derivatives of codes by noise", () => {
    const [step, latent] = [1 / 64, 3]
    const heads = headsAt(3, 1, latent, 0.7)
    const noise = [0.3, -0.8, 1.1]
    const codesAt = (moved: ReadonlyArray<number>): Float32Array =>
      read(() => ({ codes: at(heads).sample(tf.tensor2d([...moved], [1, latent])) })).codes.values
    // One row per dimension of the noise: the derivatives of the code by it.
    const jacobian = noise.map((_, dimension) => {
      const [after, before] = [step, -step].map((by) =>
        codesAt(noise.map((value, index) => (index === dimension ? value + by : value)))
      )
      return Array.from(after!, (value, index) => (value - before![index]!) / (2 * step))
    })
    const [[a, b, c], [d, e, f], [g, h, i]] = jacobian as unknown as readonly [Row, Row, Row]
    const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    const ofNoise = -0.5 * noise.reduce((sum, value) => sum + value ** 2 + Math.log(2 * Math.PI), 0)
    const { logProb } = read(() => look(at(heads), tf.tensor2d(noise, [1, latent])) as { readonly logProb: tf.Tensor })
    assert.closeTo(logProb.values[0]!, ofNoise - Math.log(Math.abs(determinant)), 5e-3)
  })

  if (ownDensity) return

  it.prop(
    "has a KL divergence of at least 0 and a deviation that is not negative",
    { ...sizes, exponent: integers(-6, 1) },
    ({ seed, batch, latent, exponent }) => {
      const near = Object.fromEntries(
        posterior.heads.map((head, index) => {
          const noise = normalValues(seed, head, [batch, widthOf(head, latent)], 10 ** exponent)
          return [head, { ...noise, values: noise.values.map((value) => value + centre(index)) }]
        })
      )
      const { kl, deviation } = read(() => ({ kl: densityAt(near).kl(), deviation: at(near).deviation }))
      assert.isTrue(
        kl.values.every((value) => value >= 0),
        `KL ${kl.values}`
      )
      assert.isTrue(deviation.values.every((value) => value >= 0))
    }
  )

  it.prop(
    "has the closed form ½ Σ (mean² + deviation² - 1 - 2 log deviation) as its KL divergence",
    sizes,
    ({ seed, batch, latent }) => {
      if (!diagonal) return
      const { kl, mean, deviation } = read(() => {
        const q = densityAt(headsAt(seed, batch, latent))
        return { kl: q.kl(), mean: q.mean, deviation: q.deviation }
      })
      const expected = Array.from(kl.values, (_, example) => {
        let sum = 0
        for (let index = example * latent; index < (example + 1) * latent; index++) {
          const [m, s] = [mean.values[index]!, deviation.values[index]!]
          sum += 0.5 * (m * m + s * s - 1 - 2 * Math.log(s))
        }
        return sum
      })
      assertClose(kl.values, expected, 1e-4, "kl")
    }
  )

  it.prop(
    "agrees with a Monte Carlo estimate of E_q[log q - log p]",
    { seed: Seed, latent: integers(1, 4) },
    ({ seed, latent }) => {
      const draws = 20_000
      const heads = Object.fromEntries(
        posterior.heads.map((head, index) => {
          const width = widthOf(head, latent)
          const row = normalValues(seed, head, [width], 0.7).values.map((value) => value + centre(index))
          const values = Float32Array.from({ length: draws * width }, (_, index) => row[index % width]!)
          return [head, float32([draws, width], values)]
        })
      )
      const { ratio, kl } = read(() => {
        const q = densityAt(heads)
        const codes = q.sample(toTensor(normalValues(seed, "noise", [draws, latent])))
        const squares: tf.Tensor1D = tf.sum(tf.square(codes), 1)
        const logPrior = tf.sub(tf.mul(squares, -0.5), 0.5 * latent * Math.log(2 * Math.PI))
        return { ratio: tf.sub(q.logProb(codes), logPrior), kl: q.kl() }
      })
      const estimate = mean(ratio.values)
      const error = Math.sqrt(mean(ratio.values.map((value) => (value - estimate) ** 2)) / draws)
      // Seeds are drawn anew in every run: beyond five standard errors is a right density once in two million times.
      assert.closeTo(estimate, kl.values[0]!, 6 * error + 1e-5)
    },
    { arbitrary: { runs: diagonal ? 20 : 3 } }
  )

  if (prior === undefined) return

  it("is the prior where the options say: KL 0, mean 0, deviation 1, and a KL gradient of 0", () => {
    const heads = Object.fromEntries(
      posterior.heads.map((head, index) => [head, constantValues([2, widthOf(head, 3)], centre(index))])
    )
    const { kl, mean, deviation } = read(() => {
      const q = densityAt(heads)
      return { kl: q.kl(), mean: q.mean, deviation: q.deviation }
    })
    assertClose(kl.values, [0, 0], 1e-6, "kl")
    assertClose(mean.values, new Float32Array(6), 1e-6, "mean")
    assertClose(deviation.values, new Float32Array(6).fill(1), 1e-6, "deviation")
    for (const [head, { values }] of Object.entries(gradients((heads) => densityOf(heads).kl(), heads))) {
      assertClose(values, new Float32Array(values.length), 1e-5, head)
    }
  })
}
