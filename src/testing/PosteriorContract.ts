/**
 * What every posterior must satisfy, as tests: `posteriorContract("Mine", Mine(), { prior: [0, 0] })`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Posterior, PosteriorDistribution } from "../core/Posterior.ts"
import { normal, permutation } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"
import { float32, type HostTensor } from "../core/Tensors.ts"
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
  /** The value of each head at which the posterior is the prior; leave it out for a family that does not hold it. */
  readonly prior?: ReadonlyArray<number>
  /** Heads between minus this and this must give finite values and gradients. */
  readonly extreme?: number
  /** Values of every head but the first, in units of `extreme`, that must be survived; -1, 0 and 1 unless given. */
  readonly scales?: ReadonlyArray<number>
  /** Whether noise may be turned round before it is added, as by a scale below 0; `false` unless given. */
  readonly signed?: boolean
}

/** A posterior with its density and its closed-form divergence to N(0, I). */
type Dense = PosteriorDistribution & Required<Pick<PosteriorDistribution, "kl" | "logProb">>

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Registers the contract's tests. */
export const posteriorContract = (name: string, posterior: Posterior, options: PosteriorContractOptions): void => {
  const { prior, extreme = 60, scales = [-1, 0, 1], signed = false } = options
  const hasDensity = posterior.hasDensity ?? true
  const centre = (index: number): number => prior?.[index] ?? 0
  const shapes = { seed: Seed, batch: integers(1, 6), latent: integers(1, 5) }

  /** Heads scattered widely enough to reach both sides of any threshold. */
  const headsAt = (seed: number, batch: number, latent: number, scale = 2): Record<string, HostTensor> =>
    Object.fromEntries(posterior.heads.map((head) => [head, normalValues(seed, head, [batch, latent], scale)]))

  const distribution = (heads: Readonly<Record<string, tf.Tensor>>): PosteriorDistribution =>
    posterior.fromHeads(posterior.heads.map((head) => heads[head] as tf.Tensor2D))

  const at = (heads: Readonly<Record<string, HostTensor>>): PosteriorDistribution =>
    distribution(Object.fromEntries(Object.entries(heads).map(([head, values]) => [head, toTensor(values)])))

  /** The same with its density, for families that have one. */
  const densityOf = (heads: Readonly<Record<string, tf.Tensor>>): Dense => {
    const { kl, logProb, ...rest } = distribution(heads)
    assert.isDefined(kl)
    assert.isDefined(logProb)
    return { ...rest, kl: kl!, logProb: logProb! }
  }

  const densityAt = (heads: Readonly<Record<string, HostTensor>>): Dense =>
    densityOf(Object.fromEntries(Object.entries(heads).map(([head, values]) => [head, toTensor(values)])))

  /** Whether the density belongs to what is looked at. */
  const narrow = hasDensity ? (["logProb", "kl"] as const) : []
  const narrowTerms = (q: PosteriorDistribution, codes: tf.Tensor2D): Record<string, tf.Tensor> =>
    hasDensity ? { logProb: q.logProb!(codes), kl: q.kl!() } : {}

  describe(`${name}, a posterior`, () => {
    it("describes itself", () => {
      assert.isString(posterior.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(posterior.spec)), posterior.spec)
      assert.isUndefined(posterior.problem)
      assert.strictEqual(new Set(posterior.heads).size, posterior.heads.length)
      if (prior !== undefined) assert.lengthOf(prior, posterior.heads.length)
    })

    it.prop("gives finite values of shapes [batch, latent] and [batch]", shapes, ({ seed, batch, latent }) => {
      const found = read(() => {
        const q = at(headsAt(seed, batch, latent))
        const codes = q.sample(toTensor(normalValues(seed, "noise", [batch, latent])))
        return { mean: q.mean, deviation: q.deviation, codes, ...narrowTerms(q, codes) } as Record<string, tf.Tensor>
      })
      assertFinite(found)
      for (const wide of ["mean", "deviation", "codes"] as const)
        assert.deepStrictEqual(found[wide]!.shape, [batch, latent])
      for (const term of narrow) assert.deepStrictEqual(found[term]!.shape, [batch])
    })

    it.prop(
      `samples mean + deviation noise${signed ? ", the noise's sign aside" : ""}`,
      shapes,
      ({ seed, batch, latent }) => {
        const noise = normalValues(seed, "noise", [batch, latent])
        const { codes, mean, deviation } = read(() => {
          const q = at(headsAt(seed, batch, latent))
          return { codes: q.sample(toTensor(noise)), mean: q.mean, deviation: q.deviation }
        })
        const moved = (values: Float32Array): Float32Array =>
          values.map((value, index) => (signed ? Math.abs(value - mean.values[index]!) : value - mean.values[index]!))
        const expected = mean.values.map((value, index) => value + deviation.values[index]! * noise.values[index]!)
        assertClose(moved(codes.values), moved(expected), 1e-5, "codes")
      }
    )

    if (hasDensity) {
      it.prop("takes several draws, one after the other, as it takes each alone", shapes, ({ seed, batch, latent }) => {
        const heads = headsAt(seed, batch, latent)
        const noise = normal({ seed, stream: "noise", step: 0 }, 3 * batch * latent)
        const look = (noise: Float32Array) =>
          read(() => {
            const q = densityAt(heads)
            const codes = q.sample(tf.tensor2d(noise, [noise.length / latent, latent]))
            return { codes, logProb: q.logProb(codes) }
          })
        const together = look(noise)
        assert.deepStrictEqual([together.codes.shape, together.logProb.shape], [[3 * batch, latent], [3 * batch]])
        const each = [0, 1, 2].map((draw) => look(noise.slice(draw * batch * latent, (draw + 1) * batch * latent)))
        assert.deepStrictEqual(
          Array.from(together.codes.values),
          each.flatMap(({ codes }) => Array.from(codes.values))
        )
        assert.deepStrictEqual(
          Array.from(together.logProb.values),
          each.flatMap(({ logProb }) => Array.from(logProb.values))
        )
      })
    }

    it.prop("does not depend on the order of the batch", shapes, ({ seed, batch, latent }) => {
      const order = permutation({ seed, stream: "order", step: 0 }, batch)
      const noise = normalValues(seed, "noise", [batch, latent])
      const terms = (heads: Readonly<Record<string, HostTensor>>, noise: HostTensor) =>
        read(() => {
          const q = at(heads)
          const codes = q.sample(toTensor(noise))
          return { codes, ...narrowTerms(q, codes) } as Record<string, tf.Tensor>
        })
      const heads = headsAt(seed, batch, latent)
      const moved = Object.fromEntries(Object.entries(heads).map(([head, value]) => [head, permuteRows(value, order)]))
      const [straight, permuted] = [terms(heads, noise), terms(moved, permuteRows(noise, order))]
      for (const [term, { shape, values }] of Object.entries(straight)) {
        assert.deepStrictEqual(permuted[term]!.values, permuteRows(float32(shape, values), order).values, term)
      }
    })

    it("has gradients that agree with finite differences", () => {
      for (const seed of [1, 2, 3]) {
        const heads = Record.map(headsAt(seed, 2, 3, 1), (head) => ({
          ...head,
          // A scale that may be below 0 has a pole there.
          values: signed ? head.values.map((value) => value + Math.sign(value)) : head.values
        })) as Record<string, HostTensor>
        const noise = normalValues(seed, "noise", [2, 3])
        assertGradients((heads) => distribution(heads).sample(toTensor(noise)), heads)
        if (!hasDensity) continue
        assertGradients((heads) => densityOf(heads).kl(), heads)
        const codes = normalValues(seed, "codes", [2, 3])
        assertGradients(({ codes, ...heads }) => densityOf(heads).logProb(codes as tf.Tensor2D), { ...heads, codes })
      }
    })

    it(`gives finite values and gradients for heads of ±${extreme}`, () => {
      const [head = "", ...others] = posterior.heads
      const corners = [-1, 0, 1].flatMap((first) => scales.map((second) => [first, second] as const))
      const count = corners.length
      const heads = Object.fromEntries([
        [head, { ...constantValues([count, 1], 0), values: Float32Array.from(corners, ([first]) => first * extreme) }],
        ...others.map((other) => [
          other,
          { ...constantValues([count, 1], 0), values: Float32Array.from(corners, ([, second]) => second * extreme) }
        ])
      ]) as Record<string, HostTensor>
      const terms: Record<string, (q: PosteriorDistribution) => tf.Tensor> = {
        sample: (q) => q.sample(tf.ones([count, 1])),
        deviation: (q) => q.deviation,
        ...(hasDensity && { kl: (q) => q.kl!(), logProb: (q) => q.logProb!(q.sample(tf.ones([count, 1]))) })
      }
      for (const [term, compute] of Object.entries(terms)) {
        assertFinite(read(() => ({ [term]: compute(at(heads)) })))
        assertFinite(gradients((heads) => compute(distribution(heads)), heads))
      }
    })

    if (!hasDensity) {
      it("has a deviation of 0 and neither a density nor a KL divergence", () => {
        const heads = headsAt(1, 3, 2)
        const { deviation } = read(() => ({ deviation: at(heads).deviation }))
        assert.deepStrictEqual(deviation.values, new Float32Array(6))
        const { kl, logProb } = distribution({})
        assert.deepStrictEqual([kl, logProb], [undefined, undefined])
      })
      return
    }

    it.prop(
      "has a KL divergence of at least 0 and a deviation that is not negative",
      { ...shapes, exponent: integers(-6, 1) },
      ({ seed, batch, latent, exponent }) => {
        const near = Object.fromEntries(
          posterior.heads.map((head, index) => {
            const noise = normalValues(seed, head, [batch, latent], 10 ** exponent)
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
      shapes,
      ({ seed, batch, latent }) => {
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
            const row = normalValues(seed, head, [latent], 0.7).values.map((value) => value + centre(index))
            const values = Float32Array.from({ length: draws * latent }, (_, index) => row[index % latent]!)
            return [head, { ...constantValues([draws, latent], 0), values }]
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
        assert.closeTo(estimate, kl.values[0]!, 5 * error + 1e-5)
      },
      { arbitrary: { runs: 20 } }
    )

    if (prior === undefined) return

    it("is the prior where the options say: KL 0, mean 0, deviation 1, and a KL gradient of 0", () => {
      const heads = Object.fromEntries(
        posterior.heads.map((head, index) => [head, constantValues([2, 3], centre(index))])
      )
      const { kl, mean, deviation } = read(() => {
        const q = densityAt(heads)
        return { kl: q.kl(), mean: q.mean, deviation: q.deviation }
      })
      assertClose(kl.values, [0, 0], 1e-6, "kl")
      assertClose(mean.values, new Float32Array(6), 1e-6, "mean")
      assertClose(deviation.values, new Float32Array(6).fill(1), 1e-6, "deviation")
      for (const [head, { values }] of Object.entries(gradients((heads) => densityOf(heads).kl(), heads))) {
        assertClose(values, new Float32Array(6), 1e-5, head)
      }
    })
  })
}
