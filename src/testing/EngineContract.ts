/**
 * The contract of engines as tests: kernels, state and data, errors, a whole training step, leaks.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer, Record } from "effect"
import { Engine, type EngineError, submit } from "../core/Engine.ts"
import { float32, int32, uint8 } from "../core/Tensors.ts"
import { type Accuracy, exact } from "./Accuracy.ts"
import * as ConvolutionStep from "./ConvolutionStep.ts"
import * as DenseStep from "./DenseStep.ts"
import { assertAgree, assertSameBits, referenceOf } from "./EngineAgreement.ts"
import { bytes, compileAccumulate, indices, rowSums, runOnce, vector } from "./EnginePrograms.ts"
import { kernelContract } from "./KernelContract.ts"
import { refusalContract } from "./RefusalContract.ts"

const dense: DenseStep.DenseSizes = { pixels: 784, hidden: [64], latent: 2, batch: 16, examples: 50 }
/** SimpleVAE on MNIST; few images, because the reference engine takes about a second per image. */
const images: ConvolutionStep.ConvolutionSizes = { side: 14, batch: 2 }

/** Registers the contract's tests for one engine. */
export const engineContract = (
  name: string,
  layer: Layer.Layer<Engine, EngineError>,
  accuracy: Accuracy = exact
): void => {
  kernelContract(name, layer, accuracy)
  refusalContract(name, layer)

  describe(`${name}: state and data`, () => {
    it.effect("replaces state, keeps it across runs, and returns the old state as output", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const initial = vector(1, 2)
        const state = yield* engine.place({ sum: initial, other: vector(7) })
        const executable = yield* compileAccumulate
        const run = () => executable.run({ state, data: state, inputs: { x: vector(10, 20) } })
        const results = [yield* run(), yield* run(), yield* run()]
        assert.deepStrictEqual(
          results.map(({ before }) => before),
          [vector(1, 2), vector(11, 22), vector(21, 42)]
        )
        assert.deepStrictEqual(yield* state.read, { sum: vector(31, 62), other: vector(7) })
        assert.deepStrictEqual(initial, vector(1, 2), "the caller's array was written to")
      }).pipe(Effect.provide(layer))
    )

    it.effect("gives the outputs of submitted runs in any order, also after others have changed the state", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const state = yield* engine.place({ sum: vector(1, 2) })
        const executable = yield* compileAccumulate
        const args = { state, data: state, inputs: { x: vector(10, 20) } }
        const [first, second, third] = [
          yield* submit(executable, args),
          yield* submit(executable, args),
          yield* submit(executable, args)
        ]
        assert.deepStrictEqual(yield* state.read, { sum: vector(31, 62) })
        assert.deepStrictEqual(yield* third, { before: vector(21, 42) })
        assert.deepStrictEqual(yield* first, { before: vector(1, 2) })
        assert.deepStrictEqual(yield* executable.run(args), { before: vector(31, 62) })
        assert.deepStrictEqual(yield* second, { before: vector(11, 22) })
      }).pipe(Effect.provide(layer))
    )

    it.effect("returns outputs and copies of the state", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const state = yield* engine.place({ sum: vector(1, 2) })
        const executable = yield* compileAccumulate
        const { before } = yield* executable.run({ state, data: state, inputs: { x: vector(1, 1) } })
        before!.values.fill(99)
        ;(yield* state.read)["sum"]!.values.fill(99)
        assert.deepStrictEqual(yield* state.read, { sum: vector(2, 3) })
        const again = yield* executable.run({ state, data: state, inputs: { x: vector(1, 1) } })
        assert.deepStrictEqual(again, { before: vector(2, 3) })
      }).pipe(Effect.provide(layer))
    )

    it.effect("runs several programs on one state, with bytes", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const state = yield* engine.place({ total: float32([], Float32Array.of(0)) })
        const data = yield* engine.place({ images: bytes })
        const three = yield* engine.compile(...rowSums(3))
        const one = yield* engine.compile(...rowSums(1))
        const first = yield* three.run({ state, data, inputs: { indices: indices(3, 1, 1) } })
        const rows = int32([3, 3], Int32Array.of(100, 100, 100, 253, 254, 255, 253, 254, 255))
        assert.deepStrictEqual(first, { rows, sums: vector(300, 762, 762) })
        const last = yield* one.run({ state, data, inputs: { indices: indices(0) } })
        assert.deepStrictEqual(last, { rows: int32([1, 3], Int32Array.of(0, 1, 2)), sums: vector(3) })
        yield* three.run({ state, data, inputs: { indices: indices(0, 0, 0) } })
        assert.deepStrictEqual(yield* state.read, { total: float32([], Float32Array.of(1836)) })
        assert.deepStrictEqual((yield* data.read)["images"], bytes)
      }).pipe(Effect.provide(layer))
    )

    it.effect("state may be swapped, unchanged, and an output", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const state = yield* engine.place({ a: vector(1), b: vector(2), c: vector(3) })
        const executable = yield* engine.compile(
          {
            name: "trade",
            run: ({ state: { a, b, c } }) => ({
              state: { a: b!, b: tf.add(a!, 1), c: c! },
              outputs: { a: a!, b: a!, two: tf.scalar(2) }
            })
          },
          { state: state.types, data: {}, inputs: {} }
        )
        const run = () => executable.run({ state, data: state, inputs: {} })
        assert.deepStrictEqual(yield* run(), { a: vector(1), b: vector(1), two: float32([], Float32Array.of(2)) })
        assert.deepStrictEqual(yield* state.read, { a: vector(2), b: vector(2), c: vector(3) })
        yield* run()
        assert.deepStrictEqual(yield* state.read, { a: vector(2), b: vector(3), c: vector(3) })
      }).pipe(Effect.provide(layer))
    )

    it.effect("runs a program without results", () =>
      Effect.gen(function* () {
        const outputs = yield* runOnce({ name: "nothing", run: () => ({ outputs: {} }) }, { x: vector(1) })
        assert.deepStrictEqual(outputs, {})
      }).pipe(Effect.provide(layer))
    )

    it.effect("returns booleans as bytes and integers as integers", () =>
      Effect.gen(function* () {
        const results = yield* runOnce(
          {
            name: "types",
            run: ({ inputs: { x } }) => ({
              outputs: { truth: tf.greater(x!, 1), whole: tf.cast(x!, "int32"), wide: x! }
            })
          },
          { x: uint8([3], Uint8Array.of(0, 1, 200)) }
        )
        assert.deepStrictEqual(results, {
          truth: uint8([3], Uint8Array.of(0, 0, 1)),
          whole: int32([3], Int32Array.of(0, 1, 200)),
          wide: int32([3], Int32Array.of(0, 1, 200))
        })
      }).pipe(Effect.provide(layer))
    )
  })

  describe(`${name}: a whole training step`, () => {
    it.effect("follows the reference engine for five steps of a dense VAE", () =>
      Effect.gen(function* () {
        const train = Effect.scoped(
          Effect.gen(function* () {
            const engine = yield* Engine
            const state = yield* engine.place(DenseStep.initialState(dense))
            const data = yield* engine.place(DenseStep.images(dense))
            const executable = yield* engine.compile(DenseStep.program(dense), DenseStep.signature(dense))
            const losses: Array<number> = []
            for (let step = 0; step < 5; step++) {
              const { loss } = yield* executable.run({ state, data, inputs: DenseStep.inputs(dense, step) })
              losses.push(loss!.values[0]!)
            }
            return { ...(yield* state.read), losses: vector(...losses) }
          })
        )
        const expected = yield* referenceOf("dense step", train)
        const actual = yield* Effect.provide(train, layer)
        // Adam divides by small roots of second moments: a parameter moves by up to 1e-3 per step, and differs by less.
        assertAgree(actual, expected, (output) => accuracy.training * (output.startsWith("parameter") ? 2e-5 : 1e-6))
        const again = yield* Effect.provide(train, layer)
        assertSameBits(again, actual, "the same run gave other bits")
      })
    )

    it.effect("has the reference engine's gradients of a convolutional autoencoder", () =>
      Effect.gen(function* () {
        const run = Effect.scoped(
          Effect.gen(function* () {
            const engine = yield* Engine
            const state = yield* engine.place(ConvolutionStep.initialState(images))
            const executable = yield* engine.compile(ConvolutionStep.program(images), ConvolutionStep.signature(images))
            return yield* executable.run({ state, data: state, inputs: ConvolutionStep.inputs(images, 0) })
          })
        )
        const expected = yield* referenceOf("gradients of convolutions", run)
        const actual = yield* Effect.provide(run, layer)
        const largest = Record.map(expected, ({ values }) => Math.max(...Array.from(values, Math.abs)))
        for (const [name, size] of Object.entries(largest)) assert.isAbove(size, 0, name)
        assertAgree(actual, expected, (name) => accuracy.training * 1e-4 * largest[name]!)
      })
    )
  })

  it.effect(`${name} leaves no tensors behind`, () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const buffers = tf.memory().numDataBuffers
      for (let round = 0; round < 2; round++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const engine = yield* Engine
            const state = yield* engine.place({ sum: vector(1, 2) })
            const executable = yield* compileAccumulate
            yield* executable.run({ state, data: state, inputs: { x: vector(1, 2) } })
            yield* Effect.exit(executable.run({ state, data: state, inputs: {} }))
            yield* Effect.exit(
              runOnce(
                {
                  name: "fails",
                  run: ({ inputs: { x } }) => ({ outputs: { y: tf.reshape(tf.add(x!, 1), [5]) } })
                },
                { x: vector(1, 2) }
              )
            )
          })
        )
      }
      assert.strictEqual(tf.memory().numTensors, before)
      assert.strictEqual(tf.memory().numDataBuffers, buffers)
    }).pipe(Effect.provide(layer))
  )
}
