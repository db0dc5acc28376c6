import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option } from "effect"
import fiveSteps from "../../experiments/five-steps.ts"
import { Experiment } from "../../src/index.ts"
import { plan } from "../../src/pipelines/plan/Plan.ts"
import { quickVersion } from "../../src/pipelines/plan/Quick.ts"
import { platform, runExperiment, storeOf, temporaryFolder } from "../pipelines/Sandbox.ts"

/** The digits that come with the package. */
const offline = Effect.provideService(
  ConfigProvider.ConfigProvider,
  ConfigProvider.fromUnknown({ VAE_OFFLINE: "1", XDG_CACHE_HOME: "/nowhere" })
)

const summaryOf = Effect.fnUntraced(function* (results: string, name: string) {
  const folder = yield* (yield* storeOf(results)).experiment(name)
  return Option.getOrThrow(yield* folder.summary)
})

describe("five-steps", () => {
  it.live("plans six runs, whose decoder is the same but for the width of its code", () =>
    Effect.gen(function* () {
      const runs = yield* plan(fiveSteps, ({ locate }) => locate)
      assert.deepStrictEqual(
        runs.map(({ dataset, label, model }) => [label, dataset.name, model.latent]),
        [
          ["step=1-memorise-one", "MNIST, 1 image to memorise", 10],
          ["step=2-memorise-one-hot", "MNIST, 10 images to memorise", 10],
          ["step=3-memorise-real-codes", "MNIST, 10 images to memorise", 2],
          ["step=4-autoencoder", "MNIST", 2],
          ["step=5-vae-as-written", "MNIST", 2],
          ["step=5-vae-elbo", "MNIST", 2]
        ]
      )
      assert.strictEqual(new Set(runs.map(({ model }) => JSON.stringify(model.spec["decoder"]))).size, 1)
    }).pipe(Effect.provide(platform), offline)
  )

  it.live("memorises ten images with ten codes", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const step = fiveSteps.pipe(Experiment.override([{ step: "2-memorise-one-hot" as const }], ["step"]))
      yield* runExperiment(quickVersion(step), results)
      const { runs } = yield* summaryOf(results, "five-steps-quick")
      const { metrics } = runs[0]!
      // Of ten digits, one of each class, the mean is far from all.
      assert.isAbove(metrics["mean-image/mean-squared-error"]!, 0.05)
      assert.isBelow(metrics["reconstruction/mean-squared-error"]!, 0.01)
    }).pipe(Effect.scoped, offline)
  )
})
