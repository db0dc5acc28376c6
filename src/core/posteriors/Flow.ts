/**
 * Posteriors by normalizing flows: codes of a base posterior, moved by invertible maps whose volume changes are known.
 *
 * `log q(z | x) = log q_0(z_0 | x) - Σ log |det ∂z_k / ∂z_{k-1}|` is known of the flow's own codes alone, as the maps
 * are not inverted. The KL divergence has no closed form and is estimated.
 *
 * Source: Rezende and Mohamed 2015, eq. 13, https://arxiv.org/abs/1505.05770
 */
import * as tf from "@tensorflow/tfjs-core"
import { drawCodes } from "../Divergence.ts"
import type { ParameterInfo } from "../ParameterInfo.ts"
import type { ContinuousFamily, Posterior } from "../Posterior.ts"
import type { Json } from "../Spec.ts"
import { prefixed, type Tensors, under } from "../Tensors.ts"
import { countProblem } from "../OptionProblem.ts"

/** Moved codes, and the logarithm of each code's volume change. */
export interface Moved {
  /** `[draws, batch, latent]`. */
  readonly codes: tf.Tensor
  /** `[draws, batch]`. */
  readonly logDeterminant: tf.Tensor
}

/** One kind of map. */
export interface FlowStep {
  /** Heads of the encoder for one map, `[batch, width]` each. */
  readonly heads: ReadonlyArray<string>
  readonly width: (head: string, latent: number) => number
  /** Parameters of one map, the same for all examples. */
  readonly parameters?: (latent: number) => Readonly<Record<string, ParameterInfo>>
  /** Moves codes `[draws, batch, latent]`; `layer` counts from 0. */
  readonly move: (args: {
    readonly codes: tf.Tensor
    readonly heads: ReadonlyArray<tf.Tensor2D>
    readonly parameters: Tensors
    readonly layer: number
  }) => Moved
}

export interface FlowOptions {
  /** The posterior whose codes are moved. */
  readonly base: ContinuousFamily
  /** Number of maps, from 1. */
  readonly layers: number
}

/** What is wrong with the options of a flow, if anything. */
const problemOf = ({ base, layers }: FlowOptions): string | undefined => {
  const count = countProblem("layers", layers)
  if (count !== undefined) return count
  if (base.problem !== undefined) return `base: ${base.problem}`
  if (base.hasDensity === false) return `base is ${base.spec._tag}, which has no density; a flow needs one`
  const { space }: Posterior = base
  return space === undefined
    ? undefined
    : `base is ${base.spec._tag}, whose codes are discrete; a flow moves real vectors`
}

/**
 * The posterior of a base moved by `layers` maps, whose heads and parameters are named `flow1-...` and so on.
 *
 * `mean` is where the flow takes the base's mean, and `deviation` that of the base: the moved distribution's own
 * moments have no closed form.
 */
export const flow = (
  tag: string,
  options: FlowOptions,
  step: FlowStep,
  described: Readonly<Record<string, Json>> = {}
): ContinuousFamily => {
  const { base, layers } = options
  const numbers = Array.from(
    { length: Number.isSafeInteger(layers) ? Math.max(0, layers) : 0 },
    (_, index) => index + 1
  )
  const own = numbers.flatMap((number) => step.heads.map((head) => ({ name: `flow${number}-${head}`, head })))
  const parametersOf = (latent: number) => step.parameters?.(latent) ?? {}
  return {
    spec: { _tag: tag, base: base.spec, layers, ...described },
    problem: problemOf(options),
    densityOfOwnCodes: true,
    heads: [...base.heads, ...own.map(({ name }) => name)],
    width: (name, latent) => {
      const head = own.find((candidate) => candidate.name === name)?.head
      return head === undefined ? (base.width?.(name, latent) ?? latent) : step.width(head, latent)
    },
    parameters: (latent) => ({
      ...base.parameters?.(latent),
      ...Object.assign({}, ...numbers.map((number) => prefixed(`flow${number}/`, parametersOf(latent))))
    }),
    fromHeads: (heads, parameters = {}) => {
      const first = base.fromHeads(heads.slice(0, base.heads.length), parameters)
      const [batch, latent] = first.mean.shape
      const moved = (codes: tf.Tensor2D): Moved => {
        let current: tf.Tensor = tf.reshape(codes, [-1, batch, latent])
        let total: tf.Tensor = tf.zeros([current.shape[0]!, batch])
        for (const number of numbers) {
          const begin = base.heads.length + (number - 1) * step.heads.length
          const next = step.move({
            codes: current,
            heads: heads.slice(begin, begin + step.heads.length),
            parameters: under(`flow${number}/`, parameters),
            layer: number - 1
          })
          current = next.codes
          total = tf.add(total, next.logDeterminant)
        }
        return { codes: tf.reshape(current, codes.shape), logDeterminant: tf.reshape(total, [-1]) }
      }
      const draw = (noise: tf.Tensor2D) => {
        const drawn = drawCodes(first, noise)
        const { codes, logDeterminant } = moved(drawn.codes)
        return {
          codes: codes as tf.Tensor2D,
          ...(drawn.logProb !== undefined && { logProb: () => tf.sub<tf.Tensor1D>(drawn.logProb!(), logDeterminant) })
        }
      }
      return {
        get mean() {
          return moved(first.mean).codes as tf.Tensor2D
        },
        get deviation() {
          return first.deviation
        },
        sample: (noise) => draw(noise).codes,
        draw
      }
    }
  }
}
