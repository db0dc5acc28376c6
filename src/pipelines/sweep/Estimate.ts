/**
 * Estimates how long a run's training takes on this machine, by timing a few of its steps.
 *
 * The timed steps are discarded; they run the same program on the same images as training.
 */
import { Clock, Effect } from "effect"
import type { DatasetError, LoadedDataset } from "../../core/Dataset.ts"
import { Engine, type EngineError } from "../../core/Engine.ts"
import type { ModelError } from "../../core/Model.ts"
import { canonicalJson } from "../../core/Spec.ts"
import { sizeOf } from "../../core/Tensors.ts"
import { stepsPerEpoch, totalSteps, type TrainingOptions } from "../../core/Training.ts"
import * as TrainStep from "../../core/TrainStep.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { ingredientsOf } from "../training/Ingredients.ts"
import * as TrainedModels from "../training/TrainedModels.ts"

/** Maximum bytes of images per timed step, so that large images do not take long. */
const bytes = 128 * 28 * 28

/** Total duration of the timed steps, in milliseconds. */
const enough = 300

/** A pass over the test images needs no gradients: about a third of a training step's work. */
const evaluationShare = 1 / 3

/** Duration of one training step on `batch` images in milliseconds: the fastest of a few. */
const stepTime = Effect.fn("Estimate.stepTime")(function* (run: PlannedRun, data: LoadedDataset, batch: number) {
  const engine = yield* Engine
  const ingredients = yield* ingredientsOf(run)
  const state = yield* engine.place(TrainStep.initialState(ingredients, run.seed, data.train))
  const images = yield* engine.place(TrainedModels.splitTensors(data.train, run.dataset.shape))
  const { program, signature } = TrainStep.trainStep(ingredients, {
    examples: data.train.count,
    batch,
    stepsPerEpoch: stepsPerEpoch(run.training, data.train.count)
  })
  const executable = yield* engine.compile(program, signature)
  const indices = Int32Array.from({ length: batch }, (_, place) => place)
  const inputsOf = TrainStep.stepInputs(ingredients, run.seed)
  let fastest = Number.POSITIVE_INFINITY
  let spent = 0
  for (let step = 0; spent < enough; step++) {
    const inputs = inputsOf(step, indices)
    const start = yield* Clock.currentTimeNanos
    yield* executable.run({ state, data: images, inputs })
    const taken = Number((yield* Clock.currentTimeNanos) - start) / 1e6
    // The first step warms up.
    if (step === 0) continue
    fastest = Math.min(fastest, taken)
    spent += taken
  }
  return fastest
}, Effect.scoped)

/** Passes over the training examples, the last of which may be a part of one. */
const epochsOf = (training: TrainingOptions, examples: number): number =>
  totalSteps(training, examples) / stepsPerEpoch(training, examples)

/** Estimated training time of a run on this data in seconds, including the test pass after each epoch. */
export const seconds = Effect.fn("Estimate.seconds")(function* (
  run: PlannedRun,
  data: LoadedDataset
): Effect.fn.Return<number, EngineError | ModelError, Engine> {
  const { batchSize } = run.training
  const { height, width, channels } = run.dataset.shape
  const affordable = Math.max(4, Math.ceil(bytes / sizeOf([height, width, channels])))
  const batch = Math.min(batchSize, affordable, data.train.count)
  const perExample = (yield* stepTime(run, data, batch)) / batch / 1000
  return epochsOf(run.training, data.train.count) * (data.train.count + evaluationShare * data.test.count) * perExample
})

/**
 * An estimator that reads each dataset and times each kind of step once; undefined for what cannot be read or compiled.
 * Downloads nothing.
 */
export const make = (
  load: (run: PlannedRun) => Effect.Effect<LoadedDataset, DatasetError>
): ((run: PlannedRun) => Effect.Effect<number | undefined, never, Engine>) => {
  const measured = new Map<string, { readonly perEpoch: number; readonly examples: number } | undefined>()
  return Effect.fnUntraced(function* (run) {
    const { dataset, model } = run.specs
    const key = canonicalJson({
      dataset,
      model,
      objective: [run.objective.spec._tag, run.objective.draws ?? 1],
      optimizer: run.training.optimizer.spec._tag,
      batchSize: run.training.batchSize
    })
    if (!measured.has(key)) {
      const estimate = yield* load(run).pipe(
        Effect.flatMap((data) => {
          const examples = data.train.count
          return Effect.map(seconds(run, data), (total) => ({
            perEpoch: total / epochsOf(run.training, examples),
            examples
          }))
        }),
        Effect.orElseSucceed(() => undefined)
      )
      measured.set(key, estimate)
    }
    const found = measured.get(key)
    return found === undefined ? undefined : found.perEpoch * epochsOf(run.training, found.examples)
  })
}
