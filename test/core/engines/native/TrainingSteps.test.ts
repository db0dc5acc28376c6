/**
 * Training steps of every objective, posterior, prior, likelihood and optimiser: the native engine compiles each itself,
 * without onnxruntime, and gives the reference engine's numbers.
 */
import { assert } from "@effect/vitest"
import { Effect, Layer, Record } from "effect"
import * as ort from "onnxruntime-node"
import { vi } from "vitest"
import { Engine } from "../../../../src/core/Engine.ts"
import * as Native from "../../../../src/core/engines/Native.ts"
import * as Reference from "../../../../src/core/engines/Reference.ts"
import { drawnAnew } from "../../../../src/core/datasets/Binarized.ts"
import { Model, type ModelError } from "../../../../src/core/Model.ts"
import { Objective, type ObjectiveError } from "../../../../src/core/Objective.ts"
import type { Optimizer as AnyOptimizer } from "../../../../src/core/Optimizer.ts"
import { uniform } from "../../../../src/core/Random.ts"
import { type HostTensors, uint8 } from "../../../../src/core/Tensors.ts"
import * as TrainStep from "../../../../src/core/TrainStep.ts"
import {
  Adagrad,
  Adam,
  AdamW,
  AmsGrad,
  BernoulliLogits,
  BetaElbo,
  BetaTcVae,
  Ciwae,
  clipByGlobalNorm,
  ContinuousBernoulli,
  DenseVae,
  DipVae,
  DiscretisedLogistic,
  DoublyReparametrised,
  FactorVae,
  FlowPrior,
  FreeBits,
  FullCovarianceGaussian,
  GumbelSoftmax,
  ImportanceWeighted,
  InfoVae,
  InverseAutoregressiveFlow,
  LadderVae,
  LaplaceLikelihood,
  LearnedGaussian,
  type Likelihood,
  Lion,
  LogVarianceGaussian,
  Miwae,
  MixtureOfGaussians,
  Optimizer,
  Piwae,
  PlanarFlow,
  type Posterior,
  type Prior,
  RmsProp,
  scaleByAdam,
  scaleByLearningRate,
  Schedule,
  Sgd,
  SoftplusGaussian,
  UniformCategorical,
  VampPrior,
  VectorQuantised
} from "../../../../src/index.ts"
import { assertClose } from "../../../../src/testing/TensorProbe.ts"
import { nativeTest } from "./NativeTest.ts"

const shape = { height: 4, width: 5, channels: 1 }
const latent = 3
const [examples, batch] = [24, 8]
const bytes = Uint8Array.from(uniform({ seed: 1, stream: "bytes", step: 0 }, examples * 20), (value) => 255 * value)
const dataset: HostTensors = { images: uint8([examples, 4, 5, 1], bytes) }

interface Choices {
  readonly model?: Layer.Layer<Model, ModelError>
  readonly posterior?: Posterior.Posterior
  readonly prior?: Prior.Prior
  readonly likelihood?: Likelihood.Likelihood
  readonly objective?: Layer.Layer<Objective, ObjectiveError, any>
  readonly optimizer?: AnyOptimizer
  readonly binarised?: boolean
}

const elbo = BetaElbo.layer({ beta: 1 })
const learningRate = 1e-2

const choices: Readonly<Record<string, Choices>> = {
  "images binarised anew": { binarised: true },
  "BetaElbo with warm-up": { objective: BetaElbo.layer({ beta: Schedule.linear({ from: 0, to: 1, steps: 4 }) }) },
  BetaTcVae: { objective: BetaTcVae.layer({ beta: 4 }) },
  Ciwae: { objective: Ciwae.layer({ beta: 0.5, samples: 3 }) },
  DipVae: { objective: DipVae.layer({ kind: "II", offDiagonal: 2, diagonal: 2 }) },
  DoublyReparametrised: { objective: DoublyReparametrised.layer({ samples: 3 }) },
  FreeBits: { objective: FreeBits.layer({ nats: 0.1 }) },
  ImportanceWeighted: { objective: ImportanceWeighted.layer({ samples: 3 }) },
  InfoVae: { objective: InfoVae.layer({ alpha: 0, lambda: 10 }) },
  Miwae: { objective: Miwae.layer({ bounds: 2, samples: 3 }) },
  Piwae: { objective: Piwae.layer({ bounds: 2, samples: 3 }) },
  FactorVae: { objective: FactorVae.layer({ gamma: 5, hidden: [8, 8] }) },
  GumbelSoftmax: { posterior: GumbelSoftmax({ categories: 3, temperature: 0.7 }) },
  "GumbelSoftmax, annealed and straight through": {
    posterior: GumbelSoftmax({
      categories: 3,
      temperature: Schedule.exponential({ from: 1, to: 0.5, steps: 4 }),
      straightThrough: true
    })
  },
  "GumbelSoftmax with a relaxed prior": {
    posterior: GumbelSoftmax({ categories: 3, temperature: 0.7 }),
    prior: UniformCategorical({ divergence: "relaxed", temperature: 0.7 })
  },
  VectorQuantised: { posterior: VectorQuantised({ entries: 4, dimensions: 1 }) },
  "VectorQuantised by moving averages": { posterior: VectorQuantised({ entries: 4, dimensions: 3, decay: 0.9 }) },
  LadderVae: {
    model: LadderVae.layer({
      groups: [
        { latent: 2, hidden: [7] },
        { latent: 1, hidden: [5] }
      ]
    })
  },
  SoftplusGaussian: { posterior: SoftplusGaussian() },
  FullCovarianceGaussian: { posterior: FullCovarianceGaussian() },
  PlanarFlow: { posterior: PlanarFlow({ base: LogVarianceGaussian(), layers: 2 }) },
  InverseAutoregressiveFlow: {
    posterior: InverseAutoregressiveFlow({ base: LogVarianceGaussian(), layers: 2, hidden: 6, context: 4 })
  },
  MixtureOfGaussians: { prior: MixtureOfGaussians({ components: 4 }) },
  VampPrior: { prior: VampPrior({ pseudoInputs: 4 }) },
  FlowPrior: { prior: FlowPrior({ layers: 2, hidden: 6 }) },
  ContinuousBernoulli: { likelihood: ContinuousBernoulli() },
  LaplaceLikelihood: { likelihood: LaplaceLikelihood({ scale: 0.5 }) },
  DiscretisedLogistic: { likelihood: DiscretisedLogistic({ components: 2 }) },
  "LearnedGaussian global": { likelihood: LearnedGaussian({ deviation: "global" }) },
  "LearnedGaussian pixel": { likelihood: LearnedGaussian({ deviation: "pixel" }) },
  "LearnedGaussian optimal": { likelihood: LearnedGaussian({ deviation: "optimal" }) },
  Adagrad: { optimizer: Adagrad({ learningRate }) },
  AdamW: { optimizer: AdamW({ learningRate, decay: 0.1 }) },
  AmsGrad: { optimizer: AmsGrad({ learningRate }) },
  Lion: { optimizer: Lion({ learningRate: 1e-3 }) },
  RmsProp: { optimizer: RmsProp({ learningRate }) },
  "Sgd with Nesterov": { optimizer: Sgd({ learningRate: 1e-3, momentum: 0.9, nesterov: true }) },
  "a clipped chain": {
    optimizer: Optimizer.chain(
      clipByGlobalNorm(1),
      scaleByAdam(),
      scaleByLearningRate(Schedule.warmUp({ steps: 2, to: 1e-2 }))
    )
  }
}

const ingredientsOf = Effect.fnUntraced(function* (choice: Choices) {
  const {
    likelihood = BernoulliLogits(),
    objective = elbo,
    optimizer = Adam({ learningRate }),
    posterior = LogVarianceGaussian(),
    prior
  } = choice
  const model: Layer.Layer<Model, ModelError> =
    choice.model ??
    DenseVae.layer({ hidden: [7], latent, posterior, likelihood, ...(prior !== undefined && { prior }) })
  return yield* Effect.gen(function* () {
    return {
      autoencoder: yield* (yield* Model).build(shape),
      latent,
      shape,
      objective: yield* Objective,
      optimizer,
      ...(choice.binarised === true && { augmentation: drawnAnew(shape) })
    }
  }).pipe(
    Effect.provide(Layer.provideMerge(objective as Layer.Layer<Objective, ObjectiveError>, model), { local: true })
  )
})

/** Terms of the steps and the state after them. */
const trained = Effect.fnUntraced(function* (ingredients: TrainStep.StepIngredients) {
  const engine = yield* Engine
  const { program, signature } = TrainStep.trainStep(ingredients, { examples, batch, stepsPerEpoch: 3 })
  const executable = yield* engine.compile(program, signature)
  const state = yield* engine.place(TrainStep.initialState(ingredients, 1))
  const data = yield* engine.place(dataset)
  const inputsOf = TrainStep.stepInputs(ingredients, 1)
  const losses: Array<ArrayLike<number>> = []
  for (let step = 0; step < 3; step++) {
    const indices = Int32Array.from({ length: batch }, (_, index) => (step * batch + index) % examples)
    const terms = yield* executable.run({ state, data, inputs: inputsOf(step, indices) })
    losses.push(terms["loss"]!.values as Float32Array)
  }
  return { losses, state: yield* state.read }
}, Effect.scoped)

/** The reference engine's results, for all instruction sets. */
const references = new Map<string, Effect.Success<ReturnType<typeof trained>>>()

for (const [name, choice] of Object.entries(choices)) {
  nativeTest(`compiles the training step of ${name} itself, with the reference's numbers`, (machine) =>
    Effect.gen(function* () {
      const ingredients = yield* ingredientsOf(choice)
      const create = vi.spyOn(ort.InferenceSession, "create")
      const native = Native.layer({ threads: 1, instructionSet: machine.set.name })
      const actual = yield* Effect.provide(trained(ingredients), native, { local: true })
      assert.strictEqual(create.mock.calls.length, 0, "onnxruntime was asked")
      create.mockRestore()
      const expected =
        references.get(name) ?? (yield* Effect.provide(trained(ingredients), Reference.layer, { local: true }))
      references.set(name, expected)
      expected.losses.forEach((losses, step) => assertClose(actual.losses[step]!, losses, 1e-4, `step ${step}`))
      const parameters = Record.filter(expected.state, (_, name) => name.startsWith("parameters/"))
      for (const [name, { values }] of Object.entries(parameters)) {
        assertClose(actual.state[name]!.values as Float32Array, values as Float32Array, 2e-3, name)
      }
    })
  )
}
