/**
 * A loss that is the sum of its terms, each with its own reduction and constants:
 * `CompositeLoss.layer(HalfSquaredError(), LatentL2Penalty())`.
 *
 * Whatever the loss, `reconstruction` and `kl` are reported in nats, so that runs with different losses can be compared.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { divergence, divergenceNames, divergenceTerm, drawCodes } from "../Divergence.ts"
import type { LossTerm } from "../LossTerm.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"

/** Terms that every objective reports under these names: in nats, without a weight. */
const reported: ReadonlyArray<string> = ["loss", "reconstruction", ...divergenceNames]

/**
 * `loss = Σ term`, `[batch]`, with one code drawn per example. A term that is neither the reconstruction nor the KL
 * divergence is reported too, under its own name.
 */
export const terms =
  (...members: ReadonlyArray<LossTerm>) =>
  ({ images, posterior, prior, noise, decode }: ObjectiveInputs): Terms => {
    const drawn = drawCodes(posterior, noise)
    const likelihood = decode(drawn.codes)
    const reconstruction = tf.neg<tf.Tensor1D>(likelihood.logProb(images))
    const finite = divergence(posterior, prior, drawn)
    const kl = finite?.value ?? tf.fill<tf.Rank.R1>([images.shape[0]], Number.POSITIVE_INFINITY)
    const values = members.map((term) => term.value({ images, posterior, likelihood, reconstruction, kl }))
    const own = members.flatMap(({ name }, index) => (reported.includes(name) ? [] : [[name, values[index]!] as const]))
    return {
      loss: values.reduce((sum, value) => tf.add(sum, value)),
      reconstruction,
      ...divergenceTerm(finite),
      ...Object.fromEntries(own)
    }
  }

/** The first thing wrong with the terms, as a sentence. */
const problemOf = (members: ReadonlyArray<LossTerm>): string | undefined => {
  if (members.length === 0) return "there are no terms; a loss has at least one"
  const wrong = members.find(({ problem }) => problem !== undefined)
  if (wrong !== undefined) return `${wrong.spec._tag}: ${wrong.problem}`
  const names = members.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : `the term ${twice} is there twice; each may be there once`
}

/** Provides the sum of these terms. Fails with `ObjectiveError` where there is none, or one is refused or there twice. */
export const layer = (...members: ReadonlyArray<LossTerm>): Layer.Layer<Objective, ObjectiveError> => {
  const reason = problemOf(members)
  return objectiveLayer("CompositeLoss", reason, {
    // The name in specs, and so in run ids, from before the objective was called `CompositeLoss`.
    spec: { _tag: "SumOfTerms", terms: members.map(({ spec }) => spec) },
    needsKl: members.some(({ needsKl }) => needsKl === true),
    terms: terms(...members)
  })
}
