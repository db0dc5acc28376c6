/**
 * The common inputs of all competitors, written once per run of the bench: images, initial parameters, and each step's
 * batch and noise.
 */
import { Effect, FileSystem, Path, Result } from "effect"
import { builtInDigits } from "../src/core/datasets/BuiltInDigits.ts"
import type { Examples } from "../src/core/Dataset.ts"
import { draw, normal, permutation } from "../src/core/Random.ts"
import { float32, type HostTensor, type HostTensors, int32, sizeOf, uint8 } from "../src/core/Tensors.ts"
import { posteriorNoise } from "../src/core/ProgramInputs.ts"
import * as TrainStep from "../src/core/TrainStep.ts"
import * as Safetensors from "../src/pipelines/files/Safetensors.ts"
import { type BenchProgram, counts, planned, seed, shape } from "./Programs.ts"

const write = Effect.fnUntraced(function* (file: string, tensors: HostTensors) {
  const fs = yield* FileSystem.FileSystem
  const pieces = yield* Effect.fromResult(
    Result.mapError(Safetensors.encode({ tensors, metadata: {} }), (reason) => new Error(reason))
  )
  yield* fs.writeFile(file, Buffer.concat(pieces))
  return file
})

/** The digits repeated, `[count, 28, 28, 1]`. */
const repeated = ({ images }: Examples, count: number): HostTensor => {
  const values = new Uint8Array(count * 28 * 28)
  for (let start = 0; start < values.length; start += images.length) {
    values.set(images.subarray(0, values.length - start), start)
  }
  return uint8([count, 28, 28, 1], values)
}

/** A `.npy` file of bytes, version 1.0: a header padded to 64 bytes, then the values. */
const npy = ({ shape, values }: HostTensor): Uint8Array => {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10
  const lengthBytes = Uint8Array.of(length % 256, length >> 8)
  const text = Buffer.from(`${header.padEnd(length - 1)}\n`, "latin1")
  return Buffer.concat([Buffer.from("\u0093NUMPY\u0001\u0000", "latin1"), lengthBytes, text, values as Uint8Array])
}

export const imagesName = "images.npy"

/**
 * As many real digits as MNIST has, 8,000 for training and 2,000 for testing, repeated. As safetensors for the steps,
 * as `images.npy` with the test images last for whole runs.
 */
export const images = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const digits = yield* builtInDigits.load
  const splits = { train: repeated(digits.train, counts.train), test: repeated(digits.test, counts.test) }
  const all = Buffer.concat([splits.train.values as Uint8Array, splits.test.values as Uint8Array])
  yield* fs.writeFile(path.join(folder, imagesName), npy(uint8([counts.train + counts.test, 28, 28], all)))
  return yield* write(path.join(folder, "images.safetensors"), splits)
})

/** Parameters, and the inputs of the first `agreementSteps` steps, which later steps reuse. */
export const program = Effect.fnUntraced(function* (folder: string, name: string, bench: BenchProgram) {
  const path = yield* Path.Path
  const run = yield* planned(name, bench)
  const autoencoder = yield* run.model.build(shape)
  const { agreementSteps: steps, batch } = bench
  const { latent } = run.model
  const noise = posteriorNoise(run.objective, latent)
  const width = sizeOf(noise.shape)
  const order = permutation({ seed, stream: "shuffle", step: 1 }, counts.train)
  const perStep = Array.from({ length: steps }, (_, step) =>
    draw(noise, { seed, stream: "noise/posterior", step }, batch)
  )
  const tensors: HostTensors = {
    ...TrainStep.initialState(
      {
        autoencoder,
        latent,
        shape,
        objective: run.objective,
        optimizer: { ...run.training.optimizer, state: () => ({}) }
      },
      seed
    ),
    indices: int32([steps, batch], order.slice(0, steps * batch)),
    noise: float32([steps, batch, width], Float32Array.from(perStep.flatMap(({ values }) => Array.from(values)))),
    // The noise of a run's evaluation of its test images.
    evaluation: float32(
      [counts.test, width],
      normal({ seed, stream: "noise/evaluation/test", step: 0 }, counts.test * width)
    )
  }
  return { file: yield* write(path.join(folder, `${name}.safetensors`), tensors), run, autoencoder }
})
