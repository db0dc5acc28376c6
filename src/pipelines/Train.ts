/**
 * Trains one run from where it stands to its last epoch.
 *
 * Laws: a run's numbers are a function of its specs, seed and data: shuffles and noise are keyed by (seed, stream, epoch or
 * step), so going on from a checkpoint gives the bits of a run that never stopped. Metrics of an epoch are exact means
 * over its examples. An interrupt leaves a checkpoint.
 */
import { Clock, Effect, Schema, type Scope } from "effect"
import type { LoadedDataset } from "../core/Dataset.ts"
import { Engine, type EngineError } from "../core/Engine.ts"
import type { ReadyEvaluator } from "../core/Evaluation.ts"
import type { ModelError } from "../core/Model.ts"
import * as TrainStep from "../core/TrainStep.ts"
import { draw, permutation } from "../core/Random.ts"
import { looks } from "../core/Schedule.ts"
import { float32, type HostTensors, int32 } from "../core/Tensors.ts"
import type { EpochMetrics } from "../core/TrainedModel.ts"
import type { Checkpoint } from "./Checkpoint.ts"
import type { PlannedRun } from "./Plan.ts"
import { Progress } from "./Progress.ts"
import type { StoreError } from "./StoreError.ts"
import * as Trained from "./Trained.ts"

/** The loss is no longer a number. */
export class DivergenceError extends Schema.TaggedError<DivergenceError>()("DivergenceError", {
  run: Schema.String,
  /** 1 for the first. */
  epoch: Schema.Int,
  step: Schema.Int,
  loss: Schema.Number,
  lastFiniteLoss: Schema.Number
}) {
  override get message(): string {
    return `run ${this.run} diverged in epoch ${this.epoch}, at step ${this.step}: the loss is ${this.loss} after ${this.lastFiniteLoss}; a smaller learning rate may help`
  }
}

/** Where a run keeps what it must not lose. */
export interface Keeping {
  readonly checkpoint: (checkpoint: Checkpoint) => Effect.Effect<void, StoreError>
  readonly epoch: (metrics: EpochMetrics) => Effect.Effect<void, StoreError>
  /** Keeps the parameters in the state at the end of an epoch, 0 before the first. */
  readonly snapshot: (epoch: number, state: HostTensors) => Effect.Effect<void, StoreError>
}

/** Epochs at whose end the parameters are kept for evaluations on a schedule. */
export const snapshotEpochs = (evaluators: ReadonlyArray<ReadyEvaluator>, epochs: number): ReadonlySet<number> =>
  new Set(evaluators.flatMap(({ every }) => (every === undefined ? [] : looks(every, epochs).epochs)))

/** Where the run stands among those of its sweep. */
export interface Place {
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

/** A checkpoint is made at the end of an epoch when the last one is older than this, in milliseconds. */
const checkpointInterval = 30_000

/** Trains; gives the whole history. */
export const train = Effect.fn("Train.train")(function* (options: {
  readonly run: PlannedRun
  readonly data: LoadedDataset
  readonly place: Place
  readonly keeping: Keeping
  /** What an earlier process left: the newest checkpoint, and the lines of the epochs before it. */
  readonly resume: { readonly checkpoint: Checkpoint; readonly history: ReadonlyArray<EpochMetrics> } | undefined
}): Effect.fn.Return<
  ReadonlyArray<EpochMetrics>,
  EngineError | StoreError | DivergenceError | ModelError,
  Engine | Progress | Scope.Scope
> {
  const { run, data, place, keeping, resume } = options
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
  const batches = Math.ceil(examples / batchSize)

  const state = yield* engine.place(
    resume?.checkpoint.tensors ?? TrainStep.initialState(autoencoder, optimizer, run.seed)
  )
  const images = {
    train: yield* engine.place(Trained.imagesOf(data.train, run.dataset.shape)),
    test: yield* engine.place(Trained.imagesOf(data.test, run.dataset.shape))
  }
  const history: Array<EpochMetrics> = [...(resume?.history ?? [])]
  const trained = yield* Effect.map(Trained.make({ run, autoencoder, data, images }), (at) => at({ state, history }))

  const compile = (batch: number) => {
    const { program, signature } = TrainStep.trainStep(ingredients, { examples, batch })
    return engine.compile(program, signature)
  }
  const lastBatch = examples - (batches - 1) * batchSize
  const wholeStep = batches > 1 || lastBatch === batchSize ? yield* compile(batchSize) : undefined
  const lastStep = lastBatch === batchSize && wholeStep !== undefined ? wholeStep : yield* compile(lastBatch)
  const noiseTypes = Object.entries(TrainStep.trainingNoise(ingredients))

  let step = resume?.checkpoint.step ?? 0
  let sums: Record<string, number> = { ...resume?.checkpoint.sums }
  let lastFiniteLoss = Number.NaN
  let saved = yield* Clock.currentTimeMillis
  let rate = Number.NaN

  const kept = snapshotEpochs(run.evaluation.evaluators, epochs)
  const keep = (epoch: number) =>
    kept.has(epoch) ? Effect.flatMap(state.read, (tensors) => keeping.snapshot(epoch, tensors)) : Effect.void

  const save = Effect.gen(function* () {
    const tensors = yield* state.read
    yield* keeping.checkpoint({ tensors, epoch: history.length, step, sums })
    saved = yield* Clock.currentTimeMillis
  })

  const standing = (epoch: number, inEpoch: number, loss: number) => ({
    ...place,
    label: run.label,
    epoch,
    epochs,
    fraction: inEpoch / batches,
    loss,
    examplesPerSecond: rate,
    secondsLeft: ((epochs - epoch + 1 + place.epochsAfter) * examples - inEpoch * batchSize) / rate
  })

  const takeStep = Effect.fnUntraced(function* (epoch: number, order: Int32Array, batch: number) {
    const indices = order.subarray(batch * batchSize, (batch + 1) * batchSize)
    const inputs: Record<string, HostTensors[string]> = {
      indices: int32([indices.length], indices),
      step: float32([], Float32Array.of(step + 1))
    }
    for (const [name, type] of noiseTypes) {
      inputs[`noise/${name}`] = draw(type, { seed: run.seed, stream: `noise/${name}`, step }, indices.length)
    }
    const executable = batch === batches - 1 ? lastStep : wholeStep!
    const terms = yield* executable.run({ state, data: images.train, inputs })
    const loss = total(terms["loss"]!.values as Float32Array) / indices.length
    step += 1
    if (!Number.isFinite(loss)) {
      return yield* new DivergenceError({ run: run.id, epoch, step, loss, lastFiniteLoss })
    }
    lastFiniteLoss = loss
    accumulate(sums, terms)
    return loss
  }, Effect.uninterruptible)

  const trainEpoch = Effect.fnUntraced(function* (epoch: number) {
    const order = permutation({ seed: run.seed, stream: "shuffle", step: epoch }, examples)
    const started = yield* Clock.currentTimeMillis
    const first = step - (epoch - 1) * batches
    for (let batch = first; batch < batches; batch++) {
      yield* takeStep(epoch, order, batch)
      const done = Math.min(examples, (batch + 1) * batchSize)
      const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
      rate = (done - first * batchSize) / Math.max(seconds, 1e-3)
      yield* progress.update(standing(epoch, batch + 1, sums["loss"]! / done))
    }
    const test = yield* trained.terms("test")
    const metrics = {
      ...meansOf("train", sums, examples),
      ...meansOf(
        "test",
        Object.fromEntries(Object.entries(test).map(([name, values]) => [name, total(values)])),
        data.test.count
      )
    }
    const line = { epoch, step, metrics, examplesPerSecond: rate }
    const loss = metrics["train/loss"]!
    yield* Effect.uninterruptible(
      Effect.gen(function* () {
        // First, so that a run that goes on from this epoch finds it there.
        yield* keep(epoch)
        yield* keeping.epoch(line)
        history.push(line)
        sums = {}
        if (epoch === epochs || (yield* Clock.currentTimeMillis) - saved > checkpointInterval) yield* save
      })
    )
    yield* progress.epoch(standing(epoch, batches, loss), `test loss ${metrics["test/loss"]!.toFixed(2)}`)
  })

  yield* Effect.gen(function* () {
    if (step === 0) yield* keep(0)
    for (let epoch = history.length + 1; epoch <= epochs; epoch++) yield* trainEpoch(epoch)
  }).pipe(Effect.onInterrupt(() => Effect.ignore(save)))
  return history
})
