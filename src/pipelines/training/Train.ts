/**
 * Trains one run from where it stands to its last epoch.
 *
 * Laws: a run's numbers are a function of its specs, seed and data: shuffles and noise are keyed by (seed, stream, epoch or
 * step), so going on from a checkpoint gives the bits of a run that never stopped. Metrics of an epoch are exact means
 * over its examples. An interrupt leaves a checkpoint.
 */
import { Cause, Clock, Effect, type Scope } from "effect"
import type { LoadedDataset } from "../../core/Dataset.ts"
import { Engine, type EngineError } from "../../core/Engine.ts"
import type { ResolvedEvaluator } from "../../core/Evaluation.ts"
import type { ModelError } from "../../core/Model.ts"
import { scheduleValues } from "../../core/Programs.ts"
import { stepsPerEpoch } from "../../core/Training.ts"
import * as TrainStep from "../../core/TrainStep.ts"
import { permutation } from "../../core/Random.ts"
import { sampleEpochs } from "../../core/Cadence.ts"
import { float32, type HostTensors } from "../../core/Tensors.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import type { Checkpoint } from "../store/Checkpoint.ts"
import type { CheckpointInterval } from "./CheckpointInterval.ts"
import { DivergenceError } from "./DivergenceError.ts"
import * as Checkpointer from "./Checkpointer.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { Progress } from "../console/Progress.ts"
import type { ResumePoint } from "./ResumePoint.ts"
import type { StoreError } from "../files/StoreError.ts"
import * as TrainedModels from "./TrainedModels.ts"

/** Epochs at whose end the parameters are kept for evaluations that look at the training. */
export const snapshotEpochs = (evaluators: ReadonlyArray<ResolvedEvaluator>, epochs: number): ReadonlySet<number> =>
  new Set(evaluators.flatMap(({ every }) => (every === undefined ? [] : sampleEpochs(every, epochs).epochs)))

/** Where the run stands among those of its sweep. */
export interface SweepPosition {
  /** 1 for the first. */
  readonly run: number
  readonly runs: number
  /** Epochs of the runs after this one. */
  readonly epochsAfter: number
}

/** Sums over the examples of a batch, added to those of an epoch; in double precision, in the order of the examples. */
const accumulate = (sums: Record<string, number>, terms: HostTensors): void => {
  for (const [name, { values }] of Object.entries(terms)) {
    let sum = sums[name] ?? 0
    for (const value of values) sum += value
    sums[name] = sum
  }
}

const meansOf = (split: string, sums: Readonly<Record<string, number>>, count: number): Record<string, number> =>
  Object.fromEntries(Object.entries(sums).map(([name, sum]) => [`${split}/${name}`, sum / count]))

const total = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0)

/** The values that the schedules of a run have at a step, as metrics: `schedule/beta`. */
const scheduleAt = Effect.fnUntraced(function* ({ objective, training }: PlannedRun, stepsPerEpoch: number) {
  const schedules = { ...objective.schedules, ...training.optimizer.schedules }
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

/** Trains; gives the whole history. */
export const train = Effect.fn("Train.train")(function* (options: {
  readonly run: PlannedRun
  readonly data: LoadedDataset
  readonly position: SweepPosition
  readonly writer: Checkpointer.RunWriter
  readonly checkpointEvery: CheckpointInterval
  /** What an earlier process left. */
  readonly resume: ResumePoint | undefined
}): Effect.fn.Return<
  ReadonlyArray<EpochMetrics>,
  EngineError | StoreError | DivergenceError | ModelError,
  Engine | Progress | Scope.Scope
> {
  const { run, data, position, writer, checkpointEvery, resume } = options
  const { batchSize, epochs, optimizer } = run.training
  const engine = yield* Engine
  const progress = yield* Progress
  const autoencoder = yield* run.model.build(run.dataset.shape)
  const ingredients = {
    autoencoder,
    latent: run.model.latent,
    shape: run.dataset.shape,
    objective: run.objective,
    optimizer
  }
  const examples = data.train.count
  const batches = stepsPerEpoch(run.training, examples)

  const state = yield* engine.place(
    resume?.checkpoint.tensors ?? TrainStep.initialState(autoencoder, optimizer, run.seed)
  )
  const images = {
    train: yield* engine.place(TrainedModels.splitTensors(data.train, run.dataset.shape)),
    test: yield* engine.place(TrainedModels.splitTensors(data.test, run.dataset.shape))
  }
  const history: Array<EpochMetrics> = [...(resume?.history ?? [])]
  let step = resume?.checkpoint.step ?? 0
  const at = yield* TrainedModels.make({ run, autoencoder, data, images })
  const trained = at({ state, history, steps: () => step })
  const scheduled = yield* scheduleAt(run, batches)

  const compile = (batch: number) => {
    const { program, signature } = TrainStep.trainStep(ingredients, { examples, batch, stepsPerEpoch: batches })
    return engine.compile(program, signature)
  }
  const lastBatch = examples - (batches - 1) * batchSize
  const wholeStep = batches > 1 || lastBatch === batchSize ? yield* compile(batchSize) : undefined
  const lastStep = lastBatch === batchSize && wholeStep !== undefined ? wholeStep : yield* compile(lastBatch)
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
  const kept = snapshotEpochs(run.evaluation.evaluators, epochs)
  const checkpointer = yield* Checkpointer.make({
    writer,
    interval: checkpointEvery,
    epochs,
    resume,
    current: Effect.map(state.read, stateAt)
  })
  // The failure or the interrupt is what is told of; that something could not be kept is only said.
  const orSay = <E>(kept: Effect.Effect<number | void, E>) =>
    Effect.catchCause(kept, (cause) =>
      Effect.logWarning(`run ${run.id}: its present state was not kept. ${Cause.squash(cause)}`)
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
    // The last batch may be short.
    secondsLeft:
      ((epochs - epoch + 1 + position.epochsAfter) * examples - Math.min(examples, inEpoch * batchSize)) / rate
  })

  const takeStep = Effect.fnUntraced(function* (epoch: number, order: Int32Array, batch: number) {
    const indices = order.subarray(batch * batchSize, (batch + 1) * batchSize)
    const executable = batch === batches - 1 ? lastStep : wholeStep!
    const terms = yield* executable.run({ state, data: images.train, inputs: inputsOf(step, indices) })
    const loss = total(terms["loss"]!.values as Float32Array) / indices.length
    step += 1
    if (!Number.isFinite(loss)) return yield* diverged(epoch, "loss", loss)
    lastFiniteLoss = loss
    accumulate(sums, terms)
    return loss
  }, Effect.uninterruptible)

  const trainEpoch = Effect.fnUntraced(function* (epoch: number) {
    const order = permutation({ seed: run.seed, stream: "shuffle", step: epoch }, examples)
    const started = yield* Clock.monotonicTimeNanos
    const first = step - (epoch - 1) * batches
    for (let batch = first; batch < batches; batch++) {
      yield* takeStep(epoch, order, batch)
      const done = Math.min(examples, (batch + 1) * batchSize)
      const seconds = Number((yield* Clock.monotonicTimeNanos) - started) / 1e9
      rate = (done - first * batchSize) / Math.max(seconds, 1e-3)
      yield* progress.update(progressAt(epoch, batch + 1, sums["loss"]! / done))
      yield* checkpointer.afterStep
    }
    const test = yield* trained.terms("test")
    const metrics = {
      ...meansOf("train", sums, examples),
      ...meansOf(
        "test",
        Object.fromEntries(Object.entries(test).map(([name, values]) => [name, total(values)])),
        data.test.count
      ),
      ...(yield* scheduled(step))
    }
    const line = { epoch, step, metrics, examplesPerSecond: rate }
    yield* Effect.uninterruptible(
      Effect.gen(function* () {
        const tensors = yield* state.read
        // A network can hide it from the loss: the larger of 0 and no number may be 0.
        if (!Checkpointer.hasFiniteParameters(tensors)) return yield* diverged(epoch, "parameters", lastFiniteLoss)
        // First, so that a run that goes on from this epoch finds it there.
        if (kept.has(epoch)) yield* writer.saveSnapshot(epoch, tensors)
        yield* writer.appendEpoch(line)
        history.push(line)
        sums = {}
        yield* checkpointer.afterEpoch(line, stateAt(tensors))
      })
    )
    const loss = metrics["train/loss"]!
    yield* progress.epoch(progressAt(epoch, batches, loss), `test loss ${metrics["test/loss"]!.toFixed(2)}`)
  })

  yield* Effect.gen(function* () {
    if (step === 0 && kept.has(0)) yield* Effect.flatMap(state.read, (tensors) => writer.saveSnapshot(0, tensors))
    for (let epoch = history.length + 1; epoch <= epochs; epoch++) yield* trainEpoch(epoch)
  }).pipe(
    Effect.onError((cause) =>
      orSay<unknown>(Cause.hasInterrupts(cause) ? checkpointer.saveNow : checkpointer.saveLastFinite)
    )
  )
  return history
})
