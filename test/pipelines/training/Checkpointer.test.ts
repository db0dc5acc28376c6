import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { float32 } from "../../../src/core/Tensors.ts"
import type { EpochMetrics } from "../../../src/core/TrainedModel.ts"
import type { Checkpoint } from "../../../src/pipelines/store/Checkpoint.ts"
import type { CheckpointInterval } from "../../../src/pipelines/training/CheckpointInterval.ts"
import * as Checkpointer from "../../../src/pipelines/training/Checkpointer.ts"
import type { ResumePoint } from "../../../src/pipelines/training/ResumePoint.ts"

const stateOf = (value: number) => ({
  "parameters/a": float32([2], Float32Array.of(1, value)),
  "optimizer/a": float32([1], Float32Array.of(Number.POSITIVE_INFINITY))
})

const at = (epoch: number, step: number, value = step): Checkpoint => ({
  tensors: stateOf(value),
  epoch,
  step,
  sums: {}
})

const line = (epoch: number, loss: number): EpochMetrics => ({
  epoch,
  step: epoch * 10,
  metrics: { "test/loss": loss },
  examplesPerSecond: 1
})

/** A checkpointer for a training of 10 epochs with 10 steps each, and what it kept, in order. */
const recording = Effect.fnUntraced(function* (interval: CheckpointInterval, resume?: ResumePoint) {
  const kept: Array<string> = []
  let present = at(0, 0)
  const checkpointer = yield* Checkpointer.make({
    writer: {
      saveCheckpoint: ({ epoch, step }) => Effect.sync(() => void kept.push(`checkpoint ${epoch}/${step}`)),
      saveBest: ({ epoch, loss, step }) => Effect.sync(() => void kept.push(`best ${epoch}/${step} ${loss}`)),
      removeCheckpointsFrom: (step) =>
        Effect.sync(() => {
          kept.push(`forget ${step}`)
          return Option.some(at(0, step - 1))
        }),
      appendEpoch: () => Effect.die("a line is kept by others"),
      saveSnapshot: () => Effect.die("a snapshot is kept by others")
    },
    interval,
    resume,
    current: Effect.sync(() => present)
  })
  return {
    kept,
    checkpointer,
    stand: (checkpoint: Checkpoint) => {
      present = checkpoint
    },
    endEpoch: (epoch: number, loss: number, value = epoch) => {
      present = at(epoch, epoch * 10, value)
      return checkpointer.afterEpoch(line(epoch, loss), present, epoch === 10)
    }
  }
})

describe("Checkpointer", () => {
  it.effect("saves every n epochs and the last, each with the best so far", () =>
    Effect.gen(function* () {
      const { endEpoch, checkpointer, kept } = yield* recording({ epochs: 4 })
      const losses = [5, 3, 4, 6, 3, 2, 9, 9, 9, 9]
      for (const [index, loss] of losses.entries()) {
        yield* endEpoch(index + 1, loss)
        yield* TestClock.adjust("1 hour")
        yield* checkpointer.afterStep
      }
      assert.deepStrictEqual(kept, [
        "best 2/20 3",
        "checkpoint 4/40",
        // The first of two with the same loss stays the best.
        "best 6/60 2",
        "checkpoint 8/80",
        "checkpoint 10/100"
      ])
    })
  )

  it.effect("saves after an interval of time, also within an epoch", () =>
    Effect.gen(function* () {
      const { endEpoch, checkpointer, kept, stand } = yield* recording({ seconds: 30 })
      for (let step = 1; step <= 9; step++) {
        stand(at(0, step))
        yield* TestClock.adjust("9 seconds")
        yield* checkpointer.afterStep
      }
      yield* endEpoch(1, 1)
      yield* TestClock.adjust("25 seconds")
      yield* endEpoch(2, 2)
      assert.deepStrictEqual(kept, ["checkpoint 0/4", "checkpoint 0/8", "best 1/10 1", "checkpoint 2/20"])
    })
  )

  it.effect("never saves non-finite parameters, and nothing twice", () =>
    Effect.gen(function* () {
      const { endEpoch, checkpointer, kept, stand } = yield* recording({ epochs: 100 })
      yield* endEpoch(1, 1)
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        stand(at(1, 15, value))
        yield* checkpointer.saveNow
      }
      assert.deepStrictEqual(kept, [])
      yield* checkpointer.saveLastFinite
      assert.deepStrictEqual(kept, ["best 1/10 1", "checkpoint 1/10"])
      yield* checkpointer.saveLastFinite
      stand(at(1, 10))
      yield* checkpointer.saveNow
      assert.strictEqual(kept.length, 2)
      // What is newer than the end of the last epoch is not replaced by it.
      stand(at(1, 17))
      yield* checkpointer.saveNow
      yield* checkpointer.saveLastFinite
      assert.strictEqual(kept.at(-1), "checkpoint 1/17")
    })
  )

  it.effect("keeps a state with a finite loss after a divergence", () =>
    Effect.gen(function* () {
      const { endEpoch, checkpointer, kept, stand } = yield* recording({ epochs: 100 })
      assert.isUndefined(yield* checkpointer.afterDivergence(3))
      yield* endEpoch(1, 1)
      // Its loss on the test images is finite, though that of the next batch is not.
      assert.strictEqual(yield* checkpointer.afterDivergence(11), 10)
      assert.deepStrictEqual(kept.splice(0), ["best 1/10 1", "checkpoint 1/10"])
      stand(at(1, 15))
      yield* checkpointer.saveNow
      assert.strictEqual(yield* checkpointer.afterDivergence(17), 15)
      assert.deepStrictEqual(kept.splice(0), ["checkpoint 1/15"])
      assert.strictEqual(yield* checkpointer.afterDivergence(16), 14)
      assert.deepStrictEqual(kept.splice(0), ["forget 15"])
      yield* endEpoch(2, Number.NaN)
      assert.strictEqual(yield* checkpointer.afterDivergence(21), 14)
      assert.deepStrictEqual(kept, [])
    })
  )

  it.effect("continues with the previous best loss", () =>
    Effect.gen(function* () {
      const checkpoint = at(3, 30)
      const { endEpoch, kept } = yield* recording({ epochs: 1 }, { checkpoint, history: [], bestLoss: 2 })
      yield* endEpoch(4, 2)
      yield* endEpoch(5, Number.NaN)
      yield* endEpoch(6, 1)
      assert.deepStrictEqual(kept, ["checkpoint 4/40", "checkpoint 5/50", "best 6/60 1", "checkpoint 6/60"])
    })
  )
})
