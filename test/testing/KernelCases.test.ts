import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { useBackend } from "../../src/core/engines/Backend.ts"
import { kernelCases } from "../../src/testing/KernelCases.ts"
import { caseInputs, caseProgram } from "../../src/testing/KernelContract.ts"

describe("the kernels' cases", () => {
  it.effect("use their kernels", () =>
    Effect.gen(function* () {
      for (const [kernel, cases] of Object.entries(kernelCases)) {
        useBackend("cpu")
        const run = () => {
          const tensors = Object.entries(caseInputs(cases)).map(([key, { values, shape, dtype }]) => [
            key,
            tf.tensor(values, [...shape], dtype === "float32" ? "float32" : "int32")
          ])
          caseProgram(kernel, cases).run({ state: {}, data: {}, inputs: Object.fromEntries(tensors) })
        }
        const reached = yield* Effect.promise(() => tf.profile(() => tf.tidy(run) ?? {})).pipe(
          // A failed call would leave profiling on for every later test.
          Effect.ensuring(Effect.sync(() => (tf.engine().state.profiling = false)))
        )
        assert.include(reached.kernelNames, kernel)
      }
    })
  )
})
