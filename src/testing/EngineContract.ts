/**
 * The contract of engines as tests: whatever an engine computes agrees with the reference engine.
 *
 * Two tensors agree if their types are equal and each element `a` differs from the reference's `b` by at most
 * `1e-4 |b| + floor`, where the floor is 1e-37 (the end of float32's full precision) unless a case says otherwise;
 * what is not a number agrees with what is not a number, and an infinity with itself.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, type Layer, Scope } from "effect"
import { Engine, EngineError, type Program, type Signature } from "../core/Engine.ts"
import { useBackend } from "../core/engines/Backend.ts"
import * as Reference from "../core/engines/Reference.ts"
import { float32, type HostTensor, type HostTensors, int32, typesOf, uint8 } from "../core/Tensors.ts"
import * as DenseStep from "./DenseStep.ts"
import { type KernelCase, kernelCases } from "./KernelCases.ts"

/** Fails unless both records hold tensors of equal types and elements that agree. */
export const assertAgree = (actual: HostTensors, expected: HostTensors, floor: (name: string) => number): void => {
  assert.deepStrictEqual(typesOf(actual), typesOf(expected))
  for (const [name, { values }] of Object.entries(expected)) {
    values.forEach((b, index) => {
      const a = actual[name]!.values[index]!
      const agree = Object.is(a, b) || Math.abs(a - b) <= 1e-4 * Math.abs(b) + floor(name)
      if (!agree) assert.fail(`${name}, element ${index} of ${values.length}: ${a}, the reference engine gives ${b}`)
    })
  }
}

/** Runs a program without state and data once. */
const runOnce = (program: Program, inputs: HostTensors) =>
  Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* Engine
      const nothing = yield* engine.place({})
      const executable = yield* engine.compile(program, { state: {}, data: {}, inputs: typesOf(inputs) })
      return yield* executable.run({ state: nothing, data: nothing, inputs })
    })
  )

/** All cases of a kernel as one program: values as `INDEX/value/…`, derivatives as `INDEX/gradient/…`. */
const caseProgram = (name: string, cases: ReadonlyArray<KernelCase>): Program => ({
  name,
  run: ({ inputs }) => ({
    outputs: Object.fromEntries(
      cases.flatMap(({ call, gradient, inputs: declared }, index) => {
        const operands = declared.map((_, operand) => inputs[`${index}/${operand}`]!)
        const results = [call(...operands)].flat()
        const values = results.map((result, output): [string, tf.Tensor] => [`${index}/value/${output}`, result])
        const floating = declared.flatMap(({ dtype }, operand) => (dtype === "float32" ? [operand] : []))
        if (!gradient || floating.length === 0 || results.some(({ dtype }) => dtype !== "float32")) return values
        // A weighted sum, with different weights, of all that the call gives.
        const weighted = (...varied: Array<tf.Tensor>): tf.Scalar =>
          [call(...operands.map((operand, at) => varied[floating.indexOf(at)] ?? operand))]
            .flat()
            .map((result) => {
              const weights = Array.from({ length: result.size }, (_, at) => 0.5 + ((at * 7) % 11) / 4)
              return tf.sum<tf.Scalar>(tf.mul(result, tf.tensor(weights, result.shape)))
            })
            .reduce((sum, term) => tf.add(sum, term))
        const gradients = tf.grads(weighted)(floating.map((operand) => operands[operand]!))
        return [
          ...values,
          ...gradients.map((result, at): [string, tf.Tensor] => [`${index}/gradient/${floating[at]}`, result])
        ]
      })
    )
  })
})

const caseInputs = (cases: ReadonlyArray<KernelCase>): HostTensors =>
  Object.fromEntries(
    cases.flatMap(({ inputs }, index) => inputs.map((tensor, operand) => [`${index}/${operand}`, tensor]))
  )

/** Fails unless the effect fails with an `EngineError` whose message has all of the given parts. */
export const assertRefused = <A, R>(effect: Effect.Effect<A, EngineError, R>, ...parts: ReadonlyArray<string>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    const error = Exit.isFailure(exit)
      ? exit.cause.reasons.flatMap((reason) => ("error" in reason ? [reason.error] : []))[0]
      : undefined
    assert.instanceOf(error, EngineError, "the run was not refused")
    for (const part of parts) assert.include(error?.message, part)
  })

/** Adds the inputs to a running sum, of which it returns the previous value. */
const accumulate: Program = {
  name: "accumulate",
  run: ({ state, inputs }) => ({
    state: { sum: tf.add(state["sum"]!, inputs["x"]!) },
    outputs: { before: state["sum"]! }
  })
}

const accumulateSignature = {
  state: { sum: { shape: [2], dtype: "float32" } },
  data: {},
  inputs: { x: { shape: [2], dtype: "float32" } }
} satisfies Signature

const vector = (...values: ReadonlyArray<number>): HostTensor => float32([values.length], Float32Array.from(values))

/** Sums the rows of a byte matrix at the given indices; the sum of them all is state. */
const rowSums = (batch: number): readonly [Program, Signature] => [
  {
    name: `row sums of ${batch}`,
    run: ({ state, data, inputs }) => {
      const rows = tf.gather(data["images"]!, inputs["indices"] as tf.Tensor1D)
      const sums = tf.sum(tf.cast(rows, "float32"), 1)
      return { state: { total: tf.add(state["total"]!, tf.sum(sums)) }, outputs: { rows, sums } }
    }
  },
  {
    state: { total: { shape: [], dtype: "float32" } },
    data: { images: { shape: [4, 3], dtype: "uint8" } },
    inputs: { indices: { shape: [batch], dtype: "int32" } }
  }
]

const bytes = uint8([4, 3], Uint8Array.of(0, 1, 2, 253, 254, 255, 10, 20, 30, 100, 100, 100))
const indices = (...values: ReadonlyArray<number>): HostTensor => int32([values.length], Int32Array.from(values))

const dense: DenseStep.DenseSizes = { pixels: 784, hidden: [64], latent: 2, batch: 16, examples: 50 }

const nothing = Engine.use((engine) => engine.place({}))
const compileAccumulate = Engine.use((engine) => engine.compile(accumulate, accumulateSignature))

/** Declares the tests of the contract for one engine. */
export const engineContract = (name: string, layer: Layer.Layer<Engine, EngineError>): void => {
  describe(`${name}: kernels`, () => {
    for (const [kernel, cases] of Object.entries(kernelCases)) {
      it.effect(kernel, () =>
        Effect.gen(function* () {
          const program = caseProgram(kernel, cases)
          const inputs = caseInputs(cases)
          const expected = yield* Effect.provide(runOnce(program, inputs), Reference.layer)
          const actual = yield* Effect.provide(runOnce(program, inputs), layer)
          assertAgree(actual, expected, (output) => cases[Number.parseInt(output, 10)]!.floor)
        })
      )
    }

    it.effect("the cases reach the kernels they are about", () =>
      Effect.gen(function* () {
        for (const [kernel, cases] of Object.entries(kernelCases)) {
          useBackend("cpu")
          const reached = yield* Effect.promise(() =>
            tf.profile(() => {
              const tensors = Object.entries(caseInputs(cases)).map(([key, { values, shape, dtype }]) => [
                key,
                tf.tensor(values, [...shape], dtype === "float32" ? "float32" : "int32")
              ])
              return Object.values(
                caseProgram(kernel, cases).run({ state: {}, data: {}, inputs: Object.fromEntries(tensors) }).outputs
              )
            })
          )
          assert.include(reached.kernelNames, kernel)
          tf.disposeVariables()
        }
      })
    )
  })

  describe(`${name}: state and data`, () => {
    it.effect("replaces state, keeps it across runs and hands out what it was", () =>
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

    it.effect("gives away outputs and copies of the state", () =>
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

    it.effect("runs several programs on one state, over bytes that stay bytes", () =>
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

    it.effect("state may trade places, stay as it is, and be an output as well", () =>
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

    it.effect("runs a program that gives nothing", () =>
      Effect.gen(function* () {
        const outputs = yield* runOnce({ name: "nothing", run: () => ({ outputs: {} }) }, { x: vector(1) })
        assert.deepStrictEqual(outputs, {})
      }).pipe(Effect.provide(layer))
    )

    it.effect("hands out truth values as bytes and integers as integers", () =>
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

    it.effect("names the tensor whose values do not fit its declared type", () =>
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

    it.effect("refuses new state that is not declared or of another type", () =>
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
            { name: "far", run: ({ inputs: { x, at } }) => ({ outputs: { y: tf.gather(x!, at as tf.Tensor1D) } }) },
            { x: vector(1, 2, 3, 4), at: indices(index) }
          )
          yield* assertRefused(gather, "far")
        }
      }).pipe(Effect.provide(layer))
    )

    it.effect("refuses tensors whose scope is closed or that another engine holds", () =>
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
        const expected = yield* Effect.provide(train, Reference.layer)
        const actual = yield* Effect.provide(train, layer)
        // Adam divides by the root of small second moments: a parameter moves by up to 1e-3 a step, and differs by less.
        assertAgree(actual, expected, (output) => (output.startsWith("parameter") ? 2e-5 : 1e-6))
        const again = yield* Effect.provide(train, layer)
        assert.deepStrictEqual(again, actual, "the same run gave other bits")
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
                { name: "fails", run: ({ inputs: { x } }) => ({ outputs: { y: tf.reshape(tf.add(x!, 1), [5]) } }) },
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
