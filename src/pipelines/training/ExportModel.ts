/**
 * Writes the folder `model` of a finished run from its last checkpoint, if it is missing.
 */
import { Effect, type FileSystem, Option, type Path, Result, type Scope } from "effect"
import type { DatasetError, LoadedDataset } from "../../core/Dataset.ts"
import type { Engine, EngineError } from "../../core/Engine.ts"
import { stratified } from "../../core/evaluations/StratifiedSubset.ts"
import { exportModel } from "../../core/engines/onnxruntime/Export.ts"
import type { Autoencoder, ModelError } from "../../core/Model.ts"
import { StandardNormal } from "../../core/priors/StandardNormal.ts"
import { decode, encodeImages, samplePrior } from "../../core/ModelPrograms.ts"
import type { TypedProgram } from "../../core/ProgramInputs.ts"
import { float32, type HostTensors, int32, uint8 } from "../../core/Tensors.ts"
import * as Evaluate from "./Evaluate.ts"
import * as ModelFolder from "../store/ModelFolder.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import type { Run } from "../store/Run.ts"
import type { StoreError } from "../files/StoreError.ts"

/** Maximum number of test images whose codes are stored: enough for all of the usual test sets. */
export const maximumCodes = 10_000

const shapeText = ({ channels, height, width }: PlannedRun["dataset"]["shape"]): string =>
  [height, width, channels].join(", ")

/** The description of the model for both ONNX files. */
const cardOf = (planned: PlannedRun, encoder: TypedProgram, decoder: TypedProgram): ModelFolder.ModelCard => {
  const takesLabels = ({ signature }: TypedProgram): boolean => "labels" in signature.inputs
  return {
    format: "effect-vae model 1",
    run: planned.id,
    experiment: planned.experiment,
    dataset: { name: planned.dataset.name, digest: planned.located.digest },
    shape: planned.dataset.shape,
    latent: planned.model.latent,
    ...(planned.model.prior !== StandardNormal().name && { prior: planned.model.prior }),
    ...(planned.classes !== undefined && { classes: planned.classes }),
    labelled: { encoder: takesLabels(encoder), decoder: takesLabels(decoder) }
  }
}

/** The networks with the parameters in `state` as ONNX files. Throws the recorder's errors. */
const networks = (planned: PlannedRun, autoencoder: Autoencoder, state: HostTensors) => {
  const { latent } = planned.model
  const ingredients = { autoencoder, latent, shape: planned.dataset.shape }
  const encoder = (batch: number) => encodeImages(ingredients, { batch })
  const decoder = (batch: number) => decode(ingredients, { batch })
  const card = cardOf(planned, encoder(1), decoder(1))
  const metadata = {
    format: card.format,
    run: card.run,
    experiment: card.experiment,
    dataset: card.dataset.name,
    latent: String(latent),
    shape: `[${shapeText(card.shape)}]`,
    ...(card.classes !== undefined && { classes: JSON.stringify(card.classes) })
  }
  const images = `[batch, ${shapeText(card.shape)}], pixels from 0 to 1`
  const meanings = {
    labels: "[batch], the images' classes, counted from 0",
    codes: `[batch, ${latent}]`,
    normal: `[batch, ${latent}], standard normal numbers`,
    uniform: "[batch], uniform numbers from 0 to 1",
    mean: `[batch, ${latent}], means of q(z | x)`,
    deviation: `[batch, ${latent}], standard deviations of q(z | x)`
  }
  const of = `${card.dataset.name}, run ${card.run} of ${card.experiment}`
  return {
    card,
    encoder: exportModel({
      name: "encoder",
      description: `From images to their distributions of codes: ${of}.`,
      program: encoder,
      state,
      meanings: { ...meanings, images },
      metadata
    }),
    decoder: exportModel({
      name: "decoder",
      description: `From codes to the means of the images' distributions: ${of}.`,
      program: decoder,
      state,
      meanings: { ...meanings, images: `${images}: means of p(x | z)` },
      metadata
    }),
    ...(card.prior !== undefined && {
      prior: exportModel({
        name: "prior",
        description: `Codes of the prior, ${card.prior}: ${of}.`,
        program: (batch) => samplePrior(ingredients, { batch }),
        state,
        meanings,
        metadata
      })
    })
  }
}

/** Writes the folder if it is missing. Warns if a model cannot be exported. */
export const exportMissing = Effect.fn("ExportModel.exportMissing")(function* (
  planned: PlannedRun,
  run: Run,
  data: Effect.Effect<LoadedDataset, DatasetError>
): Effect.fn.Return<
  void,
  DatasetError | EngineError | ModelError | StoreError,
  Engine | FileSystem.FileSystem | Path.Path | Scope.Scope
> {
  if (Option.isSome(yield* ModelFolder.card(run.directory))) return
  if (Option.isNone(yield* run.checkpoint)) {
    return yield* Effect.logWarning(`run ${run.id}: its model cannot be written: it has no checkpoint`)
  }
  const loaded = yield* data
  const { state, trained } = yield* Evaluate.trainedModel(planned, run, loaded)
  const autoencoder = yield* planned.model.build(planned.dataset.shape)
  const made = yield* Effect.result(
    Effect.try({
      try: () => networks(planned, autoencoder, state),
      catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
    })
  )
  if (Result.isFailure(made)) {
    return yield* Effect.logWarning(`run ${run.id}: its model is not written as ONNX files: ${made.failure}`)
  }
  const { test } = loaded
  const indices = stratified(test, maximumCodes)
  const { deviation, mean } = yield* trained.encode("test", indices)
  const shape = [indices.length, planned.model.latent]
  yield* ModelFolder.write(run.directory, {
    ...made.success,
    codes: {
      indices: int32([indices.length], indices),
      mean: float32(shape, mean),
      deviation: float32(shape, deviation),
      ...(test.labels !== undefined && {
        labels: uint8(
          [indices.length],
          Uint8Array.from(indices, (index) => test.labels![index]!)
        )
      })
    }
  })
})
