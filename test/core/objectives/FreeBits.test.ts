import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import * as FreeBits from "../../../src/core/objectives/FreeBits.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

for (const nats of [0, 0.5]) objectiveContract(`FreeBits of ${nats} nats`, FreeBits.layer({ nats }))

const means = [0.5, -1, 2, 0.3]

const at = (nats: number) =>
  read((): { readonly [name: string]: tf.Tensor } => ({
    ...FreeBits.terms({ nats })({
      images: tf.fill([2, 1, 1, 1], 0.25),
      posterior: LogVarianceGaussian().fromHeads([tf.tensor2d(means, [2, 2]), tf.zeros([2, 2])]),
      prior: standardNormal,
      priorCodes: () => tf.zeros([2, 2]),
      examples: 2,
      noise: tf.ones([2, 2]),
      time: { step: tf.scalar(1), stepsPerEpoch: 1 },
      decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(tf.sum(codes, 1), [-1, 1, 1, 1]))
    })
  }))

describe("FreeBits", () => {
  it("charges each dimension's mean divergence, and at least the free nats", () => {
    // With deviations of 1 a dimension's divergence is half the mean square: 1.0625 and 0.2725 on average.
    const found = at(0.5)
    assertClose(found["charged-kl"]!.values, [1.5625, 1.5625], 1e-6)
    assertClose(
      found["loss"]!.values,
      found["reconstruction"]!.values.map((value) => value + 1.5625),
      1e-6
    )
  })

  it("has the mean loss of the ELBO with 0 nats", () => {
    const found = at(0)
    assertClose(found["charged-kl"]!.values, [1.335, 1.335], 1e-6)
    assertClose([(found["kl"]!.values[0]! + found["kl"]!.values[1]!) / 2], [1.335], 1e-6)
  })
})
