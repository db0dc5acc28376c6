/**
 * The contract of objectives as tests: `objectiveContract("Mine", Mine.layer({ beta: 4 }))`.
 *
 * The posterior is a Gaussian by log variance and the decoder `z -> Bernoulli(z kernel)`, both without networks, so
 * that only the objective is tested.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Record } from "effect"
import { ContinuousLatent, FactorizedPosterior } from "../core/Model.ts"
import { Objective, type ObjectiveError } from "../core/Objective.ts"
import { PriorQuantiles } from "../core/Prior.ts"
import { standardNormal } from "../core/priors/StandardNormal.ts"
import { permutation } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"
import { type HostTensor, type HostTensors } from "../core/Tensors.ts"
import {
  assertClose,
  assertFinite,
  assertGradients,
  constantValues,
  gradients,
  integers,
  permuteRows,
  read,
  type Reading,
  Seed,
  timeAt,
  toTensors
} from "./TensorProbe.ts"
import {
  latent,
  examples,
  inputsAt,
  posteriorOf,
  decoderOf,
  ownOf,
  termsOf,
  offered
} from "./objectives/ObjectiveProbe.ts"

export interface ObjectiveContractOptions {
  /** Logarithms of variances between minus this and this must give finite terms and gradients. Default: 60. */
  readonly extreme?: number
  /** What the loss has another gradient for than that of its value, by a surrogate. Default: nothing. */
  readonly surrogate?: ReadonlyArray<"mean" | "logVariance">
  /** Terms for which codes are constants, such as the loss of a discriminator of codes. Default: none. */
  readonly constant?: ReadonlyArray<string>
}

/** Registers the contract's tests. */
export const objectiveContract = (
  name: string,
  layer: Layer.Layer<Objective, ObjectiveError, ContinuousLatent | FactorizedPosterior | PriorQuantiles>,
  options: ObjectiveContractOptions = {}
): void => {
  const { constant = [], extreme = 60, surrogate = [] } = options
  withLayer(Layer.provide(layer, offered))(`${name}, an objective`, (it) => {
    const readTerms = (objective: Objective["Service"], inputs: HostTensors): Readonly<Record<string, Reading>> =>
      read(() => termsOf(objective, toTensors(inputs)))

    it.effect("describes itself", () =>
      Effect.gen(function* () {
        const { spec } = yield* Objective
        assert.isString(spec._tag)
        assert.deepStrictEqual(JSON.parse(canonicalJson(spec)), spec)
      })
    )

    it.effect.prop(
      "gives finite terms, each [batch], among them the loss",
      { seed: Seed, batch: integers(1, 5) },
      (at) =>
        Effect.gen(function* () {
          const objective = yield* Objective
          const terms = readTerms(objective, inputsAt(objective, at.seed, at.batch))
          assert.containsAllKeys(terms, ["loss", "reconstruction", "kl"])
          assertFinite(terms)
          for (const [term, { shape }] of Object.entries(terms)) assert.deepStrictEqual(shape, [at.batch], term)
        })
    )

    it.effect.prop(
      "calls -log p(x | z), the mean over its draws, reconstruction and the divergence to the prior kl",
      { seed: Seed },
      ({ seed }) =>
        Effect.gen(function* () {
          const objective = yield* Objective
          const { draws = 1 } = objective
          const inputs = inputsAt(objective, seed, 3)
          const terms = readTerms(objective, inputs)
          const expected = read(() => {
            const tensors = toTensors(inputs)
            const posterior = posteriorOf(tensors)
            const reconstructions = Array.from({ length: draws }, (_, draw) => {
              const noise = tf.slice(tensors["noise"] as tf.Tensor2D, [0, draw * latent], [3, latent])
              const codes = posterior.sample(noise)
              return tf.neg(decoderOf(tensors)(codes).logProb(tensors["images"] as tf.Tensor4D))
            })
            return { reconstruction: tf.div(tf.addN(reconstructions), draws), kl: posterior.kl!() }
          })
          assertClose(terms["kl"]!.values, expected.kl.values, 1e-5, "kl")
          assertClose(terms["reconstruction"]!.values, expected.reconstruction.values, 1e-5, "reconstruction")
        })
    )

    it.effect("has no KL divergence if there is none, and an infinite loss only if it needs one", () =>
      Effect.gen(function* () {
        const objective = yield* Objective
        const { needsKl = false, terms } = objective
        const inputs = inputsAt(objective, 1, 3)
        const found: Readonly<Record<string, Reading>> = read(() => {
          const tensors = toTensors(inputs)
          const mean = tensors["mean"] as tf.Tensor2D
          return {
            ...terms({
              images: tensors["images"] as tf.Tensor4D,
              posterior: { mean, deviation: tf.zerosLike(mean), sample: () => mean },
              prior: standardNormal,
              priorCodes: () => tensors["prior"] as tf.Tensor2D,
              examples,
              noise: tensors["noise"] as tf.Tensor2D,
              time: timeAt(26),
              own: ownOf(objective, tensors),
              decode: decoderOf(tensors)
            })
          } as Record<string, tf.Tensor>
        })
        assert.isUndefined(found["kl"])
        assert.deepStrictEqual(
          Array.from(found["loss"]!.values, (value) => Number.isFinite(value)),
          [!needsKl, !needsKl, !needsKl]
        )
      })
    )

    it.effect.prop(
      "an example's terms do not depend on the order of the batch, or on the batch unless declared",
      { seed: Seed, batch: integers(2, 5) },
      ({ seed, batch }) =>
        Effect.gen(function* () {
          const objective = yield* Objective
          const { kernel, ...rows } = inputsAt(objective, seed, batch)
          const straight = readTerms(objective, { kernel, ...rows })
          const order = permutation({ seed, stream: "order", step: 0 }, batch)
          const permuted = readTerms(objective, { kernel, ...Record.map(rows, (row) => permuteRows(row, order)) })
          const alone = readTerms(objective, { kernel, ...Record.map(rows, (row) => firstRow(row)) })
          for (const [term, { values }] of Object.entries(straight)) {
            assertClose(
              permuted[term]!.values,
              Float32Array.from(order, (row) => values[row]!),
              1e-6,
              term
            )
            if (objective.scope !== "batch") assertClose(alone[term]!.values, [values[0]!], 1e-6, term)
          }
        })
    )

    it.effect("has gradients that agree with finite differences", () =>
      Effect.gen(function* () {
        const objective = yield* Objective
        const terms = Object.keys(readTerms(objective, inputsAt(objective, 1, 2)))
        for (const seed of [1, 2]) {
          const { kernel, logVariance, mean, ...given } = inputsAt(objective, seed, 2)
          for (const term of terms) {
            if (constant.includes(term)) continue
            const isFixed = (name: string) => term === "loss" && surrogate.some((other) => other === name)
            const at: HostTensors = { kernel, logVariance, mean }
            const fixed = { ...given, ...Record.filter(at, (_, name) => isFixed(name)) }
            assertGradients(
              (tensors) => termsOf(objective, { ...tensors, ...toTensors(fixed) })[term]!,
              Record.filter(at, (_, name) => !isFixed(name))
            )
          }
        }
      })
    )

    it.effect("gives finite terms and gradients at extreme inputs", () =>
      Effect.gen(function* () {
        const objective = yield* Objective
        for (const mean of [-1e3, 1e3]) {
          for (const logVariance of [-extreme, 0, extreme]) {
            const { kernel, logVariance: _, mean: __, ...given } = inputsAt(objective, 1, 2)
            const at = {
              mean: constantValues([2, latent], mean),
              logVariance: constantValues([2, latent], logVariance),
              kernel
            }
            assertFinite(readTerms(objective, { ...at, ...given }))
            assertFinite(gradients((tensors) => termsOf(objective, { ...tensors, ...toTensors(given) }).loss, at))
          }
        }
      })
    )
  })
}

const firstRow = (tensor: HostTensor): HostTensor => {
  const length = tensor.values.length / tensor.shape[0]!
  return { ...tensor, shape: [1, ...tensor.shape.slice(1)], values: tensor.values.slice(0, length) }
}
