/**
 * The contract of engines' errors as tests: invalid calls are refused with the name of the invalid tensor.
 */
import { describe, it, assert } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, type Layer, Scope } from "effect"
import { Engine, type EngineError, type Program } from "../core/Engine.ts"
import { float32, type HostTensors } from "../core/Tensors.ts"
import { assertRefused } from "./EngineAgreement.ts"
import { accumulateSignature, compileAccumulate, indices, nothing, rowSums, runOnce, vector } from "./EnginePrograms.ts"

/** Registers the tests of errors for one engine. */
export const refusalContract = (name: string, layer: Layer.Layer<Engine, EngineError>): void => {
  describe(`${name}: what is refused`, () => {
    it.effect("names the input that is missing, unknown, or of the wrong type or size", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const state = yield* engine.place({ sum: vector(1, 2) })
        const executable = yield* compileAccumulate
        const run = (inputs: HostTensors) => executable.run({ state, data: state, inputs })
        yield* assertRefused(run({}), "accumulate", `input "x" (float32[2]) is missing`)
        yield* assertRefused(run({ x: vector(1, 2), y: vector(1) }), `input "y"`, "x")
        yield* assertRefused(run({ x: vector(1) }), `input "x" is float32[1], expected float32[2]`)
        yield* assertRefused(run({ x: indices(1, 2) }), `input "x" is int32[2], expected float32[2]`)
        yield* assertRefused(run({ x: float32([2], Float32Array.of(1)) }), `input "x"`, "2 values", "1 values")
        assert.deepStrictEqual(yield* state.read, { sum: vector(1, 2) }, "a refused run changed the state")
      }).pipe(Effect.provide(layer))
    )

    it.effect("names the state or data that is missing or of the wrong type", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const total = yield* engine.place({ total: float32([], Float32Array.of(0)) })
        const wrong = yield* engine.place({ images: vector(1), total: vector(1) })
        const executable = yield* engine.compile(...rowSums(1))
        const inputs = { indices: indices(0) }
        const empty = yield* nothing
        yield* assertRefused(executable.run({ state: total, data: empty, inputs }), `data "images"`, "missing")
        yield* assertRefused(
          executable.run({ state: wrong, data: total, inputs }),
          `state "total" is float32[1]`,
          "float32[]"
        )
        yield* assertRefused(
          executable.run({ state: total, data: wrong, inputs }),
          `data "images" is float32[1]`,
          "uint8[4, 3]"
        )
      }).pipe(Effect.provide(layer))
    )

    it.effect("names the tensor whose values do not match its declared type", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        yield* assertRefused(
          engine.place({ a: float32([3], Float32Array.of(1)) }),
          `tensor "a"`,
          "3 values",
          "1 values"
        )
        const mistyped = { shape: [1], dtype: "int32", values: Float32Array.of(1) } as const
        yield* assertRefused(engine.place({ a: mistyped }), `tensor "a"`, "Int32Array", "Float32Array")
      }).pipe(Effect.provide(layer))
    )

    it.effect("refuses new state that is not declared or has another type", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const state = yield* engine.place({ sum: vector(1, 2) })
        const attempt = (run: Program["run"]) =>
          engine
            .compile({ name: "wrong state", run }, accumulateSignature)
            .pipe(Effect.flatMap((executable) => executable.run({ state, data: state, inputs: { x: vector(1, 2) } })))
        yield* assertRefused(
          attempt(({ inputs }) => ({ state: { some: inputs["x"]! }, outputs: {} })),
          "wrong state",
          `state "some"`
        )
        yield* assertRefused(
          attempt(({ inputs }) => ({ state: { sum: tf.sum(inputs["x"]!) }, outputs: {} })),
          `state "sum" as float32[], expected float32[2]`
        )
        yield* assertRefused(
          attempt(({ inputs }) => ({ state: { sum: tf.cast(inputs["x"]!, "int32") }, outputs: {} })),
          `state "sum" as int32[2], expected float32[2]`
        )
      }).pipe(Effect.provide(layer))
    )

    it.effect("reports an error of the program itself, and an index out of range", () =>
      Effect.gen(function* () {
        const mismatch = runOnce(
          {
            name: "mismatch",
            run: ({ inputs: { x } }) => ({ outputs: { y: tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D) } })
          },
          { x: float32([2, 3], new Float32Array(6)) }
        )
        yield* assertRefused(mismatch, "mismatch", "matMul")
        for (const index of [4, -1]) {
          const gather = runOnce(
            {
              name: "far",
              run: ({ inputs: { x, at } }) => ({ outputs: { y: tf.gather(x!, at as tf.Tensor1D) } })
            },
            { x: vector(1, 2, 3, 4), at: indices(index) }
          )
          yield* assertRefused(gather, "far")
        }
      }).pipe(Effect.provide(layer))
    )

    it.effect("refuses tensors of a closed scope or of another engine", () =>
      Effect.gen(function* () {
        const engine = yield* Engine
        const scope = yield* Scope.make()
        const state = yield* Scope.provide(engine.place({ sum: vector(1, 2) }), scope)
        const executable = yield* compileAccumulate
        yield* Scope.close(scope, Exit.void)
        yield* assertRefused(
          executable.run({ state, data: state, inputs: { x: vector(1, 2) } }),
          "accumulate",
          "closed"
        )
        yield* assertRefused(state.read, "closed")
        const foreign = { types: { sum: { shape: [2], dtype: "float32" } }, read: Effect.succeed({}) } as const
        yield* assertRefused(executable.run({ state: foreign, data: foreign, inputs: { x: vector(1, 2) } }), "another")
      }).pipe(Effect.provide(layer))
    )
  })
}
