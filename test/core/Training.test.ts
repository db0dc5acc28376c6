import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { Adam } from "../../src/core/optimizers/Adam.ts"
import { Sgd } from "../../src/core/optimizers/Sgd.ts"
import { layer, Training, TrainingError, type TrainingOptions } from "../../src/core/Training.ts"

describe("Training", () => {
  it.effect("has every choice in its spec, the optimiser's included", () =>
    Effect.gen(function* () {
      const { spec, epochs, batchSize } = yield* Training
      assert.deepStrictEqual([epochs, batchSize], [3, 128])
      assert.deepStrictEqual(spec, {
        _tag: "Training",
        epochs: 3,
        batchSize: 128,
        optimizer: Adam({ learningRate: 1e-3 }).spec
      })
    }).pipe(Effect.provide(layer({ epochs: 3, batchSize: 128, optimizer: Adam({ learningRate: 1e-3 }) })))
  )

  const settings: TrainingOptions = { epochs: 1, batchSize: 1, optimizer: Sgd({ learningRate: 1 }) }

  it.effect.each<readonly [string, TrainingOptions]>([
    ["epochs is 0; it must be a whole number from 1", { ...settings, epochs: 0 }],
    ["epochs is 1.5; it must be a whole number from 1", { ...settings, epochs: 1.5 }],
    ["batchSize is -1; it must be a whole number from 1", { ...settings, batchSize: -1 }],
    ["batchSize is NaN; it must be a whole number from 1", { ...settings, batchSize: Number.NaN }],
    ["optimizer: learningRate is 0; it must be above 0", { ...settings, optimizer: Adam({ learningRate: 0 }) }]
  ])("refuses: %s", ([reason, options]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(layer(options))))
      assertFailure(result, new TrainingError({ reason }))
    })
  )
})
