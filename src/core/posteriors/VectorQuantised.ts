/**
 * Vector-quantised codes: each variable's code is the nearest entry of a learned codebook.
 *
 * Gradients pass straight through the choice to the encoder, whose output is pulled to the chosen entry. Entries follow
 * the encoder's outputs, by the gradient of the codebook loss or as moving averages.
 *
 * Source: van den Oord, Vinyals and Kavukcuoglu 2017, eq. 1 to 3 and appendix A.1, https://arxiv.org/abs/1711.00937
 */
import * as tf from "@tensorflow/tfjs-core"
import { constant, uniformIn } from "../Initializer.ts"
import { oneHotOfGreatest, placesOf } from "../OneHot.ts"
import { Sgd } from "../optimizers/Sgd.ts"
import type { AuxiliaryLoss, DiscreteFamily } from "../Posterior.ts"
import { detach, detached, gradientOnly, straightThrough } from "../StopGradient.ts"
import { weightProblem } from "../Schedule.ts"
import type { Tensors } from "../Tensors.ts"
import { widthProblem } from "./ChoiceWidth.ts"
import { countProblem, decayProblem } from "../OptionProblem.ts"

export interface VectorQuantisedOptions {
  /** Entries of the codebook; positive. */
  readonly entries: number
  /** Dimensions of an entry; positive. The model's latent dimensions are variables times these. */
  readonly dimensions: number
  /** Weight of the commitment loss, from 0. Default: 0.25. */
  readonly commitment?: number
  /**
   * Decay per step of the moving averages that entries follow, from 0 and below 1. Without it, the codebook loss moves
   * them.
   */
  readonly decay?: number
}

/** Added to an entry's share of the uses, so that one that is never used divides by more than 0. */
const smoothing = 1e-5

/** The bound of entries of variance 1. */
const bound = Math.sqrt(3)

const squares = (x: tf.Tensor): tf.Tensor1D => tf.sum(tf.square(x), 1)

/**
 * All mass at the entries `e` nearest to the encoder's output `z`, `[batch, variables dimensions]`.
 *
 * Any objective's loss gets `commitment-loss`, `commitment |z - sg(e)|²`, and without a decay `codebook-loss`,
 * `|sg(z) - e|²`, each `[batch]`, summed over the variables. With a decay an entry is `sums / counts`, moving averages per
 * example of the outputs that chose it and of their number.
 */
export const VectorQuantised = (options: VectorQuantisedOptions): DiscreteFamily => {
  const { commitment = 0.25, decay, dimensions, entries } = options

  /** `[entries, dimensions]`. */
  const codebookOf = (parameters: Tensors): tf.Tensor2D => {
    if (decay === undefined) return parameters["codebook"] as tf.Tensor2D
    const { counts, sums } = detached({ counts: parameters["counts"]!, sums: parameters["sums"]! })
    const total = tf.sum(counts)
    const smoothed = tf.mul(tf.add(counts, smoothing), tf.div(total, tf.add(total, entries * smoothing)))
    return tf.div(sums, smoothed)
  }

  /** A term whose gradients by descent with the rate `1 - decay` move the averages to this batch's. */
  const averaging = (parameters: Tensors, chosen: tf.Tensor2D, outputs: tf.Tensor2D, batch: number): tf.Tensor => {
    const counts = tf.mul(tf.reshape(tf.sum(chosen, 0), [entries, 1]), 1 / batch)
    const sums = tf.mul(tf.matMul(chosen, outputs, true), 1 / batch)
    const pull = (parameter: tf.Tensor, value: tf.Tensor): tf.Tensor =>
      tf.sum(tf.mul(parameter, detach(tf.sub(parameter, value))))
    return gradientOnly(tf.add(pull(parameters["counts"]!, counts), pull(parameters["sums"]!, sums)))
  }

  return {
    spec: { _tag: "VectorQuantised", entries, dimensions, commitment, ...(decay !== undefined && { decay }) },
    problem:
      countProblem("entries", entries) ??
      countProblem("dimensions", dimensions) ??
      weightProblem("commitment", commitment) ??
      (decay === undefined ? undefined : decayProblem("decay", decay)),
    problemFor: (latent) => widthProblem("dimensions", dimensions, latent),
    densityOfOwnCodes: true,
    space: (latent) => ({
      variables: latent / dimensions,
      categories: entries,
      shared: true,
      relaxedInTraining: false,
      embed: (choices, parameters) =>
        tf.reshape(tf.matMul(tf.reshape(choices, [-1, entries]) as tf.Tensor2D, codebookOf(parameters)), [-1, latent])
    }),
    heads: ["code"],
    parameters: (latent) => {
      if (decay === undefined)
        return { codebook: { shape: [entries, dimensions], initializer: uniformIn(-bound, bound) } }
      const optimizer = Sgd({ learningRate: 1 - decay })
      const evenly = latent / dimensions / entries
      return {
        counts: { shape: [entries, 1], initializer: constant(evenly), optimizer },
        sums: { shape: [entries, dimensions], initializer: uniformIn(-bound * evenly, bound * evenly), optimizer }
      }
    },
    fromHeads: ([head], parameters = {}) => {
      const [batch, latent] = head!.shape
      const outputs = tf.reshape(head!, [-1, dimensions]) as tf.Tensor2D
      const codebook = codebookOf(parameters)
      const fixed = detached({ codebook, outputs })
      // The nearest entry e has the greatest z e - ½ |e|².
      const scores = tf.sub(
        tf.matMul(fixed.outputs, fixed.codebook, false, true),
        tf.mul(tf.sum(tf.square(fixed.codebook), 1), 0.5)
      )
      const chosen = oneHotOfGreatest(scores) as tf.Tensor2D
      /** `[batch, latent]`, with the gradient by the codebook. */
      const nearest = tf.reshape(tf.matMul(chosen, codebook), [batch, latent]) as tf.Tensor2D
      const code = straightThrough(nearest, head!)
      return {
        mean: code,
        get deviation() {
          return tf.zerosLike(head!)
        },
        sample: (noise) => tf.tile(code, [noise.shape[0] / batch, 1]),
        draw: (noise) => ({
          codes: tf.tile(code, [noise.shape[0] / batch, 1]),
          logProb: () => tf.zeros([noise.shape[0]])
        }),
        choices: {
          klToUniform: () => tf.fill([batch], (latent / dimensions) * Math.log(entries)),
          mostProbable: () => tf.reshape(placesOf(chosen), [batch, -1]) as tf.Tensor2D
        },
        auxiliary: (): AuxiliaryLoss => {
          const ends = detached({ head: head!, nearest })
          const committed = tf.mul<tf.Tensor1D>(squares(tf.sub(head!, ends.nearest)), commitment)
          if (decay !== undefined) {
            const moved = averaging(parameters, chosen, fixed.outputs, batch)
            return { loss: tf.add(committed, moved), terms: { "commitment-loss": committed } }
          }
          const codebookLoss = squares(tf.sub(ends.head, nearest))
          return {
            loss: tf.add(committed, codebookLoss),
            terms: { "commitment-loss": committed, "codebook-loss": codebookLoss }
          }
        }
      }
    }
  }
}
