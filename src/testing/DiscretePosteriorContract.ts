/**
 * The contract of posteriors of discrete codes as tests:
 * `discretePosteriorContract("Mine", Mine({ categories: 3 }), { latent: 6 })`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { divergence, drawCodes } from "../core/Divergence.ts"
import type { DiscreteFamily, PosteriorDistribution } from "../core/Posterior.ts"
import { permutation } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"
import type { HostTensor } from "../core/Tensors.ts"
import {
  assertClose,
  assertFinite,
  constantValues,
  gradients,
  integers,
  normalValues,
  permuteRows,
  read,
  Seed,
  toTensor,
  toTensors
} from "./TensorProbe.ts"
import { discretePosteriorProbe, everyChoice } from "./posteriors/DiscretePosteriorProbe.ts"

export interface DiscretePosteriorContractOptions {
  /** Latent dimensions of codes with so few variables that all of their choices can be listed. */
  readonly latent: number
  /** Heads between minus this and this must give finite values and gradients. Default: 1000. */
  readonly extreme?: number
}

/** Registers the contract's tests. */
export const discretePosteriorContract = (
  name: string,
  posterior: DiscreteFamily,
  { extreme = 1000, latent }: DiscretePosteriorContractOptions
): void => {
  const { categories, variables } = posterior.space(latent)
  const { distribution, embed, headsAt, noiseAt, prior, space } = discretePosteriorProbe(posterior, latent)

  describe(`${name}, a posterior of discrete codes`, () => {
    it("describes itself", () => {
      assert.isString(posterior.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(posterior.spec)), posterior.spec)
      assert.isUndefined(posterior.problem)
      assert.isUndefined(posterior.problemFor?.(latent))
      assert.isAtMost(categories ** variables, 1000, "too many choices to list")
    })

    it.prop(
      "gives finite values of sizes [batch, latent] and [batch], in training and in evaluation",
      { seed: Seed, batch: integers(1, 5) },
      ({ seed, batch }) => {
        for (const training of [false, true]) {
          const found = read(() => {
            const q = distribution(toTensors(headsAt(seed, batch)), training)
            const drawn = drawCodes(q, noiseAt(seed, batch))
            return {
              mean: q.mean,
              deviation: q.deviation,
              codes: drawn.codes,
              logProb: drawn.logProb!(),
              kl: divergence(q, prior(training), drawn)!.value,
              mostProbable: q.choices!.mostProbable()
            }
          })
          assertFinite(found)
          assert.deepStrictEqual(
            Record.map(found, ({ shape }) => shape),
            {
              mean: [batch, latent],
              deviation: [batch, latent],
              codes: [batch, latent],
              logProb: [batch],
              kl: [batch],
              mostProbable: [batch, variables]
            }
          )
          assert.isTrue(found.mostProbable.values.every((choice) => Number.isInteger(choice) && choice < categories))
        }
      }
    )

    it.prop("has probabilities of choices that add up to 1, and draws choices", { seed: Seed }, ({ seed }) => {
      if (posterior.densityOfOwnCodes === true) return
      const draws = 50
      const { all, codes, logProbs, mean, mostProbable } = read(() => {
        const q = distribution(toTensors(headsAt(seed, 1)))
        const all = embed(everyChoice(space))
        return {
          all,
          codes: q.sample(noiseAt(seed, draws)),
          logProbs: q.logProb!(all),
          mean: q.mean,
          mostProbable: q.choices!.mostProbable()
        }
      })
      const probabilities = Array.from(logProbs.values, Math.exp)
      assert.closeTo(
        probabilities.reduce((sum, p) => sum + p, 0),
        1,
        1e-5
      )
      const rows = (values: Float32Array): ReadonlyArray<string> =>
        Array.from({ length: values.length / latent }, (_, row) =>
          values.slice(row * latent, (row + 1) * latent).join(" ")
        )
      const known = rows(all.values)
      for (const code of rows(codes.values)) assert.include(known, code)
      const best = probabilities.indexOf(Math.max(...probabilities))
      assert.strictEqual(rows(mean.values)[0], known[best])
      mostProbable.values.forEach((choice, variable) =>
        assert.strictEqual(Math.floor(best / categories ** variable) % categories, choice)
      )
    })

    it("draws choices as often as they are probable", () => {
      if (posterior.densityOfOwnCodes === true) return
      const draws = 20_000
      const { all, codes, logProbs } = read(() => {
        const q = distribution(toTensors(headsAt(3, 1)))
        const all = embed(everyChoice(space))
        return { all, codes: q.sample(noiseAt(3, draws)), logProbs: q.logProb!(all) }
      })
      const counts = new Map<string, number>()
      const row = (values: Float32Array, at: number) => values.slice(at * latent, (at + 1) * latent).join(" ")
      for (let draw = 0; draw < draws; draw++) {
        counts.set(row(codes.values, draw), (counts.get(row(codes.values, draw)) ?? 0) + 1)
      }
      logProbs.values.forEach((logProb, choice) => {
        const probability = Math.exp(logProb)
        const share = (counts.get(row(all.values, choice)) ?? 0) / draws
        assert.closeTo(share, probability, 5 * Math.sqrt((probability * (1 - probability)) / draws) + 1e-4)
      })
    })

    it.prop(
      "has the divergence Σ q (log q - log p) to uniform choices, of at least 0",
      { seed: Seed, exponent: integers(-4, 1) },
      ({ seed, exponent }) => {
        if (posterior.densityOfOwnCodes === true) return
        const { kl, logProbs } = read(() => {
          const q = distribution(toTensors(headsAt(seed, 1, 10 ** exponent)))
          return { kl: prior().kl!(q)!, logProbs: q.logProb!(embed(everyChoice(space))) }
        })
        const expected = logProbs.values.reduce(
          (sum, logProb) =>
            sum + (logProb < -80 ? 0 : Math.exp(logProb) * (logProb + variables * Math.log(categories))),
          0
        )
        assert.closeTo(kl.values[0]!, expected, 1e-5 * (1 + Math.abs(expected)))
        assert.isAtLeast(kl.values[0]!, -1e-6)
      }
    )

    it.prop(
      "takes several draws as it takes each alone, and a batch in any order",
      { seed: Seed, batch: integers(1, 4) },
      ({ seed, batch }) => {
        const heads = headsAt(seed, batch)
        const noise = normalValues(seed, "noise", [2 * batch, latent])
        const drawn = (heads: Readonly<Record<string, HostTensor>>, noise: HostTensor) =>
          read(() => {
            const { codes, logProb } = drawCodes(distribution(toTensors(heads), true), toTensor(noise))
            return { codes, logProb: logProb!() }
          })
        const half = (index: number): HostTensor => ({
          ...noise,
          shape: [batch, latent],
          values: noise.values.slice(index * batch * latent, (index + 1) * batch * latent)
        })
        const together = drawn(heads, noise)
        const each = [0, 1].map((index) => drawn(heads, half(index)))
        for (const term of ["codes", "logProb"] as const) {
          assertClose(
            together[term].values,
            each.flatMap((found) => Array.from(found[term].values)),
            1e-6,
            term
          )
        }
        const order = permutation({ seed, stream: "order", step: 0 }, batch)
        const moved = drawn(
          Record.map(heads, (head) => permuteRows(head, order)),
          permuteRows(half(0), order)
        )
        assertClose(moved.codes.values, permuteRows({ ...half(0), values: each[0]!.codes.values }, order).values, 1e-6)
      }
    )

    it(`gives finite values and gradients for heads of ±${extreme}`, () => {
      for (const size of [-extreme, 0, extreme]) {
        for (const training of [false, true]) {
          const heads = Record.map(headsAt(1, 2), ({ shape }, head) => {
            const constant = constantValues(shape, size)
            const away = normalValues(1, head, shape, size).values
            return {
              ...constant,
              values: constant.values.map((value, index) => (index % 2 === 0 ? value : away[index]!))
            }
          })
          const terms: Record<string, (q: PosteriorDistribution) => tf.Tensor> = {
            sample: (q) => q.sample(noiseAt(1, 2)),
            logProb: (q) => drawCodes(q, noiseAt(1, 2)).logProb!(),
            kl: (q) => q.choices!.klToUniform()
          }
          for (const [term, compute] of Object.entries(terms)) {
            assertFinite(read(() => ({ [term]: compute(distribution(toTensors(heads), training)) })))
            assertFinite(gradients((heads) => compute(distribution(heads, training)), heads))
          }
        }
      }
    })
  })
}
