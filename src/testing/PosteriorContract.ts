/**
 * What every posterior must satisfy, as tests: `posteriorContract("Mine", Mine(), { prior: [0, 0] })`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { Posterior, PosteriorDistribution } from "../core/Posterior.ts"
import { permutation } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"
import type { HostTensor } from "../core/Tensors.ts"
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
  toTensor
} from "./TensorProbe.ts"

export interface PosteriorContractOptions {
  /** The value of each head at which the posterior is the prior. */
  readonly prior: ReadonlyArray<number>
  /** Heads between minus this and this must give finite values and gradients. */
  readonly extreme?: number
}

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Registers the contract's tests. */
export const posteriorContract = (name: string, posterior: Posterior, options: PosteriorContractOptions): void => {
  const { prior, extreme = 60 } = options
  const shapes = { seed: Seed, batch: integers(1, 6), latent: integers(1, 5) }

  /** Heads scattered widely enough to reach both sides of any threshold. */
  const headsAt = (seed: number, batch: number, latent: number, scale = 2): Record<string, HostTensor> =>
    Object.fromEntries(posterior.heads.map((head) => [head, normalValues(seed, head, [batch, latent], scale)]))

  const distribution = (heads: Readonly<Record<string, tf.Tensor>>): PosteriorDistribution =>
    posterior.fromHeads(posterior.heads.map((head) => heads[head] as tf.Tensor2D))

  const at = (heads: Readonly<Record<string, HostTensor>>): PosteriorDistribution =>
    distribution(Object.fromEntries(Object.entries(heads).map(([head, values]) => [head, toTensor(values)])))

  describe(`${name}, a posterior`, () => {
    it("describes itself", () => {
      assert.isString(posterior.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(posterior.spec)), posterior.spec)
      assert.isUndefined(posterior.problem)
      assert.strictEqual(new Set(posterior.heads).size, posterior.heads.length)
      assert.lengthOf(prior, posterior.heads.length)
    })

    it.prop("gives shapes [batch, latent] and [batch]", shapes, ({ seed, batch, latent }) => {
      const found = read(() => {
        const q = at(headsAt(seed, batch, latent))
        const codes = q.sample(toTensor(normalValues(seed, "noise", [batch, latent])))
        return { mean: q.mean, deviation: q.deviation, codes, logProb: q.logProb(codes), kl: q.kl() }
      })
      assertFinite(found)
      for (const wide of ["mean", "deviation", "codes"] as const)
        assert.deepStrictEqual(found[wide].shape, [batch, latent])
      for (const narrow of ["logProb", "kl"] as const) assert.deepStrictEqual(found[narrow].shape, [batch])
    })

    it.prop(
      "has a KL divergence of at least 0 and a deviation that is not negative",
      { ...shapes, exponent: integers(-6, 1) },
      ({ seed, batch, latent, exponent }) => {
        const near = Object.fromEntries(
          posterior.heads.map((head, index) => {
            const noise = normalValues(seed, head, [batch, latent], 10 ** exponent)
            return [head, { ...noise, values: noise.values.map((value) => value + prior[index]!) }]
          })
        )
        const { kl, deviation } = read(() => ({ kl: at(near).kl(), deviation: at(near).deviation }))
        assert.isTrue(
          kl.values.every((value) => value >= 0),
          `KL ${kl.values}`
        )
        assert.isTrue(deviation.values.every((value) => value >= 0))
      }
    )

    it("is the prior where the options say: KL 0, mean 0, deviation 1, and a KL gradient of 0", () => {
      const heads = Object.fromEntries(
        posterior.heads.map((head, index) => [head, constantValues([2, 3], prior[index]!)])
      )
      const { kl, mean, deviation } = read(() => {
        const q = at(heads)
        return { kl: q.kl(), mean: q.mean, deviation: q.deviation }
      })
      assertClose(kl.values, [0, 0], 1e-6, "kl")
      assertClose(mean.values, new Float32Array(6), 1e-6, "mean")
      assertClose(deviation.values, new Float32Array(6).fill(1), 1e-6, "deviation")
      for (const [head, { values }] of Object.entries(gradients((heads) => distribution(heads).kl(), heads))) {
        assertClose(values, new Float32Array(6), 1e-5, head)
      }
    })

    it.prop(
      "has the closed form ½ Σ (mean² + deviation² - 1 - 2 log deviation) as its KL divergence",
      shapes,
      ({ seed, batch, latent }) => {
        const { kl, mean, deviation } = read(() => {
          const q = at(headsAt(seed, batch, latent))
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
            const row = normalValues(seed, head, [latent], 0.7).values.map((value) => value + prior[index]!)
            const values = Float32Array.from({ length: draws * latent }, (_, index) => row[index % latent]!)
            return [head, { ...constantValues([draws, latent], 0), values }]
          })
        )
        const { ratio, kl } = read(() => {
          const q = at(heads)
          const codes = q.sample(toTensor(normalValues(seed, "noise", [draws, latent])))
          const squares: tf.Tensor1D = tf.sum(tf.square(codes), 1)
          const logPrior = tf.sub(tf.mul(squares, -0.5), 0.5 * latent * Math.log(2 * Math.PI))
          return { ratio: tf.sub(q.logProb(codes), logPrior), kl: q.kl() }
        })
        const estimate = mean(ratio.values)
        const error = Math.sqrt(mean(ratio.values.map((value) => (value - estimate) ** 2)) / draws)
        assert.closeTo(estimate, kl.values[0]!, 5 * error + 1e-5)
      },
      { arbitrary: { runs: 20 } }
    )

    it.prop("samples `mean + deviation noise`", shapes, ({ seed, batch, latent }) => {
      const noise = normalValues(seed, "noise", [batch, latent])
      const { codes, mean, deviation } = read(() => {
        const q = at(headsAt(seed, batch, latent))
        return { codes: q.sample(toTensor(noise)), mean: q.mean, deviation: q.deviation }
      })
      const expected = mean.values.map((value, index) => value + deviation.values[index]! * noise.values[index]!)
      assertClose(codes.values, expected, 1e-5, "codes")
    })

    it.prop("does not depend on the order of the batch", shapes, ({ seed, batch, latent }) => {
      const order = permutation({ seed, stream: "order", step: 0 }, batch)
      const noise = normalValues(seed, "noise", [batch, latent])
      const terms = (heads: Readonly<Record<string, HostTensor>>, noise: HostTensor) =>
        read(() => {
          const q = at(heads)
          const codes = q.sample(toTensor(noise))
          return { logProb: q.logProb(codes), kl: q.kl() }
        })
      const heads = headsAt(seed, batch, latent)
      const moved = Object.fromEntries(Object.entries(heads).map(([head, value]) => [head, permuteRows(value, order)]))
      const [straight, permuted] = [terms(heads, noise), terms(moved, permuteRows(noise, order))]
      for (const term of ["logProb", "kl"] as const) {
        assert.deepStrictEqual(
          permuted[term].values,
          Float32Array.from(order, (row) => straight[term].values[row]!)
        )
      }
    })

    it("has gradients that agree with finite differences", () => {
      for (const seed of [1, 2, 3]) {
        const heads = headsAt(seed, 2, 3, 1)
        const noise = normalValues(seed, "noise", [2, 3])
        assertGradients((heads) => distribution(heads).kl(), heads)
        assertGradients((heads) => distribution(heads).sample(toTensor(noise)), heads)
        const codes = normalValues(seed, "codes", [2, 3])
        assertGradients(({ codes, ...heads }) => distribution(heads).logProb(codes as tf.Tensor2D), { ...heads, codes })
      }
    })

    it(`gives finite values and gradients for heads of ±${extreme}`, () => {
      const [head = "", ...others] = posterior.heads
      const corners = [-1, 0, 1].flatMap((first) => [-1, 0, 1].map((second) => [first, second] as const))
      const heads = Object.fromEntries([
        [head, { ...constantValues([9, 1], 0), values: Float32Array.from(corners, ([first]) => first * extreme) }],
        ...others.map((other) => [
          other,
          { ...constantValues([9, 1], 0), values: Float32Array.from(corners, ([, second]) => second * extreme) }
        ])
      ]) as Record<string, HostTensor>
      const terms: Record<string, (q: PosteriorDistribution) => tf.Tensor> = {
        kl: (q) => q.kl(),
        sample: (q) => q.sample(tf.ones([9, 1])),
        deviation: (q) => q.deviation,
        logProb: (q) => q.logProb(q.sample(tf.ones([9, 1])))
      }
      for (const [term, compute] of Object.entries(terms)) {
        assertFinite(read(() => ({ [term]: compute(at(heads)) })))
        assertFinite(gradients((heads) => compute(distribution(heads)), heads))
      }
    })
  })
}
