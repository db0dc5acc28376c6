/**
 * The bench's steps on this project's engines, as in a run. Run: node engine.ts WAY, with one of the names below.
 */
import { performance } from "node:perf_hooks"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { Engine, type Program } from "../../src/core/Engine.ts"
import * as Native from "../../src/core/engines/Native.ts"
import * as OnnxRuntime from "../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../src/core/engines/Reference.ts"
import * as TensorFlow from "../../src/core/engines/TensorFlow.ts"
import * as Plugin from "../../src/core/engines/xla/Plugin.ts"
import * as Xla from "../../src/core/engines/Xla.ts"
import { float32, type HostTensor, int32, prefixed, sizeOf, typesOf, under } from "../../src/core/Tensors.ts"
import { stepsPerEpoch } from "../../src/core/Training.ts"
import * as TrainStep from "../../src/core/TrainStep.ts"
import * as CheckpointInterval from "../../src/pipelines/training/CheckpointInterval.ts"
import { Progress } from "../../src/pipelines/console/Progress.ts"
import * as Train from "../../src/pipelines/training/Train.ts"
import * as TrainedModels from "../../src/pipelines/training/TrainedModels.ts"
import { planned, programs, shape } from "../Programs.ts"
import type { Product } from "../Protocol.ts"
import { type Fixture, serve, timed } from "./Serve.ts"

const threads = Number(process.env["BENCH_THREADS"])
const device = Xla.devices.find((name) => name === process.env["BENCH_DEVICE"]) ?? "cpu"
const engines: Readonly<Record<string, Layer.Layer<Engine, unknown>>> = {
  fused: OnnxRuntime.layer({ threads }),
  plain: OnnxRuntime.layer({ threads, fuse: false }),
  webgpu: OnnxRuntime.layer({ threads, device: "webgpu" }),
  cuda: OnnxRuntime.layer({ threads, device: "cuda" }),
  native: Native.layer({ threads }),
  reference: Reference.layer,
  tensorflow: TensorFlow.layer({ threads }),
  xla: Layer.unwrap(Effect.map(Plugin.find(device), (plugin) => Xla.layer({ device, plugin }))).pipe(
    Layer.provide(NodeServices.layer)
  )
}
const engineLayer = engines[process.argv[2]!]!

const mean = (values: HostTensor["values"]): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

const examplesOf = (images: HostTensor, count: number) => ({
  count,
  images: (images.values as Uint8Array).subarray(0, count * sizeOf(images.shape.slice(1)))
})

const prepare = Effect.fnUntraced(function* ({ images, program, tensors }: Fixture) {
  const engine = yield* Engine
  const run = yield* planned(program, programs[program]!)
  const { batchSize: batch, optimizer } = run.training
  const autoencoder = yield* run.model.build(shape)
  const ingredients = { autoencoder, latent: run.model.latent, shape, objective: run.objective, optimizer }
  const train = examplesOf(images["train"]!, images["train"]!.shape[0]!)
  const test = examplesOf(images["test"]!, images["test"]!.shape[0]!)

  const step = TrainStep.trainStep(ingredients, {
    examples: train.count,
    batch,
    stepsPerEpoch: stepsPerEpoch(run.training, train.count)
  })
  const state = yield* engine.place({
    ...TrainStep.initialState(ingredients, run.seed),
    ...prefixed("parameters/", under("parameters/", tensors))
  })
  const placed = {
    train: yield* engine.place(TrainedModels.splitTensors(train, shape)),
    test: yield* engine.place(TrainedModels.splitTensors(test, shape))
  }
  const executable = yield* engine.compile(step.program, step.signature)
  const modelAt = yield* TrainedModels.make({ run, autoencoder, data: { train, test }, images: placed })
  const noiseShape = step.signature.inputs["noise/posterior"]!.shape
  let taken = 0

  /** Milliseconds between steps of `Train.train`, which reports its progress after each. */
  const loop = Effect.fnUntraced(function* (steps: number) {
    const ends: Array<number> = []
    const nothing = () => Effect.void
    const update = () => Effect.sync(() => void ends.push(performance.now()))
    const bar = { update, epoch: nothing, note: nothing, line: nothing }
    const progress = { ...bar, bar: Effect.succeed(bar) }
    yield* Train.train({
      run,
      data: { train: examplesOf(images["train"]!, steps * batch), test: examplesOf(images["test"]!, 500) },
      position: { run: 1, runs: 1, epochsAfter: 0 },
      writer: {
        saveCheckpoint: nothing,
        saveBest: nothing,
        removeCheckpointsFrom: () => Effect.succeedNone,
        appendEpoch: nothing,
        saveSnapshot: nothing
      },
      checkpointEvery: CheckpointInterval.defaultInterval,
      resume: undefined
    }).pipe(Effect.provideService(Progress, progress), Effect.scoped, Effect.provideService(Engine, engine))
    return ends.slice(1).map((end, index) => end - ends[index]!)
  })

  return {
    step: (indices: Int32Array, noise: Float32Array) =>
      Effect.map(
        executable.run({
          state,
          data: placed.train,
          inputs: {
            indices: int32([batch], indices),
            step: float32([], Float32Array.of(++taken)),
            "noise/posterior": float32(noiseShape, noise)
          }
        }),
        ({ loss }) => mean(loss!.values)
      ),
    evaluate: Effect.map(modelAt({ state, history: [], steps: () => taken }).terms("test"), ({ loss }) => mean(loss!)),
    loop
  }
})

/** The results stay on the engine, as gradients do. */
const multiply = Effect.fnUntraced(function* (products: ReadonlyArray<Product>, repeats: number) {
  const engine = yield* Engine
  const filled = (rows: number, columns: number) => float32([rows, columns], new Float32Array(rows * columns).fill(0.5))
  const operands = Object.fromEntries(
    products.flatMap(({ columns, inner, rows, transposeLeft, transposeRight }, index) => [
      [`left${index}`, transposeLeft ? filled(inner, rows) : filled(rows, inner)],
      [`right${index}`, transposeRight ? filled(columns, inner) : filled(inner, columns)]
    ])
  )
  const results = Object.fromEntries(products.map(({ columns, rows }, index) => [`${index}`, filled(rows, columns)]))
  const program: Program = {
    name: "matrix products",
    run: ({ data }) => ({
      state: Object.fromEntries(
        products.map(({ transposeLeft, transposeRight }, index) => [
          `${index}`,
          tf.matMul(data[`left${index}`]!, data[`right${index}`]!, transposeLeft, transposeRight)
        ])
      ),
      outputs: {}
    })
  }
  const signature = { state: typesOf(results), data: typesOf(operands), inputs: {} }
  const executable = yield* engine.compile(program, signature)
  const arguments_ = { state: yield* engine.place(results), data: yield* engine.place(operands), inputs: {} }
  yield* executable.run(arguments_)
  return yield* Effect.forEach(Array.from({ length: repeats }), () =>
    Effect.map(timed(executable.run(arguments_)), ({ milliseconds }) => milliseconds)
  )
}, Effect.scoped)

serve({
  versions: {
    "effect-vae": packageJson.version,
    "onnxruntime-node": packageJson.devDependencies["onnxruntime-node"],
    tfjs: tf.version_core
  },
  // The engine is open as long as the prepared program.
  prepare: (fixture) =>
    Effect.flatMap(Layer.build(engineLayer), (context) => Effect.provide(prepare(fixture), context)),
  multiply: (products, repeats) => Effect.provide(multiply(products, repeats), engineLayer)
})
