import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Sgd, type SgdOptions } from "../../../src/core/optimizers/Sgd.ts"
import { optimizerContract } from "../../../src/testing/OptimizerContract.ts"
import { assertClose, read, timeAt } from "../../../src/testing/TensorProbe.ts"

optimizerContract("Sgd", Sgd({ learningRate: 0.1 }))
optimizerContract("Sgd with momentum", Sgd({ learningRate: 0.02, momentum: 0.9 }))

describe("Sgd", () => {
  it("accumulates decayed gradients in a velocity", () => {
    const optimizer = Sgd({ learningRate: 0.1, momentum: 0.5 })
    const { first, second } = read(() => {
      const step = (parameters: Record<string, tf.Tensor>, state: Record<string, tf.Tensor>, gradient: number) =>
        optimizer.update({ parameters, state, gradients: { x: tf.scalar(gradient) }, ...timeAt(1) })
      const once = step({ x: tf.scalar(1) }, { "velocity/x": tf.scalar(0) }, 2)
      const twice = step(once.parameters, once.state, 1)
      return { first: once.parameters["x"]!, second: twice.parameters["x"]! }
    })
    // 1 - 0.1 * 2, then - 0.1 * (0.5 * 2 + 1)
    assertClose([...first.values, ...second.values], [0.8, 0.6], 1e-6)
  })

  it("keeps a velocity with momentum only", () => {
    const types = { x: { shape: [2], dtype: "float32" } } as const
    assert.deepStrictEqual(Sgd({ learningRate: 0.1 }).state(types), {})
    assert.deepStrictEqual(Sgd({ learningRate: 0.1, momentum: 0.9 }).state(types), { "velocity/x": types.x })
  })

  it("has all options in its spec", () => {
    assert.deepStrictEqual(Sgd({ learningRate: 0.1 }).spec, { _tag: "Sgd", learningRate: 0.1, momentum: 0 })
  })

  it.each<[SgdOptions, string]>([
    [{ learningRate: -1 }, "learningRate is -1; it must be above 0"],
    [{ learningRate: Number.POSITIVE_INFINITY }, "learningRate is Infinity; it must be above 0"],
    [{ learningRate: 1, momentum: 1 }, "momentum is 1; it must be at least 0 and below 1"]
  ])("reports the error of %j", (options, problem) => {
    assert.strictEqual(Sgd(options).problem, problem)
  })
})
