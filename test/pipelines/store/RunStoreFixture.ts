/**
 * A run's contents for the tests of the run store.
 */
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Option } from "effect"
import type { Figure } from "../../../src/core/Figure.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import type { Status } from "../../../src/pipelines/store/Manifest.ts"
import * as Run from "../../../src/pipelines/store/Run.ts"
import type { RunLocked } from "../../../src/pipelines/store/RunLock.ts"
import * as RunStore from "../../../src/pipelines/store/RunStore.ts"
import type { StoreError } from "../../../src/pipelines/files/StoreError.ts"
import { manifestOf } from "../SampleManifest.ts"

export const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  fs.makeTempDirectoryScoped({ prefix: "results-" })
)

export const storeAt = (directory: string) => Effect.provide(RunStore.RunStore, RunStore.layer(directory))

export const id = manifestOf().id

export const epoch = (number: number) => ({
  epoch: number,
  step: number * 10,
  metrics: { "train/loss": 100 / number },
  examplesPerSecond: 1
})

export const checkpoint = (number: number) => ({
  tensors: { kernel: float32([3], Float32Array.of(number, 2, 3)) },
  epoch: number,
  step: number * 10,
  sums: {}
})

export const figure = (name: string): Figure => ({
  name,
  title: `The figure [${name}]`,
  caption: "Two lines fall_and\n\nmeet at 104.5 nats.",
  view: { mark: "line", data: { values: [{ x: 1, y: 0.1 }] } }
})

export const picture = (name: string) => ({ figure: figure(name), png: Uint8Array.of(0x89, 0x50) })

export const result = { spec: { _tag: "Curves", smooth: true }, metrics: { "test/elbo": -104.5 } }

export const evaluator = "0123456789ab"

export const withStatus = (status: Status, seed: number = 0) => ({ ...manifestOf(seed), status })

export const problemOf = (error: StoreError | RunLocked) => (error._tag === "StoreError" ? error.problem : error._tag)

/** The epochs of the run. */
export const numbers = [1, 2]

/** All that a run of two epochs writes, in order. */
export const life = (run: Run.Run) =>
  Effect.gen(function* () {
    yield* run.writeManifest(withStatus("running"))
    for (const number of numbers) {
      yield* run.appendHistory(epoch(number))
      yield* run.saveCheckpoint(checkpoint(number))
    }
    yield* run.writeEvaluation(evaluator, result, [picture("curves"), { ...picture("lines"), svg: "<svg/>" }])
    yield* run.writeSummary({ epoch: 2, step: 20, metrics: epoch(2).metrics })
    yield* run.writeManifest(withStatus("done"))
  })

/** Reads all of a run: whatever happened before, it must be readable and each part must vouch for those before it. */
export const assertConsistent = (run: Run.Run) =>
  Effect.gen(function* () {
    const manifest = Option.map(yield* run.manifest, ({ status }) => status)
    const history = yield* run.history
    const saved = Option.map(yield* run.checkpoint, (it) => it)
    const evaluation = yield* run.evaluation(evaluator)
    const summary = yield* run.summary
    assert.deepStrictEqual(history, numbers.slice(0, history.length).map(epoch))
    if (Option.isSome(saved)) {
      assert.deepStrictEqual(saved.value, checkpoint(saved.value.epoch))
      assert.isAtLeast(history.length, saved.value.epoch)
    }
    if (history.length > 0) assert.isTrue(Option.isSome(manifest))
    if (Option.isSome(evaluation)) {
      assert.deepStrictEqual(history, numbers.map(epoch))
      assert.deepStrictEqual(evaluation.value, { ...result, figures: ["curves", "lines"] })
    }
    for (const stored of yield* run.figures) assert.deepStrictEqual(stored, figure(stored.name))
    if (Option.isSome(summary)) assert.isTrue(Option.isSome(evaluation))
    if (Option.getOrUndefined(manifest) === "done") assert.isTrue(Option.isSome(summary))
    return Option.getOrUndefined(manifest)
  })
