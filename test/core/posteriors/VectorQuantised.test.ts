import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import type { Prior } from "../../../src/core/Prior.ts"
import { DiscreteLatent, Model, PlanarLatent } from "../../../src/core/Model.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import type { PosteriorDistribution } from "../../../src/core/Posterior.ts"
import { VectorQuantised, type VectorQuantisedOptions } from "../../../src/core/posteriors/VectorQuantised.ts"
import { StandardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { VampPrior } from "../../../src/core/priors/VampPrior.ts"
import { float32, type HostTensors, type Tensors } from "../../../src/core/Tensors.ts"
import { discretePosteriorContract } from "../../../src/testing/DiscretePosteriorContract.ts"
import {
  assertClose,
  assertGradients,
  gradients,
  normalValues,
  read,
  toTensor,
  toTensors
} from "../../../src/testing/TensorProbe.ts"

discretePosteriorContract("VectorQuantised", VectorQuantised({ entries: 4, dimensions: 3 }), { latent: 6 })
discretePosteriorContract("VectorQuantised, one entry", VectorQuantised({ entries: 1, dimensions: 2 }), { latent: 4 })
discretePosteriorContract(
  "VectorQuantised, moving averages",
  VectorQuantised({ entries: 4, dimensions: 2, decay: 0.99 }),
  { latent: 4 }
)

/** Entries (0, 0), (1, 1) and (4, 0). */
const codebook = float32([3, 2], Float32Array.of(0, 0, 1, 1, 4, 0))
/** Two examples of two variables. */
const head = float32([2, 4], Float32Array.of(0.2, -0.3, 1.2, 0.7, 3, 0.4, 0.9, 1))
const options: VectorQuantisedOptions = { entries: 3, dimensions: 2, commitment: 0.25 }

const at = (tensors: Tensors, chosen = options): PosteriorDistribution =>
  VectorQuantised(chosen).fromHeads([tensors["head"] as tf.Tensor2D], tensors)

const fixed = (values: HostTensors = { head, codebook }, chosen = options): PosteriorDistribution =>
  at(toTensors(values), chosen)

describe("VectorQuantised", () => {
  it("takes the nearest entry of each variable, whatever the noise", () => {
    const found = read(() => ({
      mean: fixed().mean,
      codes: fixed().sample(toTensor(normalValues(1, "noise", [4, 4]))),
      choices: fixed().choices!.mostProbable(),
      kl: fixed().choices!.klToUniform()
    }))
    const nearest = [0, 0, 1, 1, 4, 0, 1, 1]
    assertClose(found.mean.values, nearest, 1e-6)
    assertClose(found.codes.values, [...nearest, ...nearest], 1e-6)
    assert.deepStrictEqual(Array.from(found.choices.values), [0, 1, 2, 1])
    assertClose(found.kl.values, [2 * Math.log(3), 2 * Math.log(3)], 1e-6)
  })

  it("adds the squared distances to the chosen entries to the loss", () => {
    const { codebookLoss, commitment, loss } = read(() => {
      const { loss, terms } = fixed().auxiliary!()
      return { loss, codebookLoss: terms["codebook-loss"]!, commitment: terms["commitment-loss"]! }
    })
    const distances = [0.04 + 0.09 + 0.04 + 0.09, 1 + 0.16 + 0.01]
    assertClose(codebookLoss.values, distances, 1e-5)
    assertClose(
      commitment.values,
      distances.map((value) => 0.25 * value),
      1e-5
    )
    assertClose(
      loss.values,
      distances.map((value) => 1.25 * value),
      1e-5
    )
  })

  it("passes gradients straight through to the encoder and none to the codebook", () => {
    const weights = [1, 2, 3, 4, 5, 6, 7, 8]
    const found = gradients((tensors) => tf.mul(at(tensors).mean, tf.tensor2d(weights, [2, 4])), { head, codebook })
    assertClose(found["head"]!.values, weights, 1e-6)
    assertClose(found["codebook"]!.values, new Float32Array(6), 0)
  })

  it("pulls the encoder by the commitment loss alone and the codebook by its own", () => {
    const lossOf = (tensors: Tensors) => at(tensors).auxiliary!().loss
    const found = gradients(lossOf, { head, codebook })
    // 2 commitment (z - e), and 2 Σ (e - z) over the uses of an entry.
    const gap = [0.2, -0.3, 0.2, -0.3, -1, 0.4, -0.1, 0]
    assertClose(
      found["head"]!.values,
      gap.map((value) => 0.5 * value),
      1e-5
    )
    assertClose(found["codebook"]!.values, [-0.4, 0.6, -0.2, 0.6, 2, -0.8], 1e-5)
    // By finite differences where the choices stay, each with the other end held.
    assertGradients(({ head }) => at({ head, codebook: toTensor(codebook) }).auxiliary!().terms["commitment-loss"]!, {
      head
    })
    assertGradients(({ codebook }) => at({ codebook, head: toTensor(head) }).auxiliary!().terms["codebook-loss"]!, {
      codebook
    })
  })

  it("with a decay has entries that are sums by counts, and gradients that move both to the batch's means", () => {
    const averaged = { ...options, decay: 0.9 }
    const counts = float32([3, 1], Float32Array.of(0.5, 1, 0.5))
    const sums = float32([3, 2], Float32Array.of(0, 0, 1, 1, 2, 0))
    const state = { head, counts, sums }
    const { loss, mean, plain } = read(() => ({
      mean: fixed(state, averaged).mean,
      loss: fixed(state, averaged).auxiliary!().loss,
      plain: fixed(state, averaged).auxiliary!().terms["commitment-loss"]!
    }))
    assertClose(mean.values, [0, 0, 1, 1, 4, 0, 1, 1], 1e-4)
    // The averages add nothing to the value.
    assertClose(loss.values, plain.values, 1e-6)
    const found = gradients((tensors) => tf.mul(at(tensors, averaged).auxiliary!().loss, 1 / 2), state)
    // Uses per example are 0.5, 1 and 0.5; sums of the outputs per example (0.1, -0.15), (1.05, 0.85) and (1.5, 0.2).
    assertClose(found["counts"]!.values, [0, 0, 0], 1e-5)
    assertClose(found["sums"]!.values, [-0.1, 0.15, -0.05, 0.15, 0.5, -0.2], 1e-5)
  })

  it("of one entry has one code, a divergence of 0 and the encoder's distance to it as its loss", () => {
    const { kl, mean } = read(() => {
      const one = fixed({ head, codebook: float32([1, 2], Float32Array.of(0.5, -1)) }, { entries: 1, dimensions: 2 })
      return { mean: one.mean, kl: one.choices!.klToUniform() }
    })
    assertClose(mean.values, [0.5, -1, 0.5, -1, 0.5, -1, 0.5, -1], 1e-6)
    assert.deepStrictEqual(Array.from(kl.values), [0, 0])
  })

  it("keeps unused entries finite when their averages have vanished", () => {
    const state = {
      head,
      counts: float32([3, 1], Float32Array.of(2, 0, 0)),
      sums: float32([3, 2], Float32Array.of(1, 1, 0, 0, 1e-30, 0))
    }
    const { mean } = read(() => ({ mean: fixed(state, { ...options, decay: 0.9 }).mean }))
    assert.isTrue(mean.values.every(Number.isFinite))
  })

  it.effect("draws entries of the model's own codebook from the prior, and says how many it has", () =>
    Effect.gen(function* () {
      const layer = DenseVae.layer({
        hidden: [4],
        latent: 4,
        posterior: VectorQuantised({ entries: 3, dimensions: 2 })
      })
      const context = yield* Layer.build(layer)
      const { model, discrete } = yield* Effect.gen(function* () {
        assert.isTrue((yield* Effect.serviceOption(PlanarLatent))._tag === "None")
        return { model: yield* Model, discrete: yield* DiscreteLatent }
      }).pipe(Effect.provideContext(context))
      assert.deepStrictEqual(discrete, { variables: 2, categories: 3, shared: true })
      const autoencoder = yield* model.build({ height: 2, width: 2, channels: 1 })
      const { codes, logProb } = read(() => {
        const prior = autoencoder.prior({ "encoder/posterior/codebook": toTensor(codebook) })
        const codes = prior.sample({
          normal: toTensor(normalValues(1, "noise", [50, 4])),
          uniform: tf.zeros([50])
        })
        return { codes, logProb: prior.logProb(codes) }
      })
      const drawn = new Set(
        Array.from({ length: 100 }, (_, variable) => codes.values.slice(2 * variable, 2 * variable + 2).join())
      )
      assert.sameMembers([...drawn], ["0,0", "1,1", "4,0"])
      assertClose(logProb.values, new Float32Array(50).fill(-2 * Math.log(3)), 1e-6)
    }).pipe(Effect.scoped)
  )

  it.effect.each<[Partial<VectorQuantisedOptions>, number, Prior | undefined, string]>([
    [{ entries: 0 }, 4, undefined, "posterior: entries is 0; it must be a positive integer"],
    [{ dimensions: 0.5 }, 4, undefined, "posterior: dimensions is 0.5; it must be a positive integer"],
    [{ commitment: -1 }, 4, undefined, "posterior: commitment is -1; it must be a non-negative number"],
    [{ decay: 1 }, 4, undefined, "posterior: decay is 1; it must be at least 0 and below 1"],
    [{}, 5, undefined, "posterior: latent is 5; it must be a multiple of dimensions, 2"],
    [
      {},
      4,
      StandardNormal(),
      "prior: StandardNormal is a distribution of real vectors, but codes of VectorQuantised are choices"
    ],
    [
      {},
      4,
      VampPrior({ pseudoInputs: 3 }),
      "prior: VampPrior is a distribution of real vectors, but codes of VectorQuantised are choices"
    ]
  ])("refuses %j with %d latent dimensions", ([changes, latent, prior, reason]) =>
    Effect.gen(function* () {
      const posterior = VectorQuantised({ ...options, ...changes })
      const layer = DenseVae.layer({ hidden: [4], latent, posterior, ...(prior && { prior }) })
      assert.strictEqual((yield* Effect.flip(Effect.scoped(Layer.build(layer)))).reason, reason)
    })
  )
})
