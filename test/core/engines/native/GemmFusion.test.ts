import { assert, describe } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { Engine, type Program } from "../../../../src/core/Engine.ts"
import { simplify } from "../../../../src/core/engines/graph/Simplify.ts"
import { trace } from "../../../../src/core/engines/graph/Trace.ts"
import * as Native from "../../../../src/core/engines/Native.ts"
import type { Access } from "../../../../src/core/engines/native/Access.ts"
import { type Lanes, make } from "../../../../src/core/engines/native/Formula.ts"
import * as Gemm from "../../../../src/core/engines/native/Gemm.ts"
import { epilogueOf } from "../../../../src/core/engines/native/GemmFusion.ts"
import * as Loop from "../../../../src/core/engines/native/Loop.ts"
import { plan } from "../../../../src/core/engines/native/Plan.ts"
import * as Reference from "../../../../src/core/engines/Reference.ts"
import { float32, sizeOf, typesOf } from "../../../../src/core/Tensors.ts"
import { assertAgree } from "../../../../src/testing/EngineAgreement.ts"
import { fenced, nativeTest, tableOf, withPools } from "./NativeTest.ts"

const numbers = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, index) => Math.sin(7 * index + phase))

/** A layer, what goes back through it, and the change of its weight, which is read until then. */
const program: Program = {
  name: "layer",
  run: ({ inputs, state }) => {
    const weight = state["weight"] as tf.Tensor2D
    const x = inputs["x"] as tf.Tensor2D
    const y = tf.tanh(tf.matMul(x, weight))
    const gradient = tf.matMul(x, y, true, false)
    const momentum = tf.add(tf.mul(state["momentum"]!, 0.9), gradient)
    const rate = tf.mul(inputs["rate"]!, tf.sqrt(inputs["rate"]!))
    return {
      state: { weight: tf.sub(weight, tf.mul(momentum, rate)), momentum },
      outputs: { back: tf.matMul(y, weight, false, true) }
    }
  }
}

const state = { weight: float32([33, 50], numbers(33 * 50, 1)), momentum: float32([33, 50], numbers(33 * 50, 2)) }
const inputs = { x: float32([20, 33], numbers(20 * 33, 3)), rate: float32([], Float32Array.of(0.25)) }
const signature = { state: typesOf(state), data: {}, inputs: typesOf(inputs) }

/** Outputs and state after two runs. */
const run = Effect.gen(function* () {
  const engine = yield* Engine
  const placed = { state: yield* engine.place(state), data: yield* engine.place({}) }
  const executable = yield* engine.compile(program, signature)
  yield* executable.run({ ...placed, inputs })
  const outputs = yield* executable.run({ ...placed, inputs })
  return { ...outputs, ...(yield* placed.state.read) }
}).pipe(Effect.scoped)

describe("loops in products' tiles", () => {
  nativeTest(
    "a layer's function and the weight's update join their products; the update waits for readers",
    ({ set }) =>
      Effect.gen(function* () {
        const { phases } = plan(simplify(trace(program, signature)), 2, set)
        const names = phases.map(({ name }) => name)
        assert.isTrue(names.includes("product 20x33x50 Tanh 1000"), names.join("; "))
        const [back, update] = ["product 20x50x33", "product 33x20x50 Mul Add Sub 1650"].map((name) =>
          names.findIndex((phase) => phase.includes(name))
        )
        assert.isTrue(back! >= 0 && back! < update!, names.join("; "))

        const expected = yield* Effect.provide(run, Reference.layer)
        for (const threads of [1, 2, 3]) {
          const engine = yield* Layer.build(Native.layer({ threads, instructionSet: set.name }))
          assertAgree(yield* Effect.provide(run, engine), expected, () => 1e-5)
        }
      })
  )

  nativeTest("has the bits of a loop after the product, within the tensors, for all widths of tiles", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        const formula = make(machine.set.primitives)
        const [product, old, scale] = [0, 1, 2].map((leaf) => formula.load(leaf)) as [Lanes, Lanes, Lanes]
        const quotient = formula.lanes("div", [old, formula.lanes("add", [formula.float(3), product])])
        const item = formula.lanes("multiplyAdd", [quotient, scale, product])
        const access = (slot: number, stride: number): Access => ({ slot, width: 4, offset: 0, strides: [stride] })
        for (const [rows, inner, columns] of [
          [1, 1, 1],
          [3, 5, 16],
          [7, 4, 17],
          [14, 9, 33],
          [15, 3, 47],
          [29, 8, 70]
        ] as const)
          yield* Effect.gen(function* () {
            // Left, right, product, old values, a number, two results; each ends where forbidden memory begins.
            const shapes = [[rows, inner], [inner, columns], [rows, columns], [rows, columns], [1]]
            const buffers = yield* Effect.forEach([...shapes, [rows, columns], [rows, columns]], (shape) =>
              fenced(machine, sizeOf(shape), 4)
            )
            buffers.forEach(({ values }, index) => values.set(numbers(values.length, index)))
            const loop = (slot: number, to: number): Loop.Loop => ({
              name: "update",
              axes: [rows * columns],
              leaves: [access(slot, 1), access(3, 1), access(4, 0)],
              stores: [{ item, to: access(to, 1) }],
              reductions: []
            })
            const transposed = { transposeLeft: false, transposeRight: false }
            const shape = { rows, inner, columns, left: 0, right: 1, to: 2, ...transposed }
            const phases = [
              Gemm.phase(shape),
              { name: "after", emit: Loop.emit.bind(undefined, loop(2, 5)) },
              Gemm.phase({ ...shape, to: 6, epilogue: epilogueOf(loop(-1, 6), -1) })
            ]
            const compiled = yield* pool.compile(phases)
            compiled.run(
              yield* tableOf(
                machine,
                buffers.map(({ address }) => address)
              )
            )
            assert.deepStrictEqual(buffers[6]!.values, buffers[5]!.values, `${rows}x${inner}x${columns}`)
          }).pipe(Effect.scoped)
      })
    )
  )
})
