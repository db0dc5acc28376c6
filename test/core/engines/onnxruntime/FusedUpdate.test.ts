import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Engine, type Program, type Signature } from "../../../../src/core/Engine.ts"
import { simplify } from "../../../../src/core/engines/graph/Simplify.ts"
import { splitUpdate } from "../../../../src/core/engines/onnxruntime/FusedUpdate.ts"
import { trace } from "../../../../src/core/engines/graph/Trace.ts"
import * as OnnxRuntime from "../../../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../../../src/core/engines/Reference.ts"
import { float32, type HostTensors, typesOf } from "../../../../src/core/Tensors.ts"
import * as DenseStep from "../../../../src/testing/DenseStep.ts"
import { assertAgree } from "../../../../src/testing/EngineAgreement.ts"

const vector = (...values: ReadonlyArray<number>) => float32([values.length], Float32Array.from(values))

const initial: HostTensors = {
  a: vector(1, 2, 3),
  b: vector(4, 5, 6),
  c: vector(7, 8),
  n: float32([], Float32Array.of(2))
}
const inputs: HostTensors = { x: vector(0.5, -0.5, 2) }
const signature: Signature = { state: typesOf(initial), data: {}, inputs: typesOf(inputs) }

const splitOf = (run: Program["run"]) => splitUpdate(simplify(trace({ name: "split", run }, signature)))

/** What is written together, by name. */
const written = (run: Program["run"]) => splitOf(run).updates.map(({ stores }) => stores.toSorted().join(" "))

/** State and outputs after three runs of several programs in turn. */
const after = (programs: ReadonlyArray<Program["run"]>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* Engine
      const state = yield* engine.place(initial)
      const executables = yield* Effect.forEach(programs, (run, index) =>
        engine.compile({ name: `program ${index}`, run }, signature)
      )
      let outputs: HostTensors = {}
      for (let round = 0; round < 3; round++) {
        for (const executable of executables) outputs = yield* executable.run({ state, data: state, inputs })
      }
      return { ...(yield* state.read), ...outputs }
    })
  )

const follows = (...programs: ReadonlyArray<Program["run"]>) =>
  Effect.gen(function* () {
    const expected = yield* Effect.provide(after(programs), Reference.layer)
    const actual = yield* Effect.provide(after(programs), OnnxRuntime.layer({ threads: 1 }))
    assertAgree(actual, expected, () => 1e-6)
  })

/** Momentum: `a` follows `b`, which follows the input. */
const momentum: Program["run"] = ({ state: { a, b, n }, inputs: { x } }) => {
  const next = tf.add(tf.mul(b!, 0.9), tf.matMul(tf.reshape(x!, [1, 3]) as tf.Tensor2D, tf.eye(3)).reshape([3]))
  return { state: { b: next, a: tf.sub(a!, tf.mul(next, tf.div(n!, 10))) }, outputs: { before: a! } }
}

/** Each is updated by what the other was. */
const exchange: Program["run"] = ({ state: { a, b } }) => ({
  state: { a: tf.add(a!, b!), b: tf.sub(b!, tf.mul(a!, 2)) },
  outputs: {}
})

/** Replaced by what no loop can do, and by what was handed in. */
const elsewhere: Program["run"] = ({ state: { a, c }, inputs: { x } }) => ({
  state: { a: tf.exp(tf.neg(a!)), b: x!, c: tf.mul(c!, 2) },
  outputs: {}
})

describe("FusedUpdate", () => {
  it("fuses Adam's update of all parameters into one loop", () => {
    const sizes = { pixels: 20, hidden: [6], latent: 2, batch: 4, examples: 5 }
    const { graph, updates } = splitUpdate(simplify(trace(DenseStep.program(sizes), DenseStep.signature(sizes))))
    const parameters = Object.keys(DenseStep.signature(sizes).state).filter((name) => name.startsWith("parameter/"))
    assert.strictEqual(updates.length, parameters.length)
    assert.strictEqual(new Set(updates.map(({ form }) => JSON.stringify(form))).size, 1)
    const outputs = Object.keys(graph.outputs).filter((name) => !name.startsWith("tail/"))
    assert.deepStrictEqual(outputs, ["state/step", "outputs/loss"])
    // The gradient of each parameter, and the rate.
    assert.strictEqual(Object.keys(graph.outputs).length - outputs.length, parameters.length + 1)
  })

  it("fuses states of equal length if one reads what the other writes", () => {
    assert.deepStrictEqual(written(exchange), ["a b"])
    assert.deepStrictEqual(written(momentum), ["a b"])
    assert.deepStrictEqual(
      written(({ state: { a, b } }) => ({ state: { a: tf.add(a!, 1), b: tf.add(b!, 1) }, outputs: {} })),
      ["a", "b"]
    )
  })

  it("excludes outputs, scalars and other operations", () => {
    const handedOut: Program["run"] = ({ state: { a } }) => {
      const next = tf.add(a!, 1)
      return { state: { a: next }, outputs: { next } }
    }
    assert.deepStrictEqual(written(handedOut), [])
    assert.deepStrictEqual(
      written(({ state: { n } }) => ({ state: { n: tf.add(n!, 1) }, outputs: {} })),
      []
    )
    assert.deepStrictEqual(written(elsewhere), ["c"])
  })

  it.effect("gives the reference engine's numbers, for any order of programs on one state", () =>
    Effect.gen(function* () {
      yield* follows(momentum)
      yield* follows(exchange)
      // Each needs more memory than the one before, or replaces state that the others keep in theirs.
      yield* follows(exchange, momentum)
      yield* follows(elsewhere, exchange, momentum)
      yield* follows(momentum, elsewhere)
      yield* follows(({ state: { a, b } }) => ({ state: { a: tf.add(a!, b!), b: tf.add(a!, b!) }, outputs: {} }))
    })
  )

  it.effect("keeps the state if the run fails", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const state = yield* engine.place(initial)
      const executable = yield* engine.compile(
        {
          name: "fails",
          run: ({ state: { a }, inputs: { x } }) => ({
            state: { a: tf.add(a!, tf.gather(a!, tf.cast(x!, "int32"))) },
            outputs: {}
          })
        },
        signature
      )
      const run = (...values: ReadonlyArray<number>) =>
        Effect.exit(executable.run({ state, data: state, inputs: { x: vector(...values) } }))
      assert.strictEqual((yield* run(0, 9, 0))._tag, "Failure")
      assert.deepStrictEqual((yield* state.read)["a"], initial["a"])
      assert.strictEqual((yield* run(0, 0, 1))._tag, "Success")
      assert.deepStrictEqual((yield* state.read)["a"], vector(2, 3, 5))
    }).pipe(Effect.provide(OnnxRuntime.layer({ threads: 1 })))
  )
})
