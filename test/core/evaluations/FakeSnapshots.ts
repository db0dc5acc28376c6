/**
 * Snapshots of a fake model: after epoch `e` of `total` its codes are `e / total` times as large as in the end.
 */
import { Effect, Layer } from "effect"
import { Snapshots } from "../../../src/core/Snapshots.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"
import { fake, type FakeOptions } from "./FakeTrainedModel.ts"

const at = (model: TrainedModel["Service"], share: number): TrainedModel["Service"] => ({
  ...model,
  encode: (split, indices) =>
    Effect.map(model.encode(split, indices), ({ deviation, mean }) => ({
      mean: mean.map((value) => share * value),
      deviation
    }))
})

export const fakeSnapshots = (total: number, options: FakeOptions = {}) =>
  Layer.succeed(Snapshots, {
    trainedEpochs: total,
    each: (epochs, look) =>
      Effect.forEach(epochs, (epoch) => Effect.provideService(look, TrainedModel, at(fake(options), epoch / total)))
  })
