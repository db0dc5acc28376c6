import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Validation } from "../../src/core/Dataset.ts"
import { Adam } from "../../src/core/optimizers/Adam.ts"
import { Sgd } from "../../src/core/optimizers/Sgd.ts"
import {
  earlyStopping,
  layer,
  lengthInWords,
  stepsPerEpoch,
  totalEpochs,
  totalSteps,
  Training,
  TrainingError,
  type TrainingOptions
} from "../../src/core/Training.ts"

const optimizer = Sgd({ learningRate: 1 })
const validation = Layer.succeed(Validation, { fraction: 0.1 })

/** The settings that the options give, or why they are refused. */
const settings = (options: TrainingOptions) =>
  Effect.gen(function* () {
    return yield* Training
  }).pipe(Effect.provide(layer(options)), Effect.provide(validation))

describe("Training", () => {
  it.effect("has all settings in its spec, the optimiser's included, without defaults", () =>
    Effect.gen(function* () {
      const { spec, epochs, batchSize } = yield* settings({
        epochs: 3,
        batchSize: 128,
        optimizer: Adam({ learningRate: 1e-3 }),
        lastBatch: "keep",
        accumulate: 1
      })
      assert.deepStrictEqual([epochs, batchSize], [3, 128])
      assert.deepStrictEqual(spec, {
        _tag: "Training",
        epochs: 3,
        batchSize: 128,
        optimizer: Adam({ learningRate: 1e-3 }).spec
      })
      const all = yield* settings({
        steps: 500,
        batchSize: 128,
        optimizer,
        lastBatch: "drop",
        accumulate: 4,
        stopping: earlyStopping({ metric: "validation/loss", patience: 5 }),
        average: { decay: 0.99 }
      })
      assert.deepStrictEqual(all.spec, {
        _tag: "Training",
        steps: 500,
        batchSize: 128,
        optimizer: optimizer.spec,
        lastBatch: "drop",
        accumulate: 4,
        stopping: { metric: "validation/loss", patience: 5, minimumChange: 0 },
        average: { decay: 0.99 }
      })
    })
  )

  it("counts steps and epochs", () => {
    const kept = { epochs: 3, batchSize: 32, optimizer } as const
    assert.deepStrictEqual([stepsPerEpoch(kept, 100), totalSteps(kept, 100), totalEpochs(kept, 100)], [4, 12, 3])
    const dropped = { ...kept, lastBatch: "drop" } as const
    assert.deepStrictEqual([stepsPerEpoch(dropped, 100), totalSteps(dropped, 100)], [3, 9])
    assert.strictEqual(stepsPerEpoch(dropped, 31), 0)
    const inSteps = { steps: 10, batchSize: 32, optimizer } as const
    assert.deepStrictEqual([totalSteps(inSteps, 100), totalEpochs(inSteps, 100)], [10, 3])
    assert.strictEqual(lengthInWords(kept), "3 epochs")
    assert.strictEqual(
      lengthInWords({ steps: 1, batchSize: 1, optimizer, stopping: { metric: "validation/loss", patience: 1 } }),
      "up to 1 step"
    )
  })

  const options: TrainingOptions = { epochs: 1, batchSize: 1, optimizer }

  it.effect.each<readonly [string, TrainingOptions]>([
    ["epochs is 0; it must be a positive integer", { ...options, epochs: 0 }],
    ["epochs is 1.5; it must be a positive integer", { ...options, epochs: 1.5 }],
    ["steps is 0; it must be a positive integer", { steps: 0, batchSize: 1, optimizer }],
    ["batchSize is -1; it must be a positive integer", { ...options, batchSize: -1 }],
    ["batchSize is NaN; it must be a positive integer", { ...options, batchSize: Number.NaN }],
    ["optimizer: learningRate is 0; it must be above 0", { ...options, optimizer: Adam({ learningRate: 0 }) }],
    ["accumulate is 0; it must be a positive integer", { ...options, accumulate: 0 }],
    ["accumulate is 2; it must be at most the batchSize of 1", { ...options, accumulate: 2 }],
    [
      'lastBatch is "pad"; it must be one of keep, drop',
      // @ts-expect-error: no such choice
      { ...options, lastBatch: "pad" }
    ],
    ["average: decay is 1; it must be above 0 and below 1", { ...options, average: { decay: 1 } }],
    [
      "stopping: patience is 0; it must be a positive integer",
      { ...options, stopping: { metric: "validation/loss", patience: 0 } }
    ],
    [
      "stopping: minimumChange is -1; it must be a non-negative number",
      { ...options, stopping: { metric: "validation/loss", patience: 1, minimumChange: -1 } }
    ],
    [
      'stopping: metric is "test/loss"; it must be one of validation/loss, validation/reconstruction',
      // @ts-expect-error: a metric that no evaluation on validation examples gives
      { ...options, stopping: { metric: "test/loss", patience: 1 } }
    ]
  ])("refuses: %s", ([reason, refused]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.flip(settings(refused)), new TrainingError({ reason }))
    })
  )

  it.effect("refuses early stopping without validation examples", () =>
    Effect.gen(function* () {
      const stopping = layer({ ...options, stopping: earlyStopping({ metric: "validation/loss", patience: 1 }) })
      // @ts-expect-error: what it needs is not provided
      const built: Effect.Effect<unknown, TrainingError> = Effect.scoped(Layer.build(stopping))
      const { reason } = yield* Effect.flip(built)
      assert.strictEqual(reason, "stopping needs validation examples; wrap the dataset in ValidationSplit.layer")
    })
  )
})
