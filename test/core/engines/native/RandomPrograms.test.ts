import { assert, describe, vi } from "@effect/vitest"
import { Effect, Layer, Record } from "effect"
import * as ort from "onnxruntime-node"
import { Engine } from "../../../../src/core/Engine.ts"
import * as Native from "../../../../src/core/engines/Native.ts"
import * as Reference from "../../../../src/core/engines/Reference.ts"
import { assertAgree, assertSameBits } from "../../../../src/testing/EngineAgreement.ts"
import { amount } from "../../../LongTests.ts"
import { nativeTest } from "./NativeTest.ts"
import { type RandomProgram, randomProgram } from "./RandomPrograms.ts"

/** Outputs and state of two runs. */
const run = ({ data, inputs, program, signature, state }: RandomProgram) =>
  Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* Engine
      const placed = { state: yield* engine.place(state), data: yield* engine.place(data) }
      const executable = yield* engine.compile(program, signature)
      yield* executable.run({ ...placed, inputs })
      const outputs = yield* executable.run({ ...placed, inputs })
      return { ...outputs, ...(yield* placed.state.read) }
    })
  )

/** Programs per test. */
const chunk = 20

describe("random programs", () => {
  for (let first = 0; first < amount(100, 3000); first += chunk) {
    const title = `programs ${first} to ${first + chunk - 1}`
    nativeTest(
      `${title} have the reference engine's results, and the same bits with any number of threads`,
      ({ set }) =>
        Effect.gen(function* () {
          const create = vi.spyOn(ort.InferenceSession, "create")
          const [one, two] = yield* Effect.forEach([1, 2], (threads) =>
            Layer.build(Native.layer({ threads, instructionSet: set.name }))
          )
          for (let seed = first; seed < first + chunk; seed++) {
            const program = randomProgram(seed)
            const expected = yield* Effect.provide(run(program), Reference.layer)
            const actual = yield* Effect.provide(run(program), one!)
            const largest = Record.map(expected, ({ values }) => Math.max(...Array.from(values, Math.abs)))
            assertAgree(actual, expected, (name) => 1e-4 * largest[name]!)
            assertSameBits(yield* Effect.provide(run(program), two!), actual, `program ${seed}, two threads`)
          }
          // Rarely, operands are laid out so differently that no loop has one stride per axis for each of them.
          assert.isAtMost(create.mock.calls.length / 2, 1, "programs that onnxruntime ran")
          create.mockRestore()
        })
    )
  }
})
