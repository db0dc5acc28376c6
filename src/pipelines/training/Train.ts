/**
 * Trains one run from its current state to its last epoch, or until early stopping.
 *
 * Laws: a run's numbers are a function of its specs, seed and data: shuffles and noise are keyed by (seed, stream,
 * epoch or step), so resuming from a checkpoint gives the bits of an uninterrupted run. Metrics of an epoch are exact
 * means over its examples. An interrupt leaves a checkpoint.
 */
import { Cause, Clock, Effect, Record, type Scope } from "effect"
import type { LoadedDataset } from "../../core/Dataset.ts"
import { Engine, type EngineError, mostSubmitted } from "../../core/Engine.ts"
import type { ResolvedEvaluator } from "../../core/Evaluation.ts"
import type { ModelError } from "../../core/Model.ts"
import { scheduleValues } from "../../core/ObjectivePrograms.ts"
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import { stepsPerEpoch, totalEpochs, TrainingError, totalSteps } from "../../core/Training.ts"
import * as ParameterAverage from "../../core/ParameterAverage.ts"
import * as TrainStep from "../../core/TrainStep.ts"
import { permutation } from "../../core/Random.ts"
import { dueEpochs, sampleEpochs } from "../../core/EpochInterval.ts"
import { float32, type HostTensors } from "../../core/Tensors.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import type { Checkpoint } from "../store/Checkpoint.ts"
import type { CheckpointInterval } from "./CheckpointInterval.ts"
import { compileSteps, type Piece } from "./CompiledSteps.ts"
import { DivergenceError } from "./DivergenceError.ts"
import * as Checkpointer from "./Checkpointer.ts"
import { ingredientsOf } from "./Ingredients.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { Progress } from "../console/Progress.ts"
import type { ResumePoint } from "./ResumePoint.ts"
import type { StoreError } from "../files/StoreError.ts"
import * as TrainedModels from "./TrainedModels.ts"

/**
 * Epochs whose parameters are saved for evaluations of the training. With early stopping all due epochs are saved,
 * because the selection depends on the number of epochs.
 */
export const snapshotEpochs = (
  evaluators: ReadonlyArray<ResolvedEvaluator>,
  epochs: number,
  mayEndEarly = false
): ReadonlySet<number> =>
  new Set(
    evaluators.flatMap(({ every }) => {
      if (every === undefined) return []
      return mayEndEarly ? dueEpochs(every, epochs) : sampleEpochs(every, epochs).epochs
    })
  )

/** The position of a run in its sweep. */
export interface SweepPosition {
  /** 1 for the first. */
  readonly run: number
  readonly runs: number
  /** Epochs of the runs after this one. */
  readonly epochsAfter: number
}

/** A step that was given to the engine. */
interface Submitted {
  readonly epoch: number
  readonly step: number
  readonly examples: number
  readonly pieces: ReadonlyArray<Piece>
}

/** Milliseconds after which they are read, so that the progress is of now. */
const longestWait = 100

/** Adds the sums over a batch's examples to those of the epoch, in double precision, in the order of the examples. */
const addTerms = (sums: Record<string, number>, terms: HostTensors): void => {
  for (const [name, { values }] of Object.entries(terms)) {
    let sum = sums[name] ?? 0
    for (const value of values) sum += value
    sums[name] = sum
  }
}

const meansOf = (split: string, sums: Readonly<Record<string, number>>, count: number): Record<string, number> =>
  Object.fromEntries(Object.entries(sums).map(([name, sum]) => [`${split}/${name}`, sum / count]))

const total = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0)

/** The values of a run's schedules at a step, as metrics: `schedule/beta`. */
const scheduleAt = Effect.fnUntraced(function* ({ model, objective, training }: PlannedRun, stepsPerEpoch: number) {
  const schedules = { ...model.schedules, ...objective.schedules, ...training.optimizer.schedules }
  if (Object.keys(schedules).length === 0) return () => Effect.succeed<Record<string, number>>({})
  const engine = yield* Engine
  const nothing = yield* engine.place({})
  const { program, signature } = scheduleValues(schedules, { stepsPerEpoch })
  const executable = yield* engine.compile(program, signature)
  return (step: number) =>
    Effect.map(
      executable.run({ state: nothing, data: nothing, inputs: { step: float32([], Float32Array.of(step)) } }),
      (values): Record<string, number> =>
        Object.fromEntries(Object.entries(values).map(([name, value]) => [`schedule/${name}`, value.values[0]!]))
    )
})

/** Checks that depend on the data: an epoch has a batch, and early stopping has validation examples. */
const checkTraining = Effect.fnUntraced(function* (
  { dataset, training }: PlannedRun,
  data: LoadedDataset,
  batches: number
) {
  if (batches === 0) {
    const reason = `batchSize is ${training.batchSize}, but there are ${data.train.count} training images; with lastBatch "drop" it must be at most that`
    return yield* new TrainingError({ reason })
  }
  if (training.stopping !== undefined && data.validation === undefined) {
    const reason = `stopping needs validation examples, but ${dataset.name} was derived without them; put ValidationSplit.layer outermost`
    return yield* new TrainingError({ reason })
  }
})

/** Trains the run; returns the complete history. */
export const train = Effect.fn("Train.train")(function* (options: {
  readonly run: PlannedRun
  readonly data: LoadedDataset
  readonly position: SweepPosition
  readonly writer: Checkpointer.RunWriter
  readonly checkpointEvery: CheckpointInterval
  /** The state saved by an earlier process. */
  readonly resume: ResumePoint | undefined
}): Effect.fn.Return<
  ReadonlyArray<EpochMetrics>,
  EngineError | StoreError | DivergenceError | ModelError | TrainingError,
  Engine | Progress | Scope.Scope
> {
  const { run, data, position, writer, checkpointEvery, resume } = options
  const { batchSize, stopping } = run.training
  const engine = yield* Engine
  const progress = yield* Progress
  const ingredients = yield* ingredientsOf(run)
  const { autoencoder } = ingredients
  const examples = data.train.count
  const batches = stepsPerEpoch(run.training, examples)
  yield* checkTraining(run, data, batches)
  const epochs = totalEpochs(run.training, examples)
  const steps = totalSteps(run.training, examples)

  const state = yield* engine.place(
    resume?.checkpoint.tensors ?? TrainStep.initialState(ingredients, run.seed, data.train)
  )
  const images = {
    train: yield* engine.place(TrainedModels.splitTensors(data.train, run.dataset.shape)),
    test: yield* engine.place(TrainedModels.splitTensors(data.test, run.dataset.shape)),
    ...(stopping !== undefined &&
      data.validation !== undefined && {
        validation: yield* engine.place(TrainedModels.splitTensors(data.validation, run.dataset.shape))
      })
  }
  const history: Array<EpochMetrics> = [...(resume?.history ?? [])]
  let step = resume?.checkpoint.step ?? 0
  const at = yield* TrainedModels.make({ run, autoencoder, data, images, inTraining: true })
  const trained = at({ state, history, steps: () => step })
  const scheduled = yield* scheduleAt(run, batches)

  const takeStepOn = yield* compileSteps(ingredients, { examples, batchSize, stepsPerEpoch: batches })
  const inputsOf = TrainStep.stepInputs(ingredients, run.seed)

  let sums: Record<string, number> = { ...resume?.checkpoint.sums }
  let lastFiniteLoss = resume?.checkpoint.lastFiniteLoss ?? Number.NaN
  let rate = Number.NaN

  const stateAt = (tensors: HostTensors): Checkpoint => ({
    tensors,
    epoch: history.length,
    step,
    sums: { ...sums },
    ...(Number.isNaN(lastFiniteLoss) ? {} : { lastFiniteLoss })
  })
  const kept = snapshotEpochs(run.evaluation.evaluators, epochs, stopping !== undefined)
  const checkpointer = yield* Checkpointer.make({
    writer,
    interval: checkpointEvery,
    stopping,
    resume,
    current: Effect.suspend(() => Effect.andThen(settle, Effect.map(state.read, stateAt)))
  })
  const saveSnapshot = (epoch: number, tensors: HostTensors) =>
    writer.saveSnapshot(epoch, epoch === 0 ? tensors : ParameterAverage.evaluatedState(tensors))
  // The engine's error or the interrupt is reported; a failed save is only logged.
  const orSay = <E>(kept: Effect.Effect<number | void, E>) =>
    Effect.catchCause(kept, (cause) =>
      Effect.logWarning(`run ${run.id}: its current state was not saved. ${Cause.squash(cause)}`)
    )
  const diverged = Effect.fnUntraced(function* (epoch: number, what: "loss" | "parameters", loss: number) {
    const checkpoint = yield* orSay(checkpointer.afterDivergence(step))
    const kept = typeof checkpoint === "number" ? { checkpoint } : {}
    return yield* new DivergenceError({ run: run.id, epoch, step, what, loss, lastFiniteLoss, ...kept })
  })

  const progressAt = (epoch: number, inEpoch: number, loss: number) => ({
    ...position,
    label: run.label,
    epoch,
    epochs,
    fraction: inEpoch / batches,
    loss,
    examplesPerSecond: rate,
    // The last batch may be smaller.
    secondsLeft:
      ((epochs - epoch + 1 + position.epochsAfter) * examples - Math.min(examples, inEpoch * batchSize)) / rate
  })

  /** Steps whose terms were not read yet. */
  const submitted: Array<Submitted> = []
  let settledAt = yield* Clock.monotonicTimeNanos
  /** Training examples of this epoch whose terms are in the sums. */
  let settled = 0

  /** Reads the terms of the submitted steps, together, and looks at each step's loss. */
  const settle: Effect.Effect<void, EngineError | DivergenceError> = Effect.gen(function* () {
    const steps = submitted.splice(0)
    for (const { epoch, examples, pieces, step: number } of steps) {
      const terms = yield* Effect.forEach(pieces, ({ outputs }) => outputs)
      const loss = terms.reduce((sum, { loss }) => sum + total(loss!.values as Float32Array), 0) / examples
      if (!Number.isFinite(loss)) {
        step = number
        return yield* diverged(epoch, "loss", loss)
      }
      lastFiniteLoss = loss
      settled += examples
      for (const piece of terms) addTerms(sums, piece)
    }
    settledAt = yield* Clock.monotonicTimeNanos
  }).pipe(Effect.uninterruptible)

  const takeStep = Effect.fnUntraced(function* (epoch: number, order: Int32Array, batch: number) {
    const indices = order.subarray(batch * batchSize, (batch + 1) * batchSize)
    const pieces = yield* takeStepOn(state, images.train, inputsOf(step, indices))
    step += 1
    submitted.push({ epoch, step, examples: indices.length, pieces })
    const isOver = pieces.every(({ isOver }) => isOver)
    const waited = Number((yield* Clock.monotonicTimeNanos) - settledAt) / 1e6
    if (isOver || submitted.length === mostSubmitted || waited > longestWait) yield* settle
  }, Effect.uninterruptible)

  const meansOn = Effect.fnUntraced(function* (split: "test" | "validation", count: number) {
    const terms = yield* trained.terms(split)
    return meansOf(split, Record.map(terms, total), count)
  })

  const trainEpoch = Effect.fnUntraced(function* (epoch: number) {
    const order = permutation({ seed: run.seed, stream: "shuffle", step: epoch }, examples)
    const started = yield* Clock.monotonicTimeNanos
    const before = (epoch - 1) * batches
    const first = step - before
    // Fewer in the last epoch of a training whose duration is in steps.
    const last = Math.min(batches, steps - before)
    const seen = Math.min(examples, last * batchSize)
    settled = first * batchSize
    for (let batch = first; batch < last; batch++) {
      yield* takeStep(epoch, order, batch)
      if (batch === last - 1) yield* settle
      const seconds = Number((yield* Clock.monotonicTimeNanos) - started) / 1e9
      rate = (settled - first * batchSize) / Math.max(seconds, 1e-3)
      if (settled > 0) yield* progress.update(progressAt(epoch, batch + 1, sums["loss"]! / settled))
      yield* checkpointer.afterStep
    }
    const metrics = {
      ...meansOf("train", sums, seen),
      ...(yield* meansOn("test", data.test.count)),
      ...(stopping !== undefined && (yield* meansOn("validation", data.validation?.count ?? 0))),
      ...(yield* scheduled(step))
    }
    const line = { epoch, step, metrics, examplesPerSecond: rate }
    const isLast = epoch === epochs || EarlyStopping.isOver(stopping, [...history, line])
    yield* Effect.uninterruptible(
      Effect.gen(function* () {
        const tensors = yield* state.read
        // A network can hide this from the loss: max(0, NaN) may be 0.
        if (!Checkpointer.hasFiniteParameters(tensors)) return yield* diverged(epoch, "parameters", lastFiniteLoss)
        // Saved first, so that a run that resumes from this epoch has it.
        if (kept.has(epoch) || (isLast && kept.size > 0)) yield* saveSnapshot(epoch, tensors)
        yield* writer.appendEpoch(line)
        history.push(line)
        sums = {}
        yield* checkpointer.afterEpoch(line, stateAt(tensors), isLast)
      })
    )
    const loss = metrics["train/loss"]!
    yield* progress.epoch(progressAt(epoch, batches, loss), `test loss ${metrics["test/loss"]!.toFixed(2)}`)
  })

  yield* Effect.gen(function* () {
    if (step === 0 && kept.has(0)) yield* Effect.flatMap(state.read, (tensors) => saveSnapshot(0, tensors))
    while (history.length < epochs && !EarlyStopping.isOver(stopping, history)) yield* trainEpoch(history.length + 1)
  }).pipe(
    Effect.onError((cause) =>
      orSay<unknown>(Cause.hasInterrupts(cause) ? checkpointer.saveNow : checkpointer.saveLastFinite)
    )
  )
  return history
})
