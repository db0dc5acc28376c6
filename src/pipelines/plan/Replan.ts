/**
 * Plans a run again from its manifest: loads the experiment by name with the manifest's parameters and seed, and
 * compares the specs with the recorded ones.
 */
import { Effect, type FileSystem, type Path, Schema } from "effect"
import type { Dataset, DatasetError, DatasetPlatform, Located } from "../../core/Dataset.ts"
import type { Experiment } from "../../core/Experiment.ts"
import type { Json } from "../../core/Spec.ts"
import { type Difference, differences } from "./Differences.ts"
import * as LoadExperiment from "./LoadExperiment.ts"
import type { Manifest } from "../store/Manifest.ts"
import { plan, type PlanError, type PlannedRun } from "./Plan.ts"
import { quickVersion } from "./Quick.ts"

export interface Replanned {
  readonly planned: PlannedRun
  /** Specs that are not as recorded (`left`), such as `training.epochs`. */
  readonly changes: ReadonlyArray<Difference>
  /** Why the dataset cannot be found; the plan then has the recorded location and digest. */
  readonly missing?: DatasetError
}

const ending = "-quick"

/**
 * The experiment of this name; a quick version is derived from the full one. `file` is its path if it is not in
 * `experiments/`.
 */
const experimentOf = Effect.fnUntraced(function* (name: string, file: string | undefined) {
  const known = yield* LoadExperiment.names
  const whole = name.endsWith(ending) && !known.includes(name) ? name.slice(0, -ending.length) : name
  if (file === undefined && !known.includes(whole)) {
    return yield* new LoadExperiment.ExperimentError({
      experiment: whole,
      reason: "there is no such file in experiments/; give the experiment's file with --experiment FILE"
    })
  }
  const experiment = yield* LoadExperiment.load(file ?? whole)
  return experiment.name !== name && name.endsWith(ending) ? quickVersion(experiment) : experiment
})

/** The manifest's values for the experiment's current parameters; new parameters have their defaults. */
const valuesOf = (experiment: Experiment<any>, recorded: Manifest["parameters"]) =>
  Effect.map(
    Effect.forEach(Object.entries(experiment.parameters), ([name, parameter]) =>
      recorded[name] === undefined
        ? Effect.succeed([name, parameter.default] as const)
        : Schema.decodeEffect(parameter.schema)(recorded[name]).pipe(
            Effect.mapError(
              (error) =>
                new LoadExperiment.ExperimentError({
                  experiment: experiment.name,
                  reason: `its parameter ${name} no longer takes ${JSON.stringify(recorded[name])}: ${error.message}`
                })
            ),
            Effect.map((value) => [name, value] as const)
          )
    ),
    (entries) => Object.fromEntries(entries) as Record<string, unknown>
  )

/** The run of an experiment with these parameters and this seed. `file` is its path if it is not in `experiments/`. */
export const planPoint = Effect.fn("Replan.planPoint")(function* (
  { experiment: name, parameters, seed }: Pick<Manifest, "experiment" | "parameters" | "seed">,
  file: string | undefined,
  locate: (dataset: Dataset["Service"]) => Effect.Effect<Located, DatasetError, DatasetPlatform>
): Effect.fn.Return<
  PlannedRun,
  DatasetError | LoadExperiment.ExperimentError | PlanError,
  DatasetPlatform | FileSystem.FileSystem | Path.Path
> {
  const experiment = yield* experimentOf(name, file)
  const values = yield* valuesOf(experiment, parameters)
  const point: Experiment<any> = {
    ...experiment,
    pipe: experiment.pipe,
    name,
    sweep: [values],
    keep: () => true,
    seeds: [seed]
  }
  const [planned] = yield* plan(point, locate)
  return planned ?? (yield* Effect.die("a sweep of one point has one run"))
})

/** Plans the run of a manifest again. Downloads the dataset if needed. */
export const replan = Effect.fn("Replan.planAgain")(function* (
  manifest: Manifest,
  file: string | undefined
): Effect.fn.Return<
  Replanned,
  DatasetError | LoadExperiment.ExperimentError | PlanError,
  DatasetPlatform | FileSystem.FileSystem | Path.Path
> {
  let missing: DatasetError | undefined
  const planned = yield* planPoint(manifest, file, (dataset) =>
    Effect.catch(dataset.locate, (error) => {
      missing = error
      return Effect.succeed(manifest.data)
    })
  )
  const changes = differences(manifest.specs as unknown as Json, planned.specs as unknown as Json)
  return { planned, changes, ...(missing !== undefined && { missing }) }
})
