import { assert, describe, it } from "@effect/vitest"
import { Optimizer } from "../../../src/index.ts"
import {
  Adagrad,
  AdamW,
  addDecayedWeights,
  addMomentum,
  AmsGrad,
  clipByGlobalNorm,
  Lion,
  maskedBy,
  RmsProp,
  scaleByAdam,
  scaleByLearningRate,
  Schedule,
  Sgd
} from "../../../src/index.ts"
import { optimizerContract } from "../../../src/testing/OptimizerContract.ts"

optimizerContract("AdamW", AdamW({ learningRate: 0.05, decay: 1e-4 }), { decays: true })
optimizerContract("AmsGrad", AmsGrad({ learningRate: 0.05 }))
optimizerContract("RmsProp", RmsProp({ learningRate: 0.01 }))
optimizerContract("RmsProp, centred", RmsProp({ learningRate: 0.01, decay: 0.9, centred: true }))
optimizerContract("Adagrad", Adagrad({ learningRate: 0.5 }))
optimizerContract("Lion", Lion({ learningRate: Schedule.linear({ from: 0.05, to: 1e-4, steps: 400 }) }))
optimizerContract("Sgd with Nesterov's momentum", Sgd({ learningRate: 0.02, momentum: 0.9, nesterov: true }))
optimizerContract(
  "a chain",
  Optimizer.chain(
    clipByGlobalNorm(5),
    scaleByAdam(),
    maskedBy(/kernel$/, addDecayedWeights(1e-4)),
    scaleByLearningRate(Schedule.warmUp({ steps: 10, from: 1e-3, to: 0.05 }))
  ),
  { decays: true, joint: true }
)

const types = {
  "a/kernel": { shape: [2], dtype: "float32" },
  "a/bias": { shape: [1], dtype: "float32" }
} as const

describe("chain", () => {
  it("describes its transformations in order", () => {
    const { spec } = Optimizer.chain(
      clipByGlobalNorm(5),
      maskedBy(/kernel$/, addDecayedWeights(0.1)),
      scaleByLearningRate(Schedule.constant(2))
    )
    assert.deepStrictEqual(spec, {
      _tag: "Chain",
      links: [
        { _tag: "ClipByGlobalNorm", maximum: 5 },
        { _tag: "MaskedBy", names: "kernel$", of: { _tag: "AddDecayedWeights", decay: 0.1 } },
        { _tag: "ScaleByLearningRate", learningRate: { _tag: "Constant", value: 2 } }
      ]
    })
  })

  it("names its state by slot, and by the transformation if two have the same slot", () => {
    const { state } = Optimizer.chain(
      addMomentum({ momentum: 0.9 }),
      maskedBy(/bias$/, addMomentum({ momentum: 0.5 })),
      scaleByLearningRate(1)
    )
    assert.deepStrictEqual(state(types), {
      "velocity/a/kernel": types["a/kernel"],
      "velocity/a/bias": types["a/bias"],
      "1/velocity/a/bias": types["a/bias"]
    })
  })

  it("shows its schedules", () => {
    const rate = Schedule.linear({ from: 1, to: 0, epochs: 3 })
    const { schedules } = Optimizer.chain(addDecayedWeights(rate), clipByGlobalNorm(1), scaleByLearningRate(rate))
    assert.deepStrictEqual(Object.keys(schedules ?? {}), ["weight-decay", "learning-rate"])
  })

  it.each<[Optimizer.Optimizer, string]>([
    [
      Optimizer.chain(scaleByAdam({ beta1: 1 }), scaleByLearningRate(1)),
      "ScaleByAdam: beta1 is 1; it must be at least 0 and below 1"
    ],
    [
      Optimizer.chain(clipByGlobalNorm(0), scaleByLearningRate(1)),
      "ClipByGlobalNorm: maximum is 0; it must be above 0"
    ],
    [
      Optimizer.chain(maskedBy(/x/, addDecayedWeights(-1)), scaleByLearningRate(1)),
      "MaskedBy: AddDecayedWeights: decay is -1; it must be a non-negative number"
    ],
    [Optimizer.chain(scaleByLearningRate(-1)), "ScaleByLearningRate: learningRate is -1; it must be above 0"],
    [
      // @ts-expect-error: a chain without a learning rate
      Optimizer.chain(scaleByAdam()),
      "the chain has no learning rate; its last transformation must be scaleByLearningRate(RATE)"
    ],
    [RmsProp({ learningRate: 1, decay: 1 }), "decay is 1; it must be at least 0 and below 1"],
    [Adagrad({ learningRate: 1, epsilon: 0 }), "epsilon is 0; it must be above 0"],
    [AdamW({ learningRate: 1, decay: -1 }), "decay is -1; it must be a non-negative number"],
    [Lion({ learningRate: 1, beta2: 2 }), "beta2 is 2; it must be at least 0 and below 1"],
    [Sgd({ learningRate: 1, nesterov: true }), "momentum is 0; with nesterov it must be above 0"]
  ])("reports the error: %#", (optimizer, problem) => {
    assert.strictEqual(optimizer.problem, problem)
  })
})
