import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { type GradientTransformation, unscaled, valuesOf } from "../../../src/core/GradientTransformation.ts"
import { clipByGlobalNorm, Schedule } from "../../../src/index.ts"
import { assertClose, read, timeAt } from "../../../src/testing/TensorProbe.ts"

const clipped = (transformation: GradientTransformation, values: ReadonlyArray<number>, step = 1) =>
  read(() => {
    const [first, ...others] = values
    const updates = unscaled({ a: tf.scalar(first!), b: tf.tensor1d(others) })
    const result = valuesOf(
      transformation.update({ updates, parameters: updates.directions, state: {}, ...timeAt(step) }).updates
    )
    return { all: tf.concat([tf.reshape(result["a"]!, [1]), result["b"]!]) }
  }).all.values

describe("clipByGlobalNorm", () => {
  it("limits the global norm to the maximum, and changes nothing below it", () => {
    assertClose(clipped(clipByGlobalNorm(5), [3, 0, -4]), [3, 0, -4], 1e-7)
    assertClose(clipped(clipByGlobalNorm(1), [3, 0, -4]), [0.6, 0, -0.8], 1e-6)
    assertClose(clipped(clipByGlobalNorm(1), [0, 0, 0]), [0, 0, 0], 0)
  })

  it("stays finite where the norm overflows", () => {
    assert.isTrue(clipped(clipByGlobalNorm(1), [1e30, 1e30]).every(Number.isFinite))
  })

  it("accepts a schedule", () => {
    const clip = clipByGlobalNorm(Schedule.piecewise({ values: [1, 10], steps: [3] }))
    assertClose(clipped(clip, [3, -4], 3), [0.6, -0.8], 1e-6)
    assertClose(clipped(clip, [3, -4], 4), [3, -4], 1e-6)
  })
})
