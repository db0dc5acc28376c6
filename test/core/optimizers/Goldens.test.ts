import { assert, describe, it } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Optimizer } from "../../../src/core/Optimizer.ts"
import { float32, typesOf } from "../../../src/core/Tensors.ts"
import { assertClose, constantValues, read, timeAt, toTensors } from "../../../src/testing/TensorProbe.ts"
import { optimizers } from "./Optimizers.ts"
// Its command stands in goldens.py.
import goldens from "./goldens.json" with { type: "json" }

const start = { kernel: [0.5, -1.25, 2, 0.125], bias: [1, -0.75] }

const tensorsOf = (values: Readonly<Record<string, ReadonlyArray<number>>>) =>
  toTensors(Record.map(values, (numbers) => float32([numbers.length], Float32Array.from(numbers))))

/** The gradients of step 1, 2, ..., as in goldens.py. */
const gradientsAt = (step: number) =>
  tensorsOf(
    Record.map(start, (values, name) =>
      values.map((_, place) => Math.sin(3 * step + 7 * place + name.length) * (1 + step))
    )
  )

const pathOf = (optimizer: Optimizer, steps: number) =>
  read(() => {
    let parameters = tensorsOf(start)
    let state = toTensors(
      Record.map(
        optimizer.state(typesOf(Record.map(start, ({ length }) => constantValues([length], 0)))),
        ({ shape }) => constantValues(shape, 0)
      )
    )
    const path: Record<string, tf.Tensor> = {}
    for (let step = 1; step <= steps; step++) {
      const next = optimizer.update({ parameters, state, gradients: gradientsAt(step), ...timeAt(step) })
      parameters = next.parameters
      state = next.state
      for (const [name, parameter] of Object.entries(parameters)) path[`${step}/${name}`] = parameter
    }
    return path
  })

describe("optimisers", () => {
  for (const [library, cases] of Object.entries(goldens)) {
    it.each(Object.entries(cases))(`agree with ${library}: %s`, (name, expected) => {
      const path = pathOf(optimizers[name]!, expected.length)
      expected.forEach((parameters, index) => {
        for (const [parameter, values] of Object.entries(parameters)) {
          assertClose(path[`${index + 1}/${parameter}`]!.values, values, 3e-6, `${parameter} after step ${index + 1}`)
        }
      })
    })
  }

  it("are all covered", () => {
    const compared = new Set(Object.values(goldens).flatMap((cases) => Object.keys(cases)))
    assert.deepStrictEqual([...compared].toSorted(), Object.keys(optimizers).toSorted())
  })
})
