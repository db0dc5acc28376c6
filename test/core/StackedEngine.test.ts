import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Deferred, Effect, Exit, Fiber, type Layer, Scope } from "effect"
import { Engine, type EngineError, type Placed, type Program, type Signature } from "../../src/core/Engine.ts"
import * as Native from "../../src/core/engines/Native.ts"
import * as OnnxRuntime from "../../src/core/engines/OnnxRuntime.ts"
import * as Xla from "../../src/core/engines/Xla.ts"
import { uniform } from "../../src/core/Random.ts"
import * as StackedEngine from "../../src/core/StackedEngine.ts"
import { float32 } from "../../src/core/Tensors.ts"
import { assertRefused } from "../../src/testing/EngineAgreement.ts"
import { vector } from "../../src/testing/EnginePrograms.ts"
import { machineCode } from "../machine/MachineCode.ts"
import { xlaPlugin } from "../machine/XlaPlugin.ts"

const onnxruntime = OnnxRuntime.layer({ threads: 1 })
const layers: Readonly<Record<string, Layer.Layer<Engine, EngineError>>> = {
  onnxruntime,
  ...(machineCode.value !== undefined && { native: Native.layer({ threads: 1 }) }),
  ...(xlaPlugin.value !== undefined && { xla: Xla.layer({ device: "cpu", plugin: xlaPlugin.value }) })
}

const x = { shape: [2], dtype: "float32" } as const
const weights = { shape: [2], dtype: "float32" } as const
const signature: Signature = { state: { x }, data: { weights }, inputs: { x } }

/** `x + rate * weights * input`. */
const add = (rate: number): Program => ({
  name: "add",
  run: ({ data, inputs, state }) => ({
    state: { x: tf.add(state["x"]!, tf.mul(tf.mul(data["weights"]!, inputs["x"]!), rate)) },
    outputs: { before: state["x"]! }
  })
})

/** `x / 2`, in another program. */
const halve: Program = {
  name: "halve",
  run: ({ state }) => ({ state: { x: tf.mul(state["x"]!, 0.5) }, outputs: {} })
}

/** The sum of the state's elements and the input's. */
const sum: Program = {
  name: "sum",
  run: ({ inputs, state }) => ({ outputs: { sum: tf.sum(tf.add(state["x"]!, inputs["x"]!)) } })
}

/** An engine that notes the names of the programs that it executes. */
const noting = (engine: Engine["Service"], executed: Array<string>): Engine["Service"] => ({
  ...engine,
  compile: (program, signature) =>
    Effect.map(engine.compile(program, signature), ({ run }) => ({
      run: (args) => Effect.suspend(() => (executed.push(program.name), run(args)))
    }))
})

const data = { weights: vector(1, 2) }

/** A run as its lane sees it. */
const start = Effect.fnUntraced(function* (
  { engine }: StackedEngine.Lane,
  rate: number,
  initial: number,
  weights: typeof data = data
) {
  const state: Placed = yield* engine.place({ x: vector(initial, initial) })
  const placed = yield* engine.place(weights)
  const programs = {
    add: yield* engine.compile(add(rate), signature),
    halve: yield* engine.compile(halve, signature),
    sum: yield* engine.compile(sum, signature)
  }
  return {
    call: (name: keyof typeof programs, input: number) =>
      programs[name].run({ state, data: placed, inputs: { x: vector(input, input) } }),
    read: Effect.map(state.read, (tensors) => [...tensors["x"]!.values])
  }
})

const stacked = Effect.fnUntraced(function* (runs: number, executed: Array<string> = []) {
  return yield* StackedEngine.make(noting(yield* Engine, executed), runs)
})

describe.each(Object.entries(layers))("lanes on %s", (name, layer) => {
  it.effect("execute once for all, each with its own numbers", () =>
    Effect.gen(function* () {
      const executed: Array<string> = []
      const lanes = yield* stacked(3, executed)
      const states = yield* Effect.forEach(
        lanes,
        Effect.fnUntraced(function* (lane) {
          const index = lanes.indexOf(lane)
          const run = yield* start(lane, 1 + index, index)
          assert.deepStrictEqual([...(yield* run.call("add", 1))["before"]!.values], [index, index])
          yield* run.call("add", 10)
          return yield* run.read
        }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(states, [
        [11, 22],
        [1 + 22, 1 + 44],
        [2 + 33, 2 + 66]
      ])
      assert.deepStrictEqual(executed, ["3 runs of add", "3 runs of add"])
      assert.strictEqual(lanes[0]!.engine.spec["stack"], 3)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("a lane that is behind catches up alone, and the others keep their state", () =>
    Effect.gen(function* () {
      const executed: Array<string> = []
      const lanes = yield* stacked(2, executed)
      const steps = [1, 3]
      const results = yield* Effect.forEach(
        lanes,
        Effect.fnUntraced(function* (lane) {
          const index = lanes.indexOf(lane)
          const run = yield* start(lane, 1, 0)
          for (let step = 0; step < steps[index]!; step++) yield* run.call("add", 1)
          const total = (yield* run.call("sum", 0.5))["sum"]!.values[0]!
          yield* run.call("add", 1)
          return [total, ...(yield* run.read)]
        }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(results, [
        [3 + 1, 2, 4],
        [9 + 1, 4, 8]
      ])
      const names = executed.map((name) => name.replace("2 runs of ", ""))
      assert.deepStrictEqual(names, ["add", "add", "add", "sum", "add"])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  // Each lane with its own length, its own programs in its own order, and its own end.
  it.effect("any schedules give what each lane gives alone", () =>
    Effect.gen(function* () {
      for (let round = 0; round < (name === "xla" ? 3 : 10); round++) {
        const draw = (lane: number) => uniform({ seed: round, stream: `lane ${lane}`, step: 0 }, 40)
        const runs = 2 + (round % 3)
        const lanes = yield* stacked(runs)
        yield* Effect.forEach(
          lanes,
          Effect.fnUntraced(
            function* (lane) {
              const index = lanes.indexOf(lane)
              const draws = draw(index)
              const rate = 1 + index
              const run = yield* start(lane, rate, index)
              let expected = [index, index]
              for (const value of draws.subarray(1, 1 + Math.floor(draws[0]! * 12))) {
                if (value < 0.5) {
                  yield* run.call("add", value)
                  expected = expected.map((one, axis) => one + rate * (axis + 1) * value)
                } else if (value < 0.7) {
                  yield* run.call("halve", 0)
                  expected = expected.map((one) => one / 2)
                } else if (value < 0.9) {
                  const total = (yield* run.call("sum", value))["sum"]!.values[0]!
                  assert.approximately(total, expected[0]! + expected[1]! + 2 * value, 1e-4)
                } else {
                  const state = yield* run.read
                  state.forEach((one, axis) => assert.approximately(one, expected[axis]!, 1e-4))
                }
              }
              const state = yield* run.read
              state.forEach((one, axis) => assert.approximately(one, expected[axis]!, 1e-4))
            },
            (effect, lane) => Effect.ensuring(Effect.scoped(effect), lane.leave)
          ),
          { concurrency: "unbounded" }
        )
      }
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})

describe("lanes", () => {
  it.effect("the others go on when one leaves; the stack shrinks once half of it has left", () =>
    Effect.gen(function* () {
      const executed: Array<string> = []
      const lanes = yield* stacked(4, executed)
      const lengths = [1, 2, 3, 4]
      const states = yield* Effect.forEach(
        lanes,
        (lane, index) =>
          Effect.gen(function* () {
            const run = yield* start(lane, 1, 0)
            for (let step = 0; step < lengths[index]!; step++) yield* run.call("add", 1)
            return (yield* run.read)[0]
          }).pipe(Effect.ensuring(lane.leave)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(states, lengths)
      assert.deepStrictEqual(executed, ["4 runs of add", "4 runs of add", "2 runs of add", "add"])
    }).pipe(Effect.scoped, Effect.provide(onnxruntime))
  )

  it.effect("one that is interrupted while it waits is not waited for after it has left", () =>
    Effect.gen(function* () {
      const [first, second] = yield* stacked(2)
      const waits = yield* Deferred.make<void>()
      const waiting = yield* Effect.gen(function* () {
        const run = yield* start(first!, 1, 0)
        yield* Deferred.succeed(waits, undefined)
        yield* run.call("add", 1)
      }).pipe(Effect.ensuring(first!.leave), Effect.forkChild)
      yield* Deferred.await(waits)
      yield* Effect.yieldNow
      yield* Fiber.interrupt(waiting)
      const run = yield* start(second!, 1, 0)
      yield* run.call("add", 1)
      assert.deepStrictEqual(yield* run.read, [1, 2])
    }).pipe(Effect.scoped, Effect.provide(onnxruntime))
  )

  it.effect("one that begins again has its new state", () =>
    Effect.gen(function* () {
      const lanes = yield* stacked(2)
      const states = yield* Effect.forEach(
        lanes,
        Effect.fnUntraced(function* (lane) {
          const index = lanes.indexOf(lane)
          let run = yield* start(lane, 1, 0)
          yield* run.call("add", 1)
          // Its first state is read after it was replaced.
          const before = run
          if (index === 1) run = yield* start(lane, 1, 100)
          yield* run.call("add", 1)
          return [(yield* before.read)[0], (yield* run.read)[0]]
        }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(states, [
        [2, 2],
        [1, 101]
      ])
    }).pipe(Effect.scoped, Effect.provide(onnxruntime))
  )

  it.effect("other data than the others' is refused", () =>
    Effect.gen(function* () {
      const lanes = yield* stacked(2)
      const both = Effect.forEach(
        lanes,
        (lane, index) => Effect.flatMap(start(lane, 1, 0, { weights: vector(1, index) }), ({ call }) => call("add", 1)),
        { concurrency: "unbounded" }
      )
      yield* assertRefused(both, "the same data")
    }).pipe(Effect.scoped, Effect.provide(onnxruntime))
  )

  it.effect("what the engine refuses fails every lane, with the engine's own reason", () =>
    Effect.gen(function* () {
      const lanes = yield* stacked(2)
      const exits = yield* Effect.forEach(
        lanes,
        (lane) =>
          Effect.gen(function* () {
            const { engine } = lane
            const state = yield* engine.place({ x: float32([2], new Float32Array(2)) })
            const nothing = yield* engine.place({})
            const reads: Program = {
              name: "reads",
              run: ({ state }) => ({ outputs: { x: tf.tensor1d(state["x"]!.dataSync()) } })
            }
            const executable = yield* engine.compile(reads, { state: { x }, data: {}, inputs: {} })
            return yield* Effect.exit(executable.run({ state, data: nothing, inputs: {} }))
          }),
        { concurrency: "unbounded" }
      )
      assert.isTrue(exits.every(Exit.isFailure))
      assert.include(JSON.stringify(exits), "not known while it is recorded")
    }).pipe(Effect.scoped, Effect.provide(onnxruntime))
  )

  it.effect("nothing is read once the scope of a lane's tensors is closed", () =>
    Effect.gen(function* () {
      const [lane] = yield* stacked(1)
      const scope = yield* Scope.make()
      const state = yield* Scope.provide(lane!.engine.place({ x: vector(1, 2) }), scope)
      assert.deepStrictEqual([...(yield* state.read)["x"]!.values], [1, 2])
      yield* Scope.close(scope, Exit.void)
      yield* assertRefused(state.read, "scope")
    }).pipe(Effect.scoped, Effect.provide(onnxruntime))
  )
})
