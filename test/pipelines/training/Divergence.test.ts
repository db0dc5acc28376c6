/**
 * Runs whose numbers cease to be finite at a step that is known: what is said, and what is kept.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Effect, Exit, Option, Record } from "effect"
import {
  BetaElbo,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Parameter,
  Sgd,
  Synthetic,
  Training
} from "../../../src/index.ts"
import type { Optimizer } from "../../../src/core/Optimizer.ts"
import * as Checkpointer from "../../../src/pipelines/training/Checkpointer.ts"
import { makeLines, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

const plain = Sgd({ learningRate: 1e-3 })

/** Gradient descent whose learning rate is 1e30 from step 11 on: the loss of step 12 is no finite number. */
const exploding: Optimizer = {
  ...plain,
  spec: { _tag: "Exploding" },
  update: ({ gradients, parameters, step }) => {
    const rate = tf.add(tf.mul(tf.relu(tf.sub(step, 10)), 1e30), 1e-3)
    return { parameters: Record.map(parameters, (one, name) => tf.sub(one, tf.mul(gradients[name]!, rate))), state: {} }
  }
}

/** Takes more than all numbers from a bias before a relu, at step 6: units that are dead keep the loss finite. */
const deadening: Optimizer = {
  ...plain,
  spec: { _tag: "Deadening" },
  update: (options) => {
    const { parameters, state } = plain.update(options)
    const amount = tf.exp(tf.mul(tf.relu(tf.sub(options.step, 5)), 100))
    return {
      parameters: Record.map(parameters, (one, name) =>
        /^encoder\/.*bias$/.test(name) && one.shape[0] === 16 ? tf.sub(one, amount) : one
      ),
      state
    }
  }
}

const optimizers = { exploding, deadening }

/** Runs of five epochs with four steps each. */
const experiment = Experiment.make("diverging", {
  description: "Runs that diverge.",
  parameters: {
    how: Parameter.Choice(["exploding", "deadening"], { default: "exploding", description: "in which way" })
  },
  run: ({ how }) => ({
    dataset: Synthetic.layer({ train: 100, test: 30 }),
    model: DenseVae.layer({ hidden: [16], latent: 2 }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs: 5, batchSize: 32, optimizer: optimizers[how] }),
    evaluation: Evaluation.layer(ElboTerms())
  })
})

const swept = (how: "exploding" | "deadening") => experiment.pipe(Experiment.override<any>([{ how }], ["how"]))

const failing = Effect.fnUntraced(function* (
  how: "exploding" | "deadening",
  results: string,
  options: Parameters<typeof runExperiment>[2] = {}
) {
  const lines = makeLines()
  const exit = yield* Effect.exit(runExperiment(swept(how), results, { ...options, lines }))
  assert.match(Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "", /1 of 1 runs failed/)
  const store = yield* storeOf(results)
  const summary = Option.getOrThrow(yield* (yield* store.experiment("diverging")).summary)
  const row = summary.runs[0]!
  const found = Option.getOrThrow(yield* store.find(row.id))
  return { row, ...found, epochs: lines.printed.filter((line) => line.startsWith("epoch")).length }
})

describe("a run that diverges", () => {
  it.effect("reports the step and the previous loss, and keeps the state of the last epoch", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const { epochs, manifest, row, run } = yield* failing("exploding", results)
      assert.strictEqual(epochs, 2)
      assert.strictEqual(manifest.status, "failed")
      const { checkpoint, epoch, error, lastFiniteLoss, message, step } = manifest.exit!
      assert.deepStrictEqual(
        { checkpoint, epoch, error, step },
        { checkpoint: 8, epoch: 3, error: "DivergenceError", step: 12 }
      )
      assert.isTrue(Number.isFinite(lastFiniteLoss))
      assert.include(message, `the loss is `)
      assert.include(message, ` after ${lastFiniteLoss}; the checkpoint of step 8 is kept`)
      assert.strictEqual(row.error, message)
      const kept = Option.getOrThrow(yield* run.checkpoint)
      assert.deepStrictEqual([kept.epoch, kept.step], [2, 8])
      assert.isTrue(Checkpointer.hasFiniteParameters(kept.tensors))
      assert.strictEqual(Option.getOrThrow(yield* run.best).epoch, 2)
    })
  )

  // In real time, so that it is time for a checkpoint after every step.
  it.live("diverges again, also from the last checkpoint, and is not retried", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const first = yield* failing("exploding", results, { retries: 5 })
      assert.strictEqual(first.epochs, 2)
      for (const seconds of [1e-9, 30]) {
        const again = yield* failing("exploding", results, { checkpointEvery: { seconds } })
        assert.strictEqual(again.epochs, 0)
        // The newest state that is finite is that after step 10.
        assert.strictEqual(again.manifest.exit?.checkpoint, 10)
        assert.strictEqual(Option.getOrThrow(yield* again.run.checkpoint).step, 10)
        assert.strictEqual(again.manifest.exit?.step, 12)
        assert.strictEqual(again.manifest.exit?.lastFiniteLoss, first.manifest.exit?.lastFiniteLoss)
      }
    })
  )

  it.effect("is detected at the end of the epoch if the network hides it from the loss", () =>
    Effect.gen(function* () {
      const { epochs, manifest, run } = yield* failing("deadening", yield* temporaryFolder)
      assert.strictEqual(epochs, 1)
      const { checkpoint, epoch, message, step } = manifest.exit!
      assert.deepStrictEqual({ checkpoint, epoch, step }, { checkpoint: 4, epoch: 2, step: 8 })
      assert.match(message, /a parameter is not finite, with a loss of \d/)
      assert.strictEqual((yield* run.history).length, 1)
      assert.isTrue(Checkpointer.hasFiniteParameters(Option.getOrThrow(yield* run.checkpoint).tensors))
    })
  )
})
