/**
 * A hierarchy of groups of codes, drawn from the top down: each group's posterior combines what the encoder says of the
 * image with what the groups above say, so that a group above is used where it helps the ones below.
 *
 * Source: Sønderby et al. 2016, eq. 9 to 18, https://arxiv.org/abs/1602.02282, without batch normalisation
 */
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Result } from "effect"
import type { ImageShape } from "../Dataset.ts"
import type { Likelihood } from "../Likelihood.ts"
import { BernoulliLogits } from "../likelihoods/BernoulliLogits.ts"
import { type Autoencoder, type ContinuousLatent, GroupedLatent, type Model, type ModelError } from "../Model.ts"
import { type Network, type NetworkError, sequence } from "../Network.ts"
import { type ActivationName, activations } from "../networks/Activation.ts"
import { dense, type DenseInitializer, denseInitializers } from "../networks/Dense.ts"
import { hiddenLayers } from "../networks/HiddenLayers.ts"
import { flatten, reshape } from "../networks/Reshape.ts"
import type { Drawn } from "../Posterior.ts"
import type { PriorDistribution } from "../Prior.ts"
import { prefixed, sizeOf, type Tensors, under } from "../Tensors.ts"
import { choiceProblem, countProblem } from "../OptionProblem.ts"
import * as Compose from "./Compose.ts"
import * as ModelServices from "./ModelServices.ts"
import * as GaussianNetwork from "./GaussianNetwork.ts"

export interface LadderGroup {
  /** Latent dimensions of the group; positive. */
  readonly latent: number
  /** Units of the hidden layers between this group and the one below, or the image, from below upwards. */
  readonly hidden: ReadonlyArray<number>
}

export interface LadderVaeOptions {
  /** Groups of codes from the image upwards, at least one; one group is a plain variational autoencoder. */
  readonly groups: readonly [LadderGroup, ...ReadonlyArray<LadderGroup>]
  /** After every hidden layer. Default: `relu`. */
  readonly activation?: ActivationName
  /** What the decoder's output says of an image. Default: `BernoulliLogits()`. */
  readonly likelihood?: Likelihood
  /** How first weights are drawn. Default: `glorot-uniform`. */
  readonly initializer?: DenseInitializer
}

/** The parts of `[rows, Σ latent]` that belong to each group. */
const split = (rows: tf.Tensor2D, widths: ReadonlyArray<number>): ReadonlyArray<tf.Tensor2D> => {
  let begin = 0
  return widths.map((width) => {
    const part = tf.slice(rows, [0, begin], [-1, width])
    begin += width
    return part
  })
}

/** One group on the way down: its prior given the codes above, its posterior, and its codes. */
interface Step {
  readonly prior: GaussianNetwork.Gaussian
  readonly posterior: GaussianNetwork.Gaussian
  readonly codes: tf.Tensor2D
}

const build = (
  image: ImageShape,
  { activation: name, groups, initializer, likelihood }: Required<LadderVaeOptions>
): Result.Result<Autoencoder, NetworkError> =>
  Result.gen(function* () {
    const layers = (units: ReadonlyArray<number>) => hiddenLayers(units, name, { initializer })
    const widths = groups.map(({ latent }) => latent)
    const top = groups.length - 1

    const encoders: Array<GaussianNetwork.GaussianNetwork> = []
    for (const [index, { hidden, latent }] of groups.entries()) {
      const input = index === 0 ? [image.height, image.width, image.channels] : encoders[index - 1]!.body.output
      const body = sequence(...(index === 0 ? [flatten()] : []), ...layers(hidden))
      encoders.push(yield* GaussianNetwork.make(input, body, latent, initializer))
    }
    /** Of each group but the top one, from the codes above. */
    const priors: Array<GaussianNetwork.GaussianNetwork> = []
    for (const [index, { latent }] of groups.slice(0, top).entries()) {
      const { hidden, latent: above } = groups[index + 1]!
      priors.push(yield* GaussianNetwork.make([above], sequence(...layers(hidden.toReversed())), latent, initializer))
    }
    const shape = [image.height, image.width, image.channels * (likelihood.outputs ?? 1)]
    const decoder = yield* Compose.composeDecoder(image, widths[0]!, {
      likelihood,
      decoder: sequence(...layers(groups[0].hidden.toReversed()), dense(sizeOf(shape), { initializer }), reshape(shape))
    })

    /** The groups from the top down; `choose` gives a group's posterior and codes from its prior. */
    const descend = (
      parameters: Tensors,
      rows: number,
      choose: (prior: GaussianNetwork.Gaussian, group: number) => Omit<Step, "prior">
    ): ReadonlyArray<Step> => {
      const steps: Array<Step> = []
      for (let group = top; group >= 0; group--) {
        const prior =
          group === top
            ? GaussianNetwork.standardNormal(rows, widths[top]!)
            : GaussianNetwork.apply(priors[group]!, under(`prior/group${group + 1}/`, parameters), steps[0]!.codes)
                .gaussian
        steps.unshift({ prior, ...choose(prior, group) })
      }
      return steps
    }
    const together = (parts: ReadonlyArray<tf.Tensor2D>): tf.Tensor2D =>
      parts.length === 1 ? parts[0]! : tf.concat2d([...parts], 1)
    const total = (parts: ReadonlyArray<tf.Tensor1D>): tf.Tensor1D => parts.reduce((sum, part) => tf.add(sum, part))

    const encode: Autoencoder["encode"] = (parameters, images) => {
      let features: tf.Tensor = images
      const seen = encoders.map((encoder, index) => {
        const found = GaussianNetwork.apply(encoder, under(`encoder/group${index + 1}/`, parameters), features)
        features = found.features
        return found.gaussian
      })
      const [batch] = images.shape
      const drawWith = (noise: tf.Tensor2D): ReadonlyArray<Step> => {
        const [rows] = noise.shape
        const parts = split(noise, widths)
        const repeated = (x: tf.Tensor2D): tf.Tensor2D => (rows === batch ? x : tf.tile(x, [rows / batch, 1]))
        return descend(parameters, rows, (prior, group) => {
          const { logVariance, mean } = seen[group]!
          const own = { mean: repeated(mean), logVariance: repeated(logVariance) }
          const posterior = group === top ? own : GaussianNetwork.product(own, prior)
          return { posterior, codes: GaussianNetwork.distribution(posterior).sample(parts[group]!) }
        })
      }
      const draw = (noise: tf.Tensor2D): Drawn => {
        const steps = drawWith(noise)
        return {
          codes: together(steps.map(({ codes }) => codes)),
          logProb: () =>
            total(steps.map(({ codes, posterior }) => GaussianNetwork.distribution(posterior).logProb!(codes))),
          klByGroup: () => steps.map(({ posterior, prior }) => GaussianNetwork.divergence(posterior, prior))
        }
      }
      const atMean = () => drawWith(tf.zeros([batch, widths.reduce((sum, width) => sum + width, 0)]))
      return {
        get mean() {
          return together(atMean().map(({ codes }) => codes))
        },
        get deviation() {
          return together(atMean().map(({ posterior }) => GaussianNetwork.distribution(posterior).deviation))
        },
        sample: (noise) => draw(noise).codes,
        draw
      }
    }
    const prior = (parameters: Tensors): PriorDistribution => ({
      logProb: (codes) => {
        const parts = split(codes, widths)
        const steps = descend(parameters, codes.shape[0], (prior, group) => ({
          posterior: prior,
          codes: parts[group]!
        }))
        return total(steps.map(({ codes, prior }) => GaussianNetwork.distribution(prior).logProb!(codes)))
      },
      sample: ({ normal }) => {
        const parts = split(normal, widths)
        const steps = descend(parameters, normal.shape[0], (prior, group) => ({
          posterior: prior,
          codes: GaussianNetwork.distribution(prior).sample(parts[group]!)
        }))
        return together(steps.map(({ codes }) => codes))
      }
    })
    const named = (prefix: string, networks: ReadonlyArray<GaussianNetwork.GaussianNetwork>): Network["parameters"] =>
      Object.assign(
        {},
        ...networks.map((network, index) =>
          prefixed(`${prefix}/group${index + 1}/`, GaussianNetwork.parametersOf(network))
        )
      )
    return {
      parameters: { ...named("encoder", encoders), ...decoder.parameters, ...named("prior", priors) },
      noise: {},
      encode,
      prior,
      decode: (parameters, codes) => decoder.decode(parameters, split(codes, widths)[0]!)
    }
  })

/** The first thing wrong with the options, as a sentence. */
const problemOf = ({ activation, groups, initializer, likelihood }: Required<LadderVaeOptions>): string | undefined => {
  if (groups.length === 0) return "there are no groups; a ladder has at least one"
  const counts = groups.flatMap(({ hidden, latent }, index) => [
    countProblem(`groups[${index}].latent`, latent),
    ...hidden.map((units, layer) => countProblem(`groups[${index}].hidden[${layer}]`, units))
  ])
  return (
    counts.find((problem) => problem !== undefined) ??
    choiceProblem("activation", activation, Object.keys(activations)) ??
    choiceProblem("initializer", initializer, Object.keys(denseInitializers)) ??
    (likelihood.problem && `likelihood: ${likelihood.problem}`)
  )
}

/**
 * Provides the model. Codes are the groups' side by side, from the one next to the image upwards; an image depends on the
 * first of them, and each on the one above:
 *
 * - `p(z_L) = N(0, I)`, `p(z_i | z_{i+1})` and `p(x | z_1)` by networks,
 * - `q(z_L | x)` by the encoder, and `q(z_i | x, z_{i+1})` the normalised product of the encoder's Gaussian and
 *   `p(z_i | z_{i+1})`.
 *
 * Each group's KL divergence is exact given the codes above it, reported as `kl-group1` and so on; their sum is an estimate.
 * Fails with `ModelError` where an option is not allowed.
 */
export const layer = (options: LadderVaeOptions): Layer.Layer<Model | ContinuousLatent | GroupedLatent, ModelError> => {
  const choices: Required<LadderVaeOptions> = {
    activation: "relu",
    likelihood: BernoulliLogits(),
    initializer: "glorot-uniform",
    ...options
  }
  const { activation, groups, initializer, likelihood } = choices
  const latent = groups.reduce((sum, group) => sum + group.latent, 0)
  const described = ModelServices.services({
    tag: "LadderVae",
    problem: problemOf(choices),
    options: {
      groups: groups.map(({ hidden, latent }) => ({ latent, hidden })),
      activation,
      likelihood: likelihood.spec,
      initializer
    },
    latent,
    prior: { name: `a hierarchy of ${groups.length} group${groups.length === 1 ? "" : "s"} of Gaussians` },
    likelihood,
    factorized: false,
    planar: false,
    infiniteKl: undefined,
    build: (image) => build(image, choices)
  })
  const grouped = { groups: groups.map(({ latent }) => latent) }
  return Layer.effectContext(Effect.map(described, Context.add(GroupedLatent, grouped))) as Layer.Layer<
    Model | ContinuousLatent | GroupedLatent,
    ModelError
  >
}
