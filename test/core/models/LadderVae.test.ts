import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Record } from "effect"
import { divergence, divergenceTerm, drawCodes } from "../../../src/core/Divergence.ts"
import { FactorizedPosterior, GroupedLatent, Model, ModelError } from "../../../src/core/Model.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import * as LadderVae from "../../../src/core/models/LadderVae.ts"
import { normal } from "../../../src/core/Random.ts"
import { float32, type HostTensors } from "../../../src/core/Tensors.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { initialParameters } from "../../../src/testing/models/ModelProbe.ts"
import {
  assertClose,
  normalValues,
  read,
  toTensor,
  toTensors,
  uniformValues
} from "../../../src/testing/TensorProbe.ts"

const two = {
  groups: [
    { latent: 3, hidden: [6] },
    { latent: 2, hidden: [5] }
  ]
} as const
modelContract("LadderVae", LadderVae.layer(two))
modelContract(
  "LadderVae of three groups",
  LadderVae.layer({
    groups: [
      { latent: 2, hidden: [6] },
      { latent: 1, hidden: [] },
      { latent: 2, hidden: [4] }
    ],
    activation: "tanh",
    initializer: "torch-linear"
  })
)
modelContract("LadderVae of one group", LadderVae.layer({ groups: [{ latent: 3, hidden: [6] }] }))

const shape = { height: 2, width: 3, channels: 1 }

/** The model with parameters that are not too near to 0. */
const built = (options: LadderVae.LadderVaeOptions) =>
  Effect.gen(function* () {
    const { build, latent } = yield* Effect.provide(Model, LadderVae.layer(options), { local: true })
    const autoencoder = yield* build(shape)
    const parameters: HostTensors = Record.map(initialParameters(autoencoder, 1), ({ shape, values }, name) => {
      const shift = normalValues(1, name, shape, 0.3).values
      return float32(
        shape,
        Float32Array.from(values, (value, index) => value + shift[index]!)
      )
    })
    return { autoencoder, latent, parameters }
  })

const images = uniformValues(1, "images", [1, 2, 3, 1])

describe("LadderVae", () => {
  it.effect("names the parameters of each group", () =>
    Effect.gen(function* () {
      const { autoencoder } = yield* built(two)
      assert.deepStrictEqual(
        Record.map(
          Record.filter(autoencoder.parameters, (_, name) => name.endsWith("kernel")),
          ({ shape }) => shape
        ),
        {
          "encoder/group1/dense1/kernel": [6, 6],
          "encoder/group1/mean/kernel": [6, 3],
          "encoder/group1/log-variance/kernel": [6, 3],
          "encoder/group2/dense1/kernel": [6, 5],
          "encoder/group2/mean/kernel": [5, 2],
          "encoder/group2/log-variance/kernel": [5, 2],
          "decoder/dense1/kernel": [3, 6],
          "decoder/dense2/kernel": [6, 6],
          "prior/group1/dense1/kernel": [2, 5],
          "prior/group1/mean/kernel": [5, 3],
          "prior/group1/log-variance/kernel": [5, 3]
        }
      )
    })
  )

  it.effect("of one group is the dense model: exact divergence, standard normal prior, the same image", () =>
    Effect.gen(function* () {
      const { autoencoder, parameters } = yield* built({ groups: [{ latent: 3, hidden: [6] }] })
      const plain = yield* Effect.flatMap(
        Effect.provide(Model, DenseVae.layer({ hidden: [6], latent: 3 }), { local: true }),
        ({ build }) => build(shape)
      )
      const renamed = Record.mapKeys(parameters, (name) =>
        name.replace("group1/", "").replace("decoder/dense2", "decoder/output")
      )
      assert.sameMembers(Object.keys(renamed), Object.keys(plain.parameters))
      const seen = (model: typeof plain, values: HostTensors) =>
        read((): Record<string, tf.Tensor> => {
          const at = toTensors(values)
          const q = model.encode(at, toTensor(images))
          const drawn = drawCodes(q, toTensor(normalValues(2, "noise", [1, 3])))
          const found = divergence(q, model.prior(at), drawn)!
          assert.deepStrictEqual(Object.keys(divergenceTerm(found)), ["kl"])
          return {
            mean: q.mean,
            deviation: q.deviation,
            codes: drawn.codes,
            logProb: drawn.logProb!(),
            kl: found.value,
            prior: model.prior(at).logProb(drawn.codes),
            image: model.decode(at, drawn.codes).mean
          }
        })
      const [ladder, dense] = [seen(autoencoder, parameters), seen(plain, renamed)]
      for (const [name, { values }] of Object.entries(dense)) assertClose(ladder[name]!.values, values, 1e-5, name)
    })
  )

  it.effect("has a divergence of each group that is the mean log ratio of posterior and prior", () =>
    Effect.gen(function* () {
      const { autoencoder, latent, parameters } = yield* built(two)
      const draws = 20_000
      const noise = normal({ seed: 1, stream: "noise", step: 0 }, draws * latent)
      const { kl, ratio, terms } = read((): { kl: tf.Tensor; ratio: tf.Tensor; terms: tf.Tensor } => {
        const at = toTensors(parameters)
        const q = autoencoder.encode(at, toTensor(images))
        const prior = autoencoder.prior(at)
        const drawn = drawCodes(q, tf.tensor2d(noise, [draws, latent]))
        const found = divergence(q, prior, drawn)!
        assert.strictEqual(found.name, "kl-estimate")
        const named = divergenceTerm(found)
        assert.deepStrictEqual(Object.keys(named), ["kl-estimate", "kl-group1", "kl-group2"])
        return {
          kl: found.value,
          terms: tf.concat([named["kl-group1"]!, named["kl-group2"]!]),
          ratio: tf.sub(drawn.logProb!(), prior.logProb(drawn.codes))
        }
      })
      const estimate = ratio.values.reduce((sum, value) => sum + value, 0) / draws
      const variance = ratio.values.reduce((sum, value) => sum + (value - estimate) ** 2, 0) / draws
      assert.closeTo(kl.values[0]!, estimate, 5 * Math.sqrt(variance / draws) + 1e-4)
      assert.closeTo(terms.values[0]! + terms.values[1]!, kl.values[0]!, 1e-4)
      assert.isTrue(terms.values.every((value) => value > 0))
    })
  )

  it.effect("has posteriors below the top whose precision is the encoder's and the prior's together", () =>
    Effect.gen(function* () {
      const { autoencoder, parameters } = yield* built(two)
      const { deviation, mean, priorMean, priorDeviation } = read(() => {
        const at = toTensors(parameters)
        const { deviation, mean } = autoencoder.encode(at, toTensor(images))
        const top = tf.slice(mean, [0, 3], [1, 2])
        // The prior's own mean and deviation of the first group, given the top one: from codes with noise of 0 and 1.
        const sample = (value: number) =>
          tf.slice(
            autoencoder
              .prior(at)
              .sample({ normal: tf.concat([tf.fill([1, 3], value), top], 1) as tf.Tensor2D, uniform: tf.zeros([1]) }),
            [0, 0],
            [1, 3]
          )
        return { deviation, mean, priorMean: sample(0), priorDeviation: tf.sub(sample(1), sample(0)) }
      })
      for (let dimension = 0; dimension < 3; dimension++) {
        const precision = 1 / deviation.values[dimension]! ** 2
        const ofPrior = 1 / priorDeviation.values[dimension]! ** 2
        assert.isAbove(precision, ofPrior)
        // What the encoder says: the posterior without its prior.
        const ofEncoder = precision - ofPrior
        const encoderMean = (mean.values[dimension]! * precision - priorMean.values[dimension]! * ofPrior) / ofEncoder
        assert.isTrue(Number.isFinite(encoderMean))
        const [low, high] = [encoderMean, priorMean.values[dimension]!].toSorted((a, b) => a - b)
        assert.isAtLeast(mean.values[dimension]!, low! - 1e-4)
        assert.isAtMost(mean.values[dimension]!, high! + 1e-4)
      }
    })
  )

  it.effect("decodes the group next to the image alone", () =>
    Effect.gen(function* () {
      const { autoencoder, parameters } = yield* built(two)
      const decoded = (values: ReadonlyArray<number>) =>
        read(() => ({ image: autoencoder.decode(toTensors(parameters), tf.tensor2d([...values], [1, 5])).mean })).image
      assert.deepStrictEqual(decoded([1, 2, 3, 4, 5]), decoded([1, 2, 3, -4, 0]))
      assert.notDeepEqual(decoded([1, 2, 3, 4, 5]), decoded([0, 2, 3, 4, 5]))
    })
  )

  it.effect("says which groups it has, and has no factorised posterior", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* GroupedLatent, { groups: [3, 2] })
      assert.strictEqual((yield* Model).prior, "a hierarchy of 2 groups of Gaussians")
      assert.strictEqual((yield* Effect.serviceOption(FactorizedPosterior))._tag, "None")
    }).pipe(Effect.provide(LadderVae.layer(two)))
  )

  it.effect.each<[LadderVae.LadderVaeOptions, string]>([
    [{ groups: [] as unknown as typeof two.groups }, "there are no groups; a ladder has at least one"],
    [{ groups: [{ latent: 0, hidden: [4] }] }, "groups[0].latent is 0; it must be a positive integer"],
    [
      {
        groups: [
          { latent: 2, hidden: [4] },
          { latent: 2, hidden: [4, 0.5] }
        ]
      },
      "groups[1].hidden[1] is 0.5; it must be a positive integer"
    ],
    [
      { groups: [{ latent: 2, hidden: [] }], activation: "gelu" as "relu" },
      'activation is "gelu"; it must be one of linear, relu, elu, leaky-relu, tanh, sigmoid, softplus'
    ]
  ])("refuses %j", ([options, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(LadderVae.layer(options))))
      assertFailure(result, new ModelError({ model: "LadderVae", reason }))
    })
  )
})
