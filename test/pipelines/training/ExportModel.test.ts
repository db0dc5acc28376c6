import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, type Layer, Option, Path, Record } from "effect"
import * as tf from "@tensorflow/tfjs-core"
import onnxProto from "onnx-proto"
import * as ort from "onnxruntime-node"
import type { Dataset, Labels } from "../../../src/core/Dataset.ts"
import { imagesAt } from "../../../src/core/evaluations/Reconstructions.ts"
import type { Model, ModelError } from "../../../src/core/Model.ts"
import { normal, uniform } from "../../../src/core/Random.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"
import {
  activation,
  Adam,
  BetaElbo,
  ConditionalVae,
  convolution,
  dense,
  DenseVae,
  Evaluation,
  Experiment,
  flatten,
  maxPooling,
  reshape,
  SequentialVae,
  Synthetic,
  Training,
  transposedConvolution,
  VampPrior
} from "../../../src/index.ts"
import * as ModelFolder from "../../../src/pipelines/store/ModelFolder.ts"
import { makeLines, platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

const { onnx } = onnxProto
const relu = activation("relu")

/** Far from the origin too, where a decoder's outputs saturate. */
const probe = Float32Array.of(0, 0, 1, -1, 0.3, 2, -4, 5, 30, -30)
const count = probe.length / 2
const labels = Int32Array.from({ length: count }, (_, index) => index % 4)
const first = Int32Array.of(0, 1, 2, 3, 4)

interface Seen {
  readonly images: Float32Array
  readonly mean: Float32Array
  readonly deviation: Float32Array
  readonly given: Float32Array
  readonly codes: Float32Array
  /** Drawn from the prior with the random numbers of the stream `probe`. */
  readonly drawn: Float32Array
}

/** What the run itself makes of codes and images. */
const seenBy = (seen: Array<Seen>): Evaluation.Evaluator =>
  Evaluation.make({
    spec: { _tag: "Probe" },
    run: Effect.gen(function* () {
      const { data, decode, encodeImages, encode, samplePrior, shape } = yield* TrainedModel
      const given = imagesAt(data.test, shape, first)
      const { deviation, mean } = yield* encodeImages(given, labels)
      const all = Int32Array.from({ length: data.test.count }, (_, index) => index)
      const codes = (yield* encode("test", all)).mean
      const drawn = yield* samplePrior("probe", count)
      seen.push({ images: yield* decode(probe, labels), mean, deviation, given, codes, drawn })
      return { metrics: {}, figures: [] }
    })
  })

type Made = Layer.Layer<Model, ModelError, Dataset | Labels>

const oneRun = (model: Made, evaluator: Evaluation.Evaluator, dataset: Layer.Layer<Dataset | Labels>) =>
  Experiment.make("exported", {
    description: "One run.",
    parameters: {},
    run: () => ({
      dataset,
      model,
      objective: BetaElbo.layer({ beta: 0.1 }),
      training: Training.layer({ epochs: 2, batchSize: 32, optimizer: Adam({ learningRate: 1e-2 }) }),
      evaluation: Evaluation.layer(evaluator)
    })
  })

const runFolder = Effect.fnUntraced(function* (results: string) {
  const store = yield* storeOf(results)
  const folder = yield* store.experiment("exported")
  const [row] = Option.getOrThrow(yield* folder.summary).runs
  return { row: row!, directory: (yield* Path.Path).join(folder.directory, row!.directory) }
})

/** Runs a file of the folder as anybody would. */
const runFile = (bytes: Uint8Array, feeds: Record<string, ort.Tensor>) =>
  Effect.promise(async () => {
    const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 })
    const asked = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]))
    const results = await session.run(asked)
    await session.release()
    return Record.map(results as Record<string, ort.Tensor>, ({ data }) => data as Float32Array)
  })

const assertClose = (found: Float32Array | undefined, expected: Float32Array) => {
  assert.strictEqual(found?.length, expected.length)
  expected.forEach((value, index) => assert.approximately(found![index]!, value, 1e-4 * Math.max(1, Math.abs(value))))
}

const synthetic = Synthetic.layer({ train: 100, test: 30 })

const models: Readonly<Record<string, Made>> = {
  dense: DenseVae.layer({ hidden: [16], latent: 2 }),
  "with a learned prior": DenseVae.layer({ hidden: [16], latent: 2, prior: VampPrior({ pseudoInputs: 3 }) }),
  convolutional: SequentialVae.layer({
    encoder: [convolution(4), relu, maxPooling(), convolution(4), flatten()],
    decoder: [dense(4 * 4 * 4), reshape([4, 4, 4]), relu, transposedConvolution(4, { stride: 2 }), convolution(1)],
    latent: 2
  }),
  conditional: ConditionalVae.layer({
    encoder: [dense(16), relu],
    decoder: [dense(64), reshape([8, 8, 1])],
    latent: 2
  })
}

describe("ExportModel", () => {
  it.effect.each(Object.entries(models))("a run's files give what the run gives: %s", ([, model]) =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const seen: Array<Seen> = []
      const tensors = tf.memory().numTensors
      yield* runExperiment(oneRun(model, seenBy(seen), synthetic), results)
      assert.strictEqual(tf.memory().numTensors, tensors)
      const { directory } = yield* runFolder(results)
      const feeds = {
        codes: new ort.Tensor(probe, [count, 2]),
        images: new ort.Tensor(seen[0]!.given, [count, 8, 8, 1]),
        labels: new ort.Tensor(labels, [count]),
        normal: new ort.Tensor(normal({ seed: 0, stream: "probe", step: 0 }, 2 * count), [count, 2]),
        uniform: new ort.Tensor(uniform({ seed: 0, stream: "probe/component", step: 0 }, count), [count])
      }
      const decoder = Option.getOrThrow(yield* ModelFolder.network(directory, "decoder"))
      const encoder = Option.getOrThrow(yield* ModelFolder.network(directory, "encoder"))
      const decoded = yield* runFile(decoder, feeds)
      const encoded = yield* runFile(encoder, feeds)
      assertClose(decoded["images"], seen[0]!.images)
      assertClose(encoded["mean"], seen[0]!.mean)
      assertClose(encoded["deviation"], seen[0]!.deviation)
      const codes = Option.getOrThrow(yield* ModelFolder.codes(directory))
      assertClose(codes["mean"]!.values as Float32Array, seen[0]!.codes)
      const prior = yield* ModelFolder.network(directory, "prior")
      assert.strictEqual(
        Option.isSome(prior),
        Option.getOrThrow(yield* ModelFolder.card(directory)).prior !== undefined
      )
      if (Option.isSome(prior)) assertClose((yield* runFile(prior.value, feeds))["codes"], seen[0]!.drawn)
    }).pipe(Effect.provide(platform))
  )

  it.effect("describes the files, inside and in model.json", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* runExperiment(oneRun(models["conditional"]!, seenBy([]), synthetic), results)
      const { directory, row } = yield* runFolder(results)
      const card = Option.getOrThrow(yield* ModelFolder.card(directory))
      const classes = ["spot 0", "spot 1", "spot 2", "spot 3"]
      assert.strictEqual(card.run, row.id)
      assert.deepStrictEqual(card.shape, { height: 8, width: 8, channels: 1 })
      assert.deepStrictEqual(card.classes, classes)
      assert.deepStrictEqual(card.labelled, { encoder: true, decoder: true })
      const codes = Option.getOrThrow(yield* ModelFolder.codes(directory))
      assert.deepStrictEqual(
        codes["indices"]!.values,
        Int32Array.from({ length: 30 }, (_, index) => index)
      )
      assert.deepStrictEqual(
        codes["labels"]!.values,
        Uint8Array.from({ length: 30 }, (_, index) => index % 4)
      )
      const bytes = Option.getOrThrow(yield* ModelFolder.network(directory, "decoder"))
      const { graph, metadataProps, opsetImport } = onnx.ModelProto.decode(bytes)
      assert.deepStrictEqual(Object.fromEntries(metadataProps!.map(({ key, value }) => [key, value])), {
        format: "effect-vae model 1",
        run: row.id,
        experiment: "exported",
        dataset: "Synthetic",
        latent: "2",
        shape: "[8, 8, 1]",
        classes: JSON.stringify(classes)
      })
      assert.deepStrictEqual(
        opsetImport!.map(({ domain }) => domain),
        [""]
      )
      assert.sameMembers(
        graph!.input!.map(({ name }) => name),
        ["codes", "labels"]
      )
    }).pipe(Effect.provide(platform))
  )

  it.effect("writes a missing file again, without training", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const results = yield* temporaryFolder
      const experiment = oneRun(models["dense"]!, seenBy([]), synthetic)
      yield* runExperiment(experiment, results)
      const { directory } = yield* runFolder(results)
      const files = ["encoder.onnx", "decoder.onnx", "codes.safetensors", "model.json"].map((name) =>
        join(directory, "model", name)
      )
      const before = yield* Effect.forEach(files, (file) => fs.readFile(file))
      for (const file of files) {
        yield* fs.remove(file)
        assert.isTrue(Option.isNone(yield* ModelFolder.card(directory)))
        const lines = makeLines()
        yield* runExperiment(experiment, results, { lines })
        assert.isTrue(lines.printed.some((line) => line.includes("already done")))
        assert.deepStrictEqual(yield* Effect.forEach(files, (file) => fs.readFile(file)), before)
      }
    }).pipe(Effect.provide(platform))
  )

  it.effect("a run without checkpoints stays done", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const results = yield* temporaryFolder
      const experiment = oneRun(models["dense"]!, seenBy([]), synthetic)
      yield* runExperiment(experiment, results)
      const { directory } = yield* runFolder(results)
      yield* fs.remove(join(directory, "checkpoints"), { recursive: true })
      yield* fs.remove(join(directory, "model"), { recursive: true })
      yield* runExperiment(experiment, results)
      assert.strictEqual((yield* runFolder(results)).row.status, "done")
      assert.isTrue(Option.isNone(yield* ModelFolder.card(directory)))
    }).pipe(Effect.provide(platform))
  )
})
