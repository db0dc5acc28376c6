/**
 * Trained models on an engine, as evaluations use them. Programs are compiled on first use.
 */
import { Effect, Record, Scope } from "effect"
import type { Examples, LoadedDataset } from "../../core/Dataset.ts"
import { Engine, EngineError, type Placed, submit } from "../../core/Engine.ts"
import { type Autoencoder, labelClasses } from "../../core/Model.ts"
import * as ModelPrograms from "../../core/ModelPrograms.ts"
import * as ObjectivePrograms from "../../core/ObjectivePrograms.ts"
import { objectiveNoise, type TypedProgram } from "../../core/ProgramInputs.ts"
import { draw, normal, uniform } from "../../core/Random.ts"
import { stepsPerEpoch } from "../../core/Training.ts"
import { onAverage } from "../../core/ParameterAverage.ts"
import { float32, type HostTensors, int32, sizeOf, uint8 } from "../../core/Tensors.ts"
import type { Codes, EpochMetrics, EvaluatedSplit, Split, TrainedModel } from "../../core/TrainedModel.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { chunkSize, inChunks, rows } from "./Chunks.ts"

/** Numbers of noise that are kept between evaluations: 64 MiB. */
const mostKeptNoise = 2 ** 24

/** Images and labels of a split as tensors. */
export const splitTensors = (
  { count, images, labels }: Examples,
  { height, width, channels }: PlannedRun["dataset"]["shape"]
): HostTensors => ({
  images: uint8([count, height, width, channels], images),
  ...(labels !== undefined && { labels: uint8([count], labels) })
})

/** A state of a model during or after training. */
export interface ModelState {
  /** The parameters. A model follows this state while training changes it. */
  readonly state: Placed
  readonly history: ReadonlyArray<EpochMetrics>
  /** Optimiser steps taken; scheduled weights of the objective have their values at the last one. */
  readonly steps: () => number
}

/**
 * The trained model in any state; its programs are compiled once for all states.
 *
 * `images` holds the splits' images on the engine. A split's terms draw one code per example with noise that is a
 * function of the run's seed and the example, the same at every epoch.
 */
export const make = Effect.fn("TrainedModels.make")(function* (options: {
  readonly run: PlannedRun
  readonly autoencoder: Autoencoder
  readonly data: LoadedDataset
  readonly images: Readonly<Record<Split, Placed>> & { readonly validation?: Placed }
  /** Whether the states are those of a training, which may contain an average of the parameters to evaluate. */
  readonly inTraining?: boolean
}): Effect.fn.Return<(state: ModelState) => TrainedModel["Service"], EngineError, Engine | Scope.Scope> {
  const { run, autoencoder, data, images, inTraining = false } = options
  const engine = yield* Engine
  const scope = yield* Effect.scope
  const { latent } = run.model
  const ingredients = { autoencoder, latent, shape: run.dataset.shape, objective: run.objective }
  const nothing = yield* engine.place({})

  const compiled = (typed: TypedProgram) => {
    const { program, signature } = inTraining && run.training.average !== undefined ? onAverage(typed) : typed
    return Effect.cached(Scope.provide(engine.compile(program, signature), scope))
  }
  const forSplits = <A>(make: (split: Split) => Effect.Effect<A>) =>
    Effect.all({ train: make("train"), test: make("test") })
  const sizes = (split: EvaluatedSplit) => {
    const examples = data[split]?.count ?? 0
    const batch = Math.min(chunkSize, examples)
    return { examples, batch, stepsPerEpoch: stepsPerEpoch(run.training, data.train.count) }
  }

  const termsPrograms = {
    ...(yield* forSplits((split) => compiled(ObjectivePrograms.evaluateTerms(ingredients, sizes(split))))),
    validation: yield* compiled(ObjectivePrograms.evaluateTerms(ingredients, sizes("validation")))
  }
  const encoders = yield* forSplits((split) => compiled(ModelPrograms.encode(ingredients, sizes(split))))
  const imageEncoder = yield* compiled(ModelPrograms.encodeImages(ingredients, { batch: chunkSize }))
  const decoder = yield* compiled(ModelPrograms.decode(ingredients, { batch: chunkSize }))
  const weightPrograms = yield* forSplits((split) =>
    compiled(ObjectivePrograms.logWeights(ingredients, { examples: data[split].count, draws: chunkSize }))
  )
  const prior = yield* compiled(ModelPrograms.samplePrior(ingredients, { batch: chunkSize }))
  const { channels, height, width } = run.dataset.shape

  /** The input with the labels of a chunk, if the program takes labels. Fails unless there is one per row. */
  const labelInputs = Effect.fnUntraced(function* (
    program: string,
    classes: number | undefined,
    count: number,
    labels: ArrayLike<number> | undefined
  ) {
    if (classes === undefined) return () => ({})
    const given = Int32Array.from(labels ?? [])
    if (given.length !== count || given.some((label) => label < 0 || label >= classes)) {
      const reason = `the model needs a label from 0 to ${classes - 1} for each of ${count} rows, but got [${given.slice(0, 10).join(", ")}]`
      return yield* new EngineError({ engine: engine.spec._tag, program, reason })
    }
    return (start: number): HostTensors => ({ labels: int32([chunkSize], rows(given, 1, start, chunkSize)) })
  })

  const codesOf = ({ choices, deviation, mean }: Record<string, Float32Array>): Codes => ({
    mean: mean ?? new Float32Array(0),
    deviation: deviation ?? new Float32Array(0),
    ...(choices !== undefined && { choices })
  })

  /** Noise of a split's terms, the same for all states. */
  const drawNoise = (split: EvaluatedSplit) =>
    Object.entries(objectiveNoise(run.objective, latent)).map(([name, type]) => {
      const stream = `noise/evaluation/${split}${name === "posterior" ? "" : `/${name}`}`
      const values = draw(type, { seed: run.seed, stream, step: 0 }, sizes(split).examples).values as Float32Array
      return { name, shape: type.shape, values }
    })
  const drawn = new Map<EvaluatedSplit, ReturnType<typeof drawNoise>>()
  /** Cached, because drawing it in each epoch would take longer than the evaluation; large noise is not cached. */
  const noiseOf = (split: EvaluatedSplit): ReturnType<typeof drawNoise> => {
    const noise = drawn.get(split) ?? drawNoise(split)
    if (noise.reduce((sum, { values }) => sum + values.length, 0) <= mostKeptNoise) drawn.set(split, noise)
    return noise
  }

  return ({ history, state, steps }) => ({
    datasetName: run.dataset.name,
    shape: run.dataset.shape,
    data,
    latent,
    ...(autoencoder.classes !== undefined && { classes: autoencoder.classes }),
    seed: run.seed,
    history,
    levels: run.model.levels,
    prior: run.model.prior,
    samplePrior: Effect.fn("TrainedModel.samplePrior")(function* (stream, count, shared) {
      const executable = yield* prior
      const own = normal({ seed: run.seed, stream, step: 0 }, count * latent)
      const noise =
        shared === undefined
          ? own
          : own.map((value, place) => {
              const [row, dimension] = [Math.floor(place / latent), place % latent]
              return dimension < shared.from ? value : own[(row - (row % shared.each)) * latent + dimension]!
            })
      const choices = uniform({ seed: run.seed, stream: `${stream}/component`, step: 0 }, count)
      const found = yield* inChunks(count, chunkSize, (start) =>
        submit(executable, {
          state,
          data: nothing,
          inputs: {
            normal: float32([chunkSize, latent], rows(noise, latent, start, chunkSize)),
            uniform: float32([chunkSize], rows(choices, 1, start, chunkSize))
          }
        })
      )
      return found["codes"] ?? new Float32Array(0)
    }),
    encode: Effect.fn("TrainedModel.encode")(function* (split, indices) {
      const { batch } = sizes(split)
      const executable = yield* encoders[split]
      const codes = yield* inChunks(indices.length, batch, (start) =>
        submit(executable, {
          state,
          data: images[split],
          inputs: { indices: int32([batch], rows(indices, 1, start, batch)) }
        })
      )
      return codesOf(codes)
    }),
    encodeImages: Effect.fn("TrainedModel.encodeImages")(function* (images, labels) {
      const executable = yield* imageEncoder
      const count = images.length / (height * width * channels)
      const labelsAt = yield* labelInputs("encode images", labelClasses(autoencoder), count, labels)
      const codes = yield* inChunks(count, chunkSize, (start) =>
        submit(executable, {
          state,
          data: nothing,
          inputs: {
            images: float32(
              [chunkSize, height, width, channels],
              rows(images, height * width * channels, start, chunkSize)
            ),
            ...labelsAt(start)
          }
        })
      )
      return codesOf(codes)
    }),
    decode: Effect.fn("TrainedModel.decode")(function* (codes, labels) {
      const executable = yield* decoder
      const labelsAt = yield* labelInputs("decode", autoencoder.classes, codes.length / latent, labels)
      const decoded = yield* inChunks(codes.length / latent, chunkSize, (start) =>
        submit(executable, {
          state,
          data: nothing,
          inputs: {
            codes: float32([chunkSize, latent], rows(codes, latent, start, chunkSize)),
            ...labelsAt(start)
          }
        })
      )
      return decoded["images"] ?? new Float32Array(0)
    }),
    logWeights: Effect.fn("TrainedModel.logWeights")(function* (split, index, draws) {
      const executable = yield* weightPrograms[split]
      const stream = `noise/importance/${split}/${index}`
      const noise = normal({ seed: run.seed, stream, step: 0 }, draws * latent)
      const { logWeights } = yield* inChunks(draws, chunkSize, (start) =>
        submit(executable, {
          state,
          data: images[split],
          inputs: {
            indices: int32([1], Int32Array.of(index)),
            noise: float32([chunkSize, latent], rows(noise, latent, start, chunkSize))
          }
        })
      )
      return logWeights ?? new Float32Array(draws).fill(Number.NaN)
    }),
    terms: Effect.fn("TrainedModel.terms")(function* (split, code = "drawn") {
      const { examples, batch } = sizes(split)
      const executable = yield* termsPrograms[split]
      const indices = Int32Array.from({ length: examples }, (_, index) => index)
      const step = float32([], Float32Array.of(Math.max(1, steps())))
      const noise = noiseOf(split).map((noise) =>
        noise.name === "posterior" && code === "mean"
          ? { ...noise, values: new Float32Array(noise.values.length) }
          : noise
      )
      return yield* inChunks(examples, batch, (start) => {
        // The batch is not padded, because padding would take part in the objective: the last batch overlaps the
        // previous one.
        const first = run.objective.scope === "batch" ? Math.min(start, examples - batch) : start
        const inputs = noise.map(({ name, shape, values }) => {
          const chunk = rows(values, sizeOf(shape), first, batch)
          return [`noise/${name}`, float32([batch, ...shape], chunk)] as const
        })
        const outputs = submit(executable, {
          state,
          data: images[split] ?? nothing,
          inputs: {
            indices: int32([batch], rows(indices, 1, first, batch)),
            step,
            ...Object.fromEntries(inputs)
          }
        })
        return first === start
          ? outputs
          : Effect.map(
              outputs,
              Effect.map(
                Record.map((term) => ({ ...term, values: rows(term.values as Float32Array, 1, start - first, batch) }))
              )
            )
      })
    })
  })
})
