import { assert, describe, vi } from "@effect/vitest"
import { Effect } from "effect"
import * as ort from "onnxruntime-node"
import { Engine } from "../../../../src/core/Engine.ts"
import * as Native from "../../../../src/core/engines/Native.ts"
import * as Reference from "../../../../src/core/engines/Reference.ts"
import { assertAgree } from "../../../../src/testing/EngineAgreement.ts"
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

describe("random programs", () => {
  for (let seed = 0; seed < 25; seed++) {
    nativeTest(
      `program ${seed} has the reference engine's results, and the same bits with any number of threads`,
      ({ set }) =>
        Effect.gen(function* () {
          const create = vi.spyOn(ort.InferenceSession, "create")
          const program = randomProgram(seed)
          const expected = yield* Effect.provide(run(program), Reference.layer)
          const one = yield* Effect.provide(run(program), Native.layer({ threads: 1, instructionSet: set.name }))
          const largest = (name: string) => Math.max(...Array.from(expected[name]!.values, Math.abs))
          assertAgree(one, expected, (name) => 1e-4 * largest(name))
          for (const threads of [2])
            assert.deepStrictEqual(
              yield* Effect.provide(run(program), Native.layer({ threads, instructionSet: set.name })),
              one
            )
          assert.strictEqual(create.mock.calls.length, 0, "onnxruntime ran the program")
          create.mockRestore()
        })
    )
  }
})
