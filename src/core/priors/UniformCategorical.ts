/**
 * The uniform prior of discrete codes: every choice of every variable is equally probable.
 *
 * Source: Jang, Gu and Poole 2017, section 4.2, https://arxiv.org/abs/1611.01144; relaxed: Maddison, Mnih and Teh 2017,
 * appendix C.3.2, https://arxiv.org/abs/1611.00712; of a codebook: van den Oord et al. 2017, section 3.1,
 * https://arxiv.org/abs/1711.00937
 */
import * as tf from "@tensorflow/tfjs-core"
import { concreteLogProb } from "../Concrete.ts"
import { oneHotAt } from "../OneHot.ts"
import type { Prior, PriorContext, PriorDistribution } from "../Prior.ts"
import { alwaysPositiveProblem, type Numeric, scheduled, specOf, valueAt } from "../Schedule.ts"
import { choiceProblem } from "../OptionProblem.ts"

export interface UniformCategoricalOptions {
  /**
   * In training, the divergence of the choices in closed form, `exact`, or that of relaxed codes to the relaxed prior,
   * `relaxed`, which is estimated. Default: `exact`. In evaluation, and of codes that are not relaxed, it is exact.
   */
  readonly divergence?: "exact" | "relaxed"
  /** Temperature of the relaxed prior, above 0. Default: 1. */
  readonly temperature?: Numeric
}

const divergences: ReadonlyArray<string> = ["exact", "relaxed"]

const distribution = (
  { divergence = "exact", temperature = 1 }: UniformCategoricalOptions,
  { choices, latent, time }: PriorContext
): PriorDistribution => {
  // A model without choices was refused when it was made.
  const { categories, embed, relaxed, variables } = choices!
  const byVariable = (rows: tf.Tensor2D): tf.Tensor3D => tf.reshape(rows, [-1, variables, latent / variables])
  return {
    logProb: (codes) => {
      if (!relaxed || time === undefined) return tf.fill([codes.shape[0]], -variables * Math.log(categories))
      const byVariables = concreteLogProb(byVariable(codes), tf.zeros([categories]), valueAt(temperature, time))
      return tf.sum<tf.Tensor1D>(byVariables, -1)
    },
    kl: (posterior) => (relaxed && divergence === "relaxed" ? undefined : posterior.choices?.klToUniform()),
    sample: ({ normal }) => {
      // A variable has a number at least; its probability is uniform in [0, 1].
      const first = tf.squeeze(tf.slice(byVariable(normal), [0, 0, 0], [-1, -1, 1]), [2])
      const probability = tf.mul(tf.add(tf.erf(tf.mul(first, Math.SQRT1_2)), 1), 0.5)
      const place = tf.minimum(tf.floor(tf.mul(probability, categories)), categories - 1)
      return embed(oneHotAt(place, categories) as tf.Tensor3D)
    }
  }
}

/** `p(z) = categories^-variables` for every code that stands for choices; of relaxed codes, the concrete density. */
export const UniformCategorical = (options: UniformCategoricalOptions = {}): Prior => {
  const { divergence = "exact", temperature = 1 } = options
  return {
    spec: { _tag: "UniformCategorical", divergence, temperature: specOf(temperature) },
    name: "uniform categories",
    problem: choiceProblem("divergence", divergence, divergences) ?? alwaysPositiveProblem("temperature", temperature),
    schedules: scheduled({ "prior-temperature": temperature }),
    ofChoices: true,
    parameters: () => ({}),
    distribution: (_, context) => distribution(options, context)
  }
}
