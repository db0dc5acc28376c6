/**
 * Plans an experiment: every point of the sweep with every seed becomes a completely described run. Reads no images.
 */
import { Effect, Layer, Option, Runtime, Schema } from "effect"
import { Dataset, type DatasetError, type DatasetPlatform, Labels, type Located } from "../../core/Dataset.ts"
import { Evaluation } from "../../core/Evaluation.ts"
import { type AnyAssembly, type Experiment, points, type Reference } from "../../core/Experiment.ts"
import { Model } from "../../core/Model.ts"
import { Objective } from "../../core/Objective.ts"
import { Training } from "../../core/Training.ts"
import type { Json } from "../../core/Spec.ts"
import { type RunSpecs, runId } from "../store/Manifest.ts"

/** A planned run. */
export interface PlannedRun {
  /** Hash of everything that determines the run's numbers. */
  readonly id: string
  readonly experiment: string
  /** All parameters as JSON. */
  readonly parameters: Readonly<Record<string, Json>>
  /** The parameters that differ between the runs of the sweep, such as `beta=12`; empty for a single run. */
  readonly label: string
  readonly seed: number
  readonly specs: RunSpecs
  readonly dataset: Dataset["Service"]
  readonly model: Model["Service"]
  readonly objective: Objective["Service"]
  readonly training: Training["Service"]
  readonly evaluation: Evaluation["Service"]
  readonly located: Located
  /** Names of the dataset's classes, if it has labels. */
  readonly classes?: ReadonlyArray<string> | undefined
  /** The values that the experiment's source reported for these parameters. */
  readonly reference: Reference
}

/** A run cannot be planned: its layers reject their options. */
export class PlanError extends Schema.TaggedError<PlanError>()("PlanError", {
  experiment: Schema.String,
  parameters: Schema.String,
  reason: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `${this.experiment}${this.parameters === "" ? "" : ` with ${this.parameters}`}: ${this.reason}`
  }
}

/** The services of a run. Its layers are built separately from those of the sweep's other runs. */
const assemble = (assembly: AnyAssembly) => {
  const described = Layer.provideMerge(assembly.model, assembly.dataset)
  const layers = Layer.mergeAll(
    Layer.provideMerge(assembly.evaluation, described),
    Layer.provide(assembly.objective, described),
    Layer.provide(assembly.training, described)
  )
  return Effect.all({
    dataset: Dataset,
    model: Model,
    objective: Objective,
    training: Training,
    evaluation: Evaluation,
    classes: Effect.map(Effect.serviceOption(Labels), (labels) => Option.getOrUndefined(labels)?.classes)
  }).pipe(Effect.provide(layers, { local: true }))
}

/** `beta=12 latent=2` for these parameters. */
export const label = (parameters: Readonly<Record<string, Json>>, names: ReadonlyArray<string>): string =>
  names
    .map((name) => `${name}=${Array.isArray(parameters[name]) ? parameters[name].join("-") : String(parameters[name])}`)
    .join(" ")

/** `1 run` or `3 runs`. */
export const runCount = (runs: ReadonlyArray<unknown>): string => (runs.length === 1 ? "1 run" : `${runs.length} runs`)

/** The distinct data sources of the runs, such as `MNIST from FOLDER`. */
export const dataSources = (runs: ReadonlyArray<PlannedRun>): ReadonlyArray<string> => [
  ...new Set(runs.map(({ dataset, located }) => `${dataset.name} from ${located.location}`))
]

/** Names whose values differ between these records. */
export const varyingNames = (records: ReadonlyArray<Readonly<Record<string, Json>>>): ReadonlyArray<string> => {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))]
  return names.filter((name) => new Set(records.map((record) => JSON.stringify(record[name]))).size > 1)
}

/**
 * All runs of an experiment in the order of its sweep, seeds innermost. `locate` finds a dataset: it may download for a
 * real run, but not for a plan.
 */
export const plan = Effect.fn("Plan.plan")(function* <A>(
  experiment: Experiment<A>,
  locate: (dataset: Dataset["Service"]) => Effect.Effect<Located, DatasetError, DatasetPlatform>
): Effect.fn.Return<ReadonlyArray<PlannedRun>, PlanError | DatasetError, DatasetPlatform> {
  const values = points(experiment)
  const encoded = yield* Effect.forEach(values, (point) => encodeParameters(experiment, point))
  const varied = varyingNames(encoded)
  const located = new Map<string, Located>()
  const runs: Array<PlannedRun> = []
  for (const [index, point] of values.entries()) {
    const parameters = encoded[index]!
    const refuse = (error: { readonly message: string }) =>
      new PlanError({
        experiment: experiment.name,
        parameters: label(parameters, Object.keys(parameters)),
        reason: error.message
      })
    const assembly = yield* Effect.try({
      try: () => experiment.run(point),
      catch: (cause) => refuse(cause instanceof Error ? cause : new Error(String(cause)))
    })
    const services = yield* Effect.mapError(assemble(assembly), refuse)
    const { dataset, model, objective, training } = services
    yield* Effect.mapError(model.build(dataset.shape), refuse)
    if (objective.needsKl === true && model.infiniteKl !== undefined) {
      return yield* refuse({
        message: `${objective.spec._tag} needs a KL divergence, but that of ${model.spec._tag}'s codes is infinite: ${model.infiniteKl}`
      })
    }
    if (objective.scope === "batch" && (training.accumulate ?? 1) > 1) {
      return yield* refuse({
        message: `accumulate is ${training.accumulate}, but ${objective.spec._tag} compares the images of a whole batch; it must be 1`
      })
    }
    const key = JSON.stringify(dataset.spec)
    const place = located.get(key) ?? (yield* locate(dataset))
    located.set(key, place)
    const specs = { dataset: dataset.spec, model: model.spec, objective: objective.spec, training: training.spec }
    for (const seed of experiment.seeds) {
      const labels = [label(parameters, varied), experiment.seeds.length > 1 ? `seed=${seed}` : ""]
      runs.push({
        ...services,
        id: runId(specs, seed, place.digest),
        experiment: experiment.name,
        parameters,
        label: labels.filter((part) => part !== "").join(" "),
        seed,
        specs,
        located: place,
        reference: experiment.reference(point)
      })
    }
  }
  return runs
})

const encodeParameters = <A>(
  experiment: Experiment<A>,
  point: A
): Effect.Effect<Readonly<Record<string, Json>>, PlanError> =>
  Effect.map(
    Effect.forEach(Object.entries(experiment.parameters), ([name, parameter]) =>
      Schema.encodeEffect(parameter.schema)((point as Record<string, unknown>)[name]).pipe(
        Effect.mapError(
          (error) =>
            new PlanError({
              experiment: experiment.name,
              parameters: "",
              reason: `parameter ${name}: ${error.message}`
            })
        ),
        Effect.map((value) => [name, value] as const)
      )
    ),
    Object.fromEntries
  )
