/**
 * Categorical codes, which training relaxes to the concrete distribution so that gradients pass through a choice.
 *
 * The noise is that of the Gumbel-max trick: in evaluation the greatest of noise plus logits is the choice.
 *
 * Source: Jang, Gu and Poole 2017, eq. 1 and 2, https://arxiv.org/abs/1611.01144; Maddison, Mnih and Teh 2017,
 * https://arxiv.org/abs/1611.00712
 */
import * as tf from "@tensorflow/tfjs-core"
import { concreteLogProb, gumbelNoise } from "../Concrete.ts"
import { oneHotOfGreatest, placesOf } from "../OneHot.ts"
import type { DiscreteFamily } from "../Posterior.ts"
import { alwaysPositiveProblem, type Numeric, scheduled, specOf, valueAt } from "../Schedule.ts"
import { straightThrough } from "../StopGradient.ts"
import { widthProblem } from "./ChoiceWidth.ts"
import { everyDraw } from "./DiagonalGaussian.ts"
import { countProblem } from "../OptionProblem.ts"

export interface GumbelSoftmaxOptions {
  /** Categories of each variable; positive. The model's latent dimensions are variables times categories. */
  readonly categories: number
  /** Temperature of relaxed codes in training, above 0. A schedule for annealing. */
  readonly temperature: Numeric
  /** Whether training decodes choices and takes the gradients of relaxed codes. Default: `false`. */
  readonly straightThrough?: boolean
}

/**
 * `q(z | x)`, independent categorical variables with `logits` `[batch, variables categories]`. Codes are vectors of 0 with
 * a 1 per variable; in training, softmax of `(logits + noise) / temperature`, whose density is the concrete one.
 */
export const GumbelSoftmax = (options: GumbelSoftmaxOptions): DiscreteFamily => {
  const { categories, straightThrough: straight = false, temperature } = options
  return {
    spec: { _tag: "GumbelSoftmax", categories, temperature: specOf(temperature), straightThrough: straight },
    problem: countProblem("categories", categories) ?? alwaysPositiveProblem("temperature", temperature),
    problemFor: (latent) => widthProblem("categories", categories, latent),
    schedules: scheduled({ temperature }),
    space: (latent) => ({
      variables: latent / categories,
      categories,
      shared: false,
      relaxedInTraining: !straight,
      embed: (choices) => tf.reshape(choices, [choices.shape[0], latent])
    }),
    heads: ["logits"],
    fromHeads: ([head], _, time) => {
      const [batch, latent] = head!.shape
      const byVariable = (rows: tf.Tensor): tf.Tensor =>
        tf.reshape(rows, [...rows.shape.slice(0, -1), latent / categories, categories])
      const logProbabilities = tf.logSoftmax(byVariable(head!))
      const probabilities = tf.exp(logProbabilities)
      const relaxed = time !== undefined && !straight
      const flat = <T extends tf.Tensor>(codes: tf.Tensor): T => tf.reshape(codes, [-1, latent]) as T
      /** `f` of rows `[draws * batch, latent]` as `[draws, batch, variables, categories]`. */
      const byDraw = (rows: tf.Tensor2D, f: (rows: tf.Tensor) => tf.Tensor): tf.Tensor =>
        f(byVariable(tf.reshape(rows, [-1, batch, latent])))
      return {
        get mean() {
          return flat<tf.Tensor2D>(oneHotOfGreatest(logProbabilities))
        },
        get deviation() {
          return flat<tf.Tensor2D>(tf.sqrt(tf.mul(probabilities, tf.sub(1, probabilities))))
        },
        sample: (noise) =>
          everyDraw(batch, noise, (noise) => {
            const scores = tf.add(logProbabilities, gumbelNoise(byVariable(noise)))
            if (time === undefined) return tf.reshape(oneHotOfGreatest(scores), noise.shape)
            const soft = tf.softmax(tf.div(scores, valueAt(temperature, time)))
            return tf.reshape(straight ? straightThrough(oneHotOfGreatest(scores), soft) : soft, noise.shape)
          }),
        logProb: (codes) => {
          const byVariables = byDraw(codes, (codes) =>
            relaxed
              ? concreteLogProb(codes, logProbabilities, valueAt(temperature, time))
              : tf.sum(tf.mul(codes, logProbabilities), -1)
          )
          return tf.reshape(tf.sum(byVariables, -1), [-1])
        },
        choices: {
          klToUniform: () =>
            tf.sum<tf.Tensor1D>(tf.mul(probabilities, tf.add(logProbabilities, Math.log(categories))), [1, 2]),
          mostProbable: () => placesOf(oneHotOfGreatest(logProbabilities)) as tf.Tensor2D
        }
      }
    }
  }
}
