/**
 * The subject of `discretePosteriorContract`: a discrete posterior family's distributions for given heads.
 */
import { assert } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { oneHotAt } from "../../core/OneHot.ts"
import type { ChoiceSpace, DiscreteFamily, PosteriorDistribution } from "../../core/Posterior.ts"
import type { PriorDistribution } from "../../core/Prior.ts"
import { UniformCategorical } from "../../core/priors/UniformCategorical.ts"
import type { HostTensor, Tensors } from "../../core/Tensors.ts"
import { normalValues, timeAt, toTensor } from "../TensorProbe.ts"

/** All choices of the variables, `[categories ** variables, variables, categories]`. */
export const everyChoice = ({ categories, variables }: Pick<ChoiceSpace, "categories" | "variables">): tf.Tensor3D => {
  const rows = Array.from({ length: categories ** variables }, (_, row) =>
    Array.from({ length: variables }, (_, variable) => Math.floor(row / categories ** variable) % categories)
  )
  return oneHotAt(tf.tensor2d(rows), categories) as tf.Tensor3D
}

/** The distributions of one family of discrete posteriors with `latent` dimensions. */
export interface DiscretePosteriorProbe {
  readonly space: ReturnType<DiscreteFamily["space"]>
  /** Random heads, `[batch, width]` each. */
  readonly headsAt: (seed: number, batch: number, scale?: number) => Record<string, HostTensor>
  readonly distribution: (heads: Readonly<Record<string, tf.Tensor>>, training?: boolean) => PosteriorDistribution
  /** Codes of one-hot choices. */
  readonly embed: (choices: tf.Tensor3D) => tf.Tensor2D
  /** The uniform prior of the family's choices. */
  readonly prior: (training?: boolean) => PriorDistribution
  readonly noiseAt: (seed: number, rows: number) => tf.Tensor2D
}

export const discretePosteriorProbe = (posterior: DiscreteFamily, latent: number): DiscretePosteriorProbe => {
  const space = posterior.space(latent)
  const image = { height: 1, width: 1, channels: 1 }

  const headsAt = (seed: number, batch: number, scale = 1): Record<string, HostTensor> =>
    Object.fromEntries(
      posterior.heads.map((head) => [
        head,
        normalValues(seed, head, [batch, posterior.width?.(head, latent) ?? latent], scale)
      ])
    )
  const parameters = (): Tensors =>
    Record.map(posterior.parameters?.(latent) ?? {}, ({ shape }, parameter) =>
      toTensor(normalValues(1, `parameter/${parameter}`, shape))
    )
  const distribution = (heads: Readonly<Record<string, tf.Tensor>>, training = false): PosteriorDistribution =>
    posterior.fromHeads(
      posterior.heads.map((head) => heads[head] as tf.Tensor2D),
      parameters(),
      training ? timeAt(26) : undefined
    )
  const embed = (choices: tf.Tensor3D): tf.Tensor2D => space.embed(choices, parameters())
  const prior = (training = false): PriorDistribution =>
    UniformCategorical().distribution(
      {},
      {
        latent,
        image,
        encode: () => assert.fail("the prior encoded images"),
        choices: { ...space, embed, relaxed: training && space.relaxedInTraining },
        time: training ? timeAt(26) : undefined
      }
    )
  const noiseAt = (seed: number, rows: number): tf.Tensor2D => toTensor(normalValues(seed, "noise", [rows, latent]))
  return { space, headsAt, distribution, embed, prior, noiseAt }
}
