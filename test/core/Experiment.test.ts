/**
 * The language refuses wrong assemblies at compile time: each `@ts-expect-error` below fails `pnpm check` where the
 * compiler would accept the line. The run-time tests say what sweeps mean.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Dataset, Labels } from "../../src/core/Dataset.ts"
import * as Evaluation from "../../src/core/Evaluation.ts"
import * as Experiment from "../../src/core/Experiment.ts"
import { Model, type ModelError, PlanarLatent } from "../../src/core/Model.ts"
import { Objective } from "../../src/core/Objective.ts"
import * as Parameter from "../../src/core/Parameter.ts"
import * as Sweep from "../../src/core/Sweep.ts"
import { CodeUsage } from "../../src/core/evaluations/CodeUsage.ts"
import { Interpolation } from "../../src/core/evaluations/Interpolation.ts"
import { SamplesByGroup } from "../../src/core/evaluations/SamplesByGroup.ts"
import { Manifold } from "../../src/core/evaluations/Manifold.ts"
import * as DenseVae from "../../src/core/models/DenseVae.ts"
import * as LadderVae from "../../src/core/models/LadderVae.ts"
import * as BetaTcVae from "../../src/core/objectives/BetaTcVae.ts"
import * as FactorVae from "../../src/core/objectives/FactorVae.ts"
import { GumbelSoftmax } from "../../src/core/posteriors/GumbelSoftmax.ts"
import { LogVarianceGaussian } from "../../src/core/posteriors/LogVarianceGaussian.ts"
import { PlanarFlow } from "../../src/core/posteriors/PlanarFlow.ts"
import { MixtureOfGaussians } from "../../src/core/priors/MixtureOfGaussians.ts"
import { Training } from "../../src/core/Training.ts"

const factorizedModel = DenseVae.layer({ hidden: [4], latent: 2 })
const flowModel = DenseVae.layer({
  hidden: [4],
  latent: 2,
  posterior: PlanarFlow({ base: LogVarianceGaussian(), layers: 2 })
})
const mixtureModel = DenseVae.layer({ hidden: [4], latent: 2, prior: MixtureOfGaussians({ components: 3 }) })
const discreteModel = DenseVae.layer({
  hidden: [4],
  latent: 2,
  posterior: GumbelSoftmax({ categories: 2, temperature: 1 })
})
const ladder = LadderVae.layer({
  groups: [
    { latent: 1, hidden: [4] },
    { latent: 1, hidden: [4] }
  ]
})
const batchObjective = BetaTcVae.layer({ beta: 6 })
declare const unlabelled: Layer.Layer<Dataset>
declare const labelled: Layer.Layer<Dataset | Labels>
declare const model: Layer.Layer<Model, ModelError>
declare const planarModel: Layer.Layer<Model | PlanarLatent, ModelError>
declare const conditionalModel: Layer.Layer<Model, ModelError, Labels>
declare const objective: Layer.Layer<Objective>
declare const training: Layer.Layer<Training>
declare const curves: Evaluation.Evaluator
declare const scatter: Evaluation.Evaluator<Labels>
declare const manifold: Evaluation.Evaluator<PlanarLatent>

const beta = Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" })
const latent = Parameter.PositiveInt({ default: 2, description: "latent dimensions" })
const data = Parameter.Choice(["mnist", "fashion-mnist"], { default: "mnist", description: "which images" })

const declareExperiment = () =>
  Experiment.make("example", {
    description: "An example.",
    parameters: { beta, latent, data },
    run: () => ({
      dataset: labelled,
      model: planarModel,
      objective,
      training,
      evaluation: Evaluation.layer(curves, scatter, manifold)
    })
  })

// Never called: only the compiler looks at it.
export const refused = () => {
  const common = { description: "", parameters: { beta } }
  const rest = { objective, training }
  const assemble = Experiment.make
  const plain = Evaluation.layer(curves)
  const coloured = Evaluation.layer(curves, scatter)
  const planar = Evaluation.layer(curves, manifold)
  const either = Evaluation.layer(curves, Evaluation.optional(manifold))
  // What is right compiles.
  assemble("", {
    ...common,
    run: () => ({ ...rest, dataset: labelled, model: conditionalModel, evaluation: coloured })
  })
  assemble("", { ...common, run: () => ({ ...rest, dataset: unlabelled, model, evaluation: either }) })
  assemble("", {
    ...common,
    // @ts-expect-error the run has no dataset
    run: () => ({ ...rest, model, evaluation: plain })
  })
  assemble("", {
    ...common,
    // @ts-expect-error a model is no dataset
    run: () => ({ ...rest, dataset: model, model, evaluation: plain })
  })
  assemble("", {
    ...common,
    // @ts-expect-error the evaluation needs labels and the dataset has none
    run: () => ({ ...rest, dataset: unlabelled, model: planarModel, evaluation: coloured })
  })
  assemble("", {
    ...common,
    // @ts-expect-error the model needs labels and the dataset has none
    run: () => ({ ...rest, dataset: unlabelled, model: conditionalModel, evaluation: plain })
  })
  assemble("", {
    ...common,
    // @ts-expect-error the manifold needs a latent space that is known to be a plane
    run: () => ({ ...rest, dataset: labelled, model, evaluation: planar })
  })
  assemble("", {
    ...common,
    run: () => ({ ...rest, dataset: labelled, model: factorizedModel, objective: batchObjective, evaluation: plain })
  })
  assemble("", {
    ...common,
    // @ts-expect-error the objective needs a posterior of independent dimensions, and a flow has none
    run: () => ({ ...rest, dataset: labelled, model: flowModel, objective: batchObjective, evaluation: plain })
  })
  assemble("", {
    ...common,
    // @ts-expect-error without a range the manifold needs a prior of known quantiles, and a mixture has none
    run: () => ({ ...rest, dataset: labelled, model: mixtureModel, evaluation: Evaluation.layer(Manifold()) })
  })
  assemble("", {
    ...common,
    run: () => ({
      ...rest,
      dataset: labelled,
      model: mixtureModel,
      evaluation: Evaluation.layer(Manifold({ range: [-4, 4] }))
    })
  })
  const discrete = { ...rest, dataset: labelled, model: discreteModel }
  assemble("", { ...common, run: () => ({ ...discrete, evaluation: Evaluation.layer(curves, CodeUsage()) }) })
  assemble("", {
    ...common,
    // @ts-expect-error a discrete code is no plane, whatever its dimensions
    run: () => ({ ...discrete, evaluation: Evaluation.layer(Manifold({ range: [-4, 4] })) })
  })
  assemble("", {
    ...common,
    // @ts-expect-error nothing lies between two choices
    run: () => ({ ...discrete, evaluation: Evaluation.layer(Interpolation()) })
  })
  assemble("", {
    ...common,
    // @ts-expect-error the objective weighs real dimensions
    run: () => ({ ...discrete, objective: batchObjective, evaluation: plain })
  })
  assemble("", {
    ...common,
    // @ts-expect-error real vectors are no choices to count
    run: () => ({ ...rest, dataset: labelled, model: factorizedModel, evaluation: Evaluation.layer(CodeUsage()) })
  })
  assemble("", {
    ...common,
    run: () => ({ ...rest, dataset: labelled, model: ladder, evaluation: Evaluation.layer(SamplesByGroup()) })
  })
  assemble("", {
    ...common,
    // @ts-expect-error one group of codes has none above it
    run: () => ({ ...rest, dataset: labelled, model: factorizedModel, evaluation: Evaluation.layer(SamplesByGroup()) })
  })
  assemble("", {
    ...common,
    // @ts-expect-error the dimensions of a hierarchy are not independent
    run: () => ({ ...rest, dataset: labelled, model: ladder, objective: batchObjective, evaluation: plain })
  })
  assemble("", {
    ...common,
    // @ts-expect-error the discriminator permutes real dimensions
    run: () => ({ ...discrete, objective: FactorVae.layer({ gamma: 5 }), evaluation: plain })
  })
  // @ts-expect-error "betta" is no parameter
  declareExperiment().pipe(Experiment.grid({ betta: [0, 1] }))
  // @ts-expect-error beta is a number
  declareExperiment().pipe(Experiment.grid({ beta: ["0", "1"] }))
  // @ts-expect-error an axis is a list of values
  declareExperiment().pipe(Experiment.grid({ beta: 1 }))
  // @ts-expect-error no such dataset
  declareExperiment().pipe(Experiment.grid({ data: ["mnist", "cifar"] }))
  // @ts-expect-error "betta" is no parameter
  declareExperiment().pipe(Experiment.zip({ beta: [0, 1], betta: [2, 10] }))
  // @ts-expect-error "betta" is no parameter
  declareExperiment().pipe(Experiment.concat([{ betta: 1 }]))
  // @ts-expect-error the values have no "betta"
  declareExperiment().pipe(Experiment.filter((values) => values.betta > 0))
  // @ts-expect-error a default must be of the parameter's type
  Parameter.NonNegative({ default: "1", description: "" })
  // @ts-expect-error a default must be one of the words
  Parameter.Choice(["mnist"], { default: "cifar", description: "" })
}

const nothing = (): never => {
  throw new Error("an experiment's layers are not built here")
}
const experiment = Experiment.make("example", {
  description: "An example.",
  parameters: { beta, latent, data },
  run: nothing as () => Experiment.Assembly<Labels, never>
})
const values = (list: ReadonlyArray<{ readonly beta: number; readonly latent: number }>) =>
  list.map((point) => [point.beta, point.latent])

describe("a sweep", () => {
  it("is one run with all defaults if nothing is set", () => {
    assert.deepStrictEqual(Experiment.points(experiment), [{ beta: 1, latent: 2, data: "mnist" }])
  })
  it("grid: every combination, the last axis fastest, and grids cross", () => {
    const expected = [
      [0, 2],
      [0, 10],
      [4, 2],
      [4, 10]
    ]
    const swept = experiment.pipe(Experiment.grid({ beta: [0, 4], latent: [2, 10] }))
    assert.deepStrictEqual(values(Experiment.points(swept)), expected)
    const crossed = experiment.pipe(Experiment.grid({ beta: [0, 4] }), Experiment.grid({ latent: [2, 10] }))
    assert.deepStrictEqual(values(Experiment.points(crossed)), expected)
  })
  it("zip: in parallel, and axes of unequal length are refused", () => {
    const swept = experiment.pipe(Experiment.zip({ beta: [0, 4], latent: [2, 10] }))
    assert.deepStrictEqual(values(Experiment.points(swept)), [
      [0, 2],
      [4, 10]
    ])
    assert.throws(() => Sweep.zip<{ a: number; b: number }>({ a: [1], b: [1, 2] }), /a.*1.*b.*2/)
  })
  it("concat appends points and drops repeated ones", () => {
    const swept = experiment.pipe(
      Experiment.grid({ beta: [0, 4] }),
      Experiment.concat([{ beta: 4 }, ...Sweep.grid({ beta: [9], latent: [10, 20] })])
    )
    assert.deepStrictEqual(values(Experiment.points(swept)), [
      [0, 2],
      [4, 2],
      [9, 10],
      [9, 20]
    ])
  })
  it("filter sees defaults filled in", () => {
    const swept = experiment.pipe(
      Experiment.grid({ beta: [0, 1, 4] }),
      Experiment.filter((point) => point.beta < point.latent)
    )
    assert.deepStrictEqual(values(Experiment.points(swept)), [
      [0, 2],
      [1, 2]
    ])
  })
  it("override replaces an axis and keeps the others", () => {
    const swept = experiment.pipe(Experiment.grid({ beta: [0, 1, 4], latent: [2, 10] }))
    const overridden = swept.pipe(Experiment.override(Sweep.grid({ beta: [7] }), ["beta"]))
    assert.deepStrictEqual(values(Experiment.points(overridden)), [
      [7, 2],
      [7, 10]
    ])
  })
  it("an axis without values leaves no run", () => {
    assert.deepStrictEqual(Experiment.points(experiment.pipe(Experiment.grid({ beta: [] }))), [])
  })
})

describe("an optional evaluation", () => {
  const evaluator = Evaluation.make({
    spec: { _tag: "Manifold" },
    needs: [PlanarLatent],
    run: PlanarLatent.use(() => Effect.succeed({ metrics: {}, figures: [] }))
  })
  const optional = Evaluation.layer(Evaluation.optional(evaluator))
  const tags = (layer: Layer.Layer<Evaluation.Evaluation>) =>
    Effect.map(Layer.build(layer), (context) =>
      Context.get(context, Evaluation.Evaluation).evaluators.map(({ spec }) => spec._tag)
    )
  it.effect("is skipped if its needs are not met", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* tags(optional), [])
      assert.deepStrictEqual(yield* tags(optional.pipe(Layer.provide(Layer.succeed(PlanarLatent, { latent: 2 })))), [
        "Manifold"
      ])
    })
  )
})
