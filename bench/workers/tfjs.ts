/**
 * The bench's steps in plain TensorFlow.js: eager operations on the WebAssembly backend, its own gradients and Adam.
 */
import { createRequire } from "node:module"
import { dirname } from "node:path"
import { setThreadsCount, setWasmPaths, version_wasm } from "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import "../../src/core/engines/TensorFlowParts.ts"
import { objectiveTerms } from "../../src/core/ObjectivePrograms.ts"
import { under } from "../../src/core/Tensors.ts"
import { planned, programs, shape } from "../Programs.ts"
import { type Fixture, serve } from "./Serve.ts"

/** Test images per call. */
const chunk = 500

const prepare = Effect.fnUntraced(function* ({ images, program, tensors }: Fixture) {
  yield* Effect.tryPromise(async () => {
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"))}/`)
    setThreadsCount(Number(process.env["BENCH_THREADS"]))
    tf.enableProdMode()
    if (!(await tf.setBackend("wasm"))) throw new Error("the WebAssembly backend does not start on this machine")
  })
  const run = yield* planned(program, programs[program]!)
  const autoencoder = yield* run.model.build(shape)
  const ingredients = { autoencoder, latent: run.model.latent, shape }
  const bytes = (name: string) =>
    tf.tensor4d(images[name]!.values, images[name]!.shape as [number, number, number, number], "int32")
  const splits = { train: bytes("train"), test: bytes("test") }
  const variables = Object.fromEntries(
    Object.entries(under("parameters/", tensors)).map(([name, { shape, values }]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values as Float32Array, [...shape])))
    ])
  )
  const optimizer: tf.AdamOptimizer = tf.train.adam(programs[program]!.learningRate, 0.9, 0.999, 1e-8)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => tf.dispose([...Object.values(variables), ...Object.values(splits)]))
  )

  const losses = (images: tf.Tensor4D, indices: Int32Array, noise: Float32Array): tf.Tensor1D => {
    const batch = tf.mul<tf.Tensor4D>(tf.cast(tf.gather(images, tf.tensor1d(indices, "int32")), "float32"), 1 / 255)
    // The benchmarks have no scheduled weights.
    const time = { step: tf.scalar(1), stepsPerEpoch: 1 }
    const [examples] = images.shape
    const drawn = tf.tensor2d(noise, [indices.length, noise.length / indices.length])
    return objectiveTerms(ingredients, run.objective, variables, batch, { posterior: drawn }, examples, time, {}).loss
  }
  return {
    step: (indices: Int32Array, noise: Float32Array) =>
      Effect.try(() => {
        const loss = optimizer.minimize(() => tf.mean(losses(splits.train, indices, noise)), true)!
        const [value] = loss.dataSync()
        loss.dispose()
        return value!
      }),
    evaluate: Effect.try(() => {
      const { evaluation } = tensors
      const count = splits.test.shape[0]
      const width = evaluation!.values.length / count
      let sum = 0
      for (let first = 0; first < count; first += chunk) {
        const indices = Int32Array.from({ length: chunk }, (_, index) => first + index)
        const noise = evaluation!.values.subarray(first * width, (first + chunk) * width) as Float32Array
        sum += tf.tidy(() => tf.sum(losses(splits.test, indices, noise)).dataSync()[0]!)
      }
      return sum / count
    })
  }
})

serve({ versions: { tfjs: tf.version_core, "tfjs-backend-wasm": version_wasm }, prepare })
