import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { standardNormal, StandardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { priorContract } from "../../../src/testing/PriorContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

priorContract("StandardNormal", StandardNormal())

describe("StandardNormal", () => {
  it("has the density's logarithm with its constants", () => {
    const { logProb } = read(() => ({
      logProb: standardNormal.logProb(
        tf.tensor2d([
          [0, 0],
          [1, -2]
        ])
      )
    }))
    assertClose(logProb.values, [-Math.log(2 * Math.PI), -2.5 - Math.log(2 * Math.PI)], 1e-6)
  })
})
