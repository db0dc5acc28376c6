/**
 * Contract tests of a posterior's samples: shapes, reparametrisation, draws, order of the batch, gradients, extreme heads.
 */
import { assert, it } from "@effect/vitest"
import { type PosteriorContractOptions, type PosteriorProbe, sizes } from "./PosteriorProbe.ts"
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { drawCodes } from "../../core/Divergence.ts"
import type { PosteriorDistribution } from "../../core/Posterior.ts"
import { normal, permutation } from "../../core/Random.ts"
import { canonicalJson } from "../../core/Spec.ts"
import { float32, type HostTensor } from "../../core/Tensors.ts"
import {
  assertClose,
  assertFinite,
  assertGradients,
  gradients,
  normalValues,
  permuteRows,
  read,
  toTensor
} from "../TensorProbe.ts"

/** Registers the tests. */
export const samplingTests = (probe: PosteriorProbe, options: PosteriorContractOptions): void => {
  const { prior, extreme = 60, scales = [-1, 0, 1], signed = false, diagonal = true } = options
  const { at, densityOf, distribution, hasDensity, headsAt, headsOf, look, ownDensity, posterior } = probe

  it("describes itself", () => {
    assert.isString(posterior.spec._tag)
    assert.deepStrictEqual(JSON.parse(canonicalJson(posterior.spec)), posterior.spec)
    assert.isUndefined(posterior.problem)
    assert.strictEqual(new Set(posterior.heads).size, posterior.heads.length)
    if (prior !== undefined) assert.lengthOf(prior, posterior.heads.length)
  })

  it.prop("gives finite values of sizes [batch, latent] and [batch]", sizes, ({ seed, batch, latent }) => {
    const found = read(() => {
      const q = at(headsAt(seed, batch, latent))
      const noise = toTensor<tf.Tensor2D>(normalValues(seed, "noise", [batch, latent]))
      return { mean: q.mean, deviation: q.deviation, ...look(q, noise) } as Record<string, tf.Tensor>
    })
    assertFinite(found)
    for (const wide of ["mean", "deviation", "codes"] as const)
      assert.deepStrictEqual(found[wide]!.shape, [batch, latent])
    assert.strictEqual(found["kl"] !== undefined, hasDensity && !ownDensity)
    for (const term of ["logProb", "kl"]) if (found[term]) assert.deepStrictEqual(found[term].shape, [batch])
  })

  it.prop(
    `samples mean + deviation noise${signed ? ", the noise's sign aside" : ""}`,
    sizes,
    ({ seed, batch, latent }) => {
      if (!diagonal) return
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
    it.prop("takes several draws, one after the other, as it takes each alone", sizes, ({ seed, batch, latent }) => {
      const heads = headsAt(seed, batch, latent)
      const noise = normal({ seed, stream: "noise", step: 0 }, 3 * batch * latent)
      const drawn = (noise: Float32Array) =>
        read(() => {
          const { codes, logProb } = drawCodes(at(heads), tf.tensor2d(noise, [noise.length / latent, latent]))
          return { codes, logProb: logProb!() }
        })
      const together = drawn(noise)
      assert.deepStrictEqual([together.codes.shape, together.logProb.shape], [[3 * batch, latent], [3 * batch]])
      const each = [0, 1, 2].map((draw) => drawn(noise.slice(draw * batch * latent, (draw + 1) * batch * latent)))
      for (const term of ["codes", "logProb"] as const) {
        const expected = each.flatMap((found) => Array.from(found[term].values))
        assertClose(together[term].values, expected, 1e-6, term)
      }
    })
  }

  it.prop("does not depend on the order of the batch", sizes, ({ seed, batch, latent }) => {
    const order = permutation({ seed, stream: "order", step: 0 }, batch)
    const noise = normalValues(seed, "noise", [batch, latent])
    const terms = (heads: Readonly<Record<string, HostTensor>>, noise: HostTensor) =>
      read(() => {
        return look(at(heads), toTensor(noise))
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
      if (ownDensity) {
        assertGradients((heads) => drawCodes(distribution(heads), toTensor(noise)).logProb!(), heads)
        continue
      }
      assertGradients((heads) => densityOf(heads).kl(), heads)
      const codes = normalValues(seed, "codes", [2, 3])
      assertGradients(({ codes, ...heads }) => densityOf(heads).logProb(codes as tf.Tensor2D), { ...heads, codes })
    }
  })

  it(`gives finite values and gradients for heads of ±${extreme}`, () => {
    const [head = "", ...others] = posterior.heads
    const corners = [-1, 0, 1].flatMap((first) => scales.map((second) => [first, second] as const))
    const count = corners.length
    // Dimensions that depend on each other are at least two.
    const latent = diagonal ? 1 : 2
    const widths = new Map(headsOf(latent).map(({ head, width }) => [head, width]))
    const column = (name: string, place: 0 | 1): readonly [string, HostTensor] => {
      const width = widths.get(name)!
      const values = corners.flatMap((row) => Array<number>(width).fill(row[place] * extreme))
      return [name, float32([count, width], Float32Array.from(values))]
    }
    const heads: Record<string, HostTensor> = Object.fromEntries([
      column(head, 0),
      ...others.filter((other) => widths.has(other)).map((other) => column(other, 1))
    ])
    const ones = (): tf.Tensor2D => tf.ones([count, latent])
    const terms: Record<string, (q: PosteriorDistribution) => tf.Tensor> = {
      sample: (q) => q.sample(ones()),
      deviation: (q) => q.deviation,
      ...(hasDensity && { logProb: (q) => drawCodes(q, ones()).logProb!() }),
      ...(hasDensity && !ownDensity && { kl: (q) => q.kl!() })
    }
    for (const [term, compute] of Object.entries(terms)) {
      assertFinite(read(() => ({ [term]: compute(at(heads)) })))
      assertFinite(gradients((heads) => compute(distribution(heads)), heads))
    }
  })
}
