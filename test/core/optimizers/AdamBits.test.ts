import { assert, describe, it } from "@effect/vitest"
import { Record } from "effect"
import { Adam } from "../../../src/core/optimizers/Adam.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { prefixed, under } from "../../../src/core/Tensors.ts"
import { constantValues, normalValues, read, timeAt, toTensors } from "../../../src/testing/TensorProbe.ts"

describe("Adam", () => {
  it("keeps its bits, so that earlier runs resume to the same numbers", () => {
    const optimizer = Adam({ learningRate: 1e-3 })
    const shapes = { kernel: [7, 5], bias: [5] }
    const drawn = (stream: string) => Record.map(shapes, (shape, name) => normalValues(1, `${stream}/${name}`, shape))
    const after = read(() => {
      let parameters = toTensors(drawn("parameters"))
      let state = toTensors({
        ...prefixed(
          "first/",
          Record.map(shapes, (shape) => constantValues(shape, 0))
        ),
        ...prefixed(
          "second/",
          Record.map(shapes, (shape) => constantValues(shape, 0))
        )
      })
      for (let step = 1; step <= 20; step++) {
        const gradients = toTensors(drawn(`gradients/${step}`))
        const next = optimizer.update({ parameters, gradients, state, ...timeAt(step) })
        parameters = next.parameters
        state = next.state
      }
      return { ...prefixed("parameters/", parameters), ...prefixed("state/", state) }
    })
    const bytes = (record: typeof after) =>
      Buffer.concat(
        Object.keys(record)
          .toSorted()
          .map((name) => Buffer.from(record[name]!.values.buffer))
      )
    // Made by this test at the commit before Adam became a chain of transformations.
    assert.strictEqual(
      sha256(bytes(under("parameters/", after))),
      "3944b9773b046583ad10e80e27116603e4705b490b998921fed8cb19f6359ae1"
    )
    assert.strictEqual(
      sha256(bytes(under("state/", after))),
      "0445be4d044c3227be73b203c36fc6f3307b8559da21a3129726e20dc2ceba95"
    )
  })
})
