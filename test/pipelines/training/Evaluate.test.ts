import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, FileSystem, Option, Path } from "effect"
import {
  Adam,
  BetaElbo,
  DenseVae,
  epochs,
  Evaluation,
  Experiment,
  LatentScatter,
  LatentScatterOverTraining,
  ManifoldOverTraining,
  ReconstructionsOverTraining,
  Snapshots,
  Synthetic,
  Training
} from "../../../src/index.ts"
import type { Labels } from "../../../src/core/Dataset.ts"
import type { EvaluationOutput } from "../../../src/core/Evaluation.ts"
import type { PlanarLatent } from "../../../src/core/Model.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"
import { keepUntil } from "../InterruptedTraining.ts"
import { makeLines, platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

type Needs = Labels | PlanarLatent

/** One run of 5 epochs of 4 steps, with these evaluations. */
const evaluated = (...members: ReadonlyArray<Evaluation.Evaluator<Needs> | Evaluation.TrainingEvaluator<Needs>>) =>
  Experiment.make("evaluated", {
    description: "One run.",
    parameters: {},
    run: () => ({
      dataset: Synthetic.layer({ train: 100, test: 30 }),
      model: DenseVae.layer({ hidden: [16], latent: 2 }),
      objective: BetaElbo.layer({ beta: 1 }),
      training: Training.layer({ epochs: 5, batchSize: 32, optimizer: Adam({ learningRate: 1e-2 }) }),
      evaluation: Evaluation.layer(...members)
    })
  })

const found = Effect.fnUntraced(function* (results: string) {
  const store = yield* storeOf(results)
  const folder = yield* store.experiment("evaluated")
  const [row] = Option.getOrThrow(yield* folder.summary).runs
  return { row: row!, run: yield* Effect.scoped(store.open("evaluated", row!.id)) }
})

/** Name and bytes of a run's snapshots. */
const snapshotsOf = Effect.fnUntraced(function* (results: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const { run } = yield* found(results)
  const folder = join(run.directory, "snapshots")
  const names = (yield* fs.readDirectory(folder)).sort()
  return yield* Effect.forEach(names, (name) =>
    Effect.map(fs.readFile(join(folder, name)), (bytes) => [name, Buffer.from(bytes).toString("hex")] as const)
  )
}, Effect.provide(platform))

/** An evaluation that gives a figure of this name. */
const naming = (tag: string, name: string): Evaluation.Evaluator => ({
  spec: { _tag: tag },
  needs: [],
  run: Effect.succeed<EvaluationOutput>({
    metrics: { [tag]: 1 },
    figures: [{ name, title: tag, caption: `${tag}.`, view: { mark: "point", data: { values: [{}] } } }]
  })
})

const scheduled = evaluated(
  ReconstructionsOverTraining({ every: epochs(2) }),
  ManifoldOverTraining({ columns: 3, every: epochs(3) }),
  LatentScatterOverTraining({ every: epochs(2) })
)

describe("evaluations", () => {
  it.effect("over training: snapshots are saved, and each gives a GIF, a PNG and a caption", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const results = yield* temporaryFolder
      yield* runExperiment(scheduled, results)
      const { run } = yield* found(results)
      assert.deepStrictEqual(
        (yield* snapshotsOf(results)).map(([name]) => name),
        [0, 2, 3, 4, 5].map((epoch) => `epoch-000${epoch}.safetensors`)
      )
      const files = yield* fs.readDirectory(join(run.directory, "figures"))
      for (const name of ["reconstructions", "manifold", "latent-scatter"]) {
        assert.includeMembers(files, [`${name}-over-training.gif`, `${name}-over-training.png`])
      }
      const captions = yield* fs.readFileString(join(run.directory, "figures", "captions.md"))
      assert.include(captions, "](manifold-over-training.gif)")
      assert.include(captions, "4 frames: before training, after every 2 epochs and at the end.")
    }).pipe(Effect.provide(platform))
  )

  it.effect("snapshots have the initial and the final parameters, and do not affect the run", () =>
    Effect.gen(function* () {
      const [plain, kept] = [yield* temporaryFolder, yield* temporaryFolder]
      yield* runExperiment(evaluated(), plain)
      yield* runExperiment(evaluated(ReconstructionsOverTraining()), kept)
      const [without, withSnapshots] = [yield* found(plain), yield* found(kept)]
      assert.strictEqual(withSnapshots.row.id, without.row.id)
      const last = Option.getOrThrow(yield* without.run.checkpoint).tensors
      assert.deepStrictEqual(Option.getOrThrow(yield* withSnapshots.run.checkpoint).tensors, last)
      const final = Option.getOrThrow(yield* withSnapshots.run.snapshot(5))
      for (const [name, tensor] of Object.entries(final)) assert.deepStrictEqual(tensor, last[name])
      assert.isTrue(Object.keys(final).every((name) => name.startsWith("parameters/")))
      assert.notDeepEqual(Option.getOrThrow(yield* withSnapshots.run.snapshot(0)), final)
      assert.isFalse(yield* without.run.hasSnapshot(0))
    })
  )

  it.effect.each([2, 4, 6, 13])(
    "snapshots of a run interrupted after %s steps equal those of an uninterrupted one",
    (steps) =>
      Effect.gen(function* () {
        const [whole, broken] = [yield* temporaryFolder, yield* temporaryFolder]
        const swept = evaluated(ReconstructionsOverTraining())
        yield* runExperiment(swept, whole)
        yield* keepUntil(swept, broken, steps)
        yield* runExperiment(swept, broken)
        const expected = yield* snapshotsOf(whole)
        assert.strictEqual(expected.length, 6)
        assert.deepStrictEqual(yield* snapshotsOf(broken), expected)
      })
  )

  it.effect("each frame has the parameters and the history of its epoch", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const seen: Array<{ readonly epochs: number; readonly mean: number }> = []
      const looking: Evaluation.TrainingEvaluator = {
        spec: { _tag: "Looking" },
        needs: [],
        every: epochs(1),
        run: Effect.gen(function* () {
          const { each } = yield* Snapshots.Snapshots
          const look = Effect.gen(function* () {
            const { encode, history } = yield* TrainedModel
            const { mean } = yield* encode("test", Int32Array.of(0))
            return { epochs: history.length, mean: mean[0]! }
          })
          seen.push(...(yield* each([0, 2, 5], look)), yield* look)
          return { metrics: {}, figures: [] }
        })
      }
      yield* runExperiment(evaluated(looking), results)
      assert.deepStrictEqual(
        seen.map((look) => look.epochs),
        [0, 2, 5, 5]
      )
      assert.strictEqual(new Set(seen.map(({ mean }) => mean)).size, 3)
      assert.strictEqual(seen[2]!.mean, seen[3]!.mean)
    })
  )

  it.effect("added to a run without snapshots: a typed failure with advice; the run and the others stay", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* runExperiment(evaluated(), results)
      const lines = makeLines()
      const swept = evaluated(ReconstructionsOverTraining(), LatentScatter())
      const exit = yield* Effect.exit(runExperiment(swept, results, { lines }))
      assert.isTrue(Exit.isFailure(exit) && !Cause.hasDies(exit.cause))
      const { row, run } = yield* found(results)
      assert.strictEqual(row.status, "done")
      assert.match(
        row.error!,
        /parameters at epoch 0, 1, 2, 3, 4 and 1 more were not saved.*train it again with --force/
      )
      assert.strictEqual(Option.getOrThrow(yield* run.manifest).status, "done")
      assert.deepStrictEqual(
        (yield* run.figures).map(({ name }) => name),
        ["latent-scatter"]
      )
      assert.isFalse(lines.printed.some((line) => line.startsWith("epoch")))
      yield* runExperiment(swept, results, { force: true })
      assert.isUndefined((yield* found(results)).row.error)
    })
  )

  it.effect("a damaged snapshot is named, with advice", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const results = yield* temporaryFolder
      yield* runExperiment(evaluated(ReconstructionsOverTraining()), results)
      const { run } = yield* found(results)
      yield* fs.writeFileString(join(run.directory, "snapshots", "epoch-0002.safetensors"), "nothing")
      yield* Effect.exit(runExperiment(evaluated(ReconstructionsOverTraining({ count: 3 })), results))
      assert.match((yield* found(results)).row.error!, /epoch-0002\.safetensors.*--force/)
    }).pipe(Effect.provide(platform))
  )

  it.effect("two with one figure name: a typed failure, and the first one's figure stays", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const exit = yield* Effect.exit(
        runExperiment(evaluated(naming("First", "same"), naming("Second", "same")), results)
      )
      assert.isTrue(Exit.isFailure(exit) && !Cause.hasDies(exit.cause))
      const { row, run } = yield* found(results)
      assert.strictEqual(row.status, "done")
      assert.include(row.error!, `Second: its figure "same" has the name of one of First {"_tag":"First"}`)
      assert.strictEqual(Option.getOrThrow(yield* run.figure("same")).title, "First")
      assert.strictEqual(row.metrics["First"], 1)
      assert.isUndefined(row.metrics["Second"])
    })
  )

  it.effect("a replacement of an earlier one may use its name", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const title = Effect.flatMap(found(results), ({ run }) =>
        Effect.map(run.figure("same"), (figure) => Option.getOrThrow(figure).title)
      )
      for (const tag of ["First", "Second", "First"]) {
        yield* runExperiment(evaluated(naming(tag, "same")), results)
        assert.strictEqual(yield* title, tag)
      }
    })
  )
})

// Never called: `pnpm check` fails where this compiles.
export const refused = () =>
  Experiment.make("refused", {
    description: "",
    parameters: {},
    run: () => ({
      dataset: Synthetic.layer({ train: 100, test: 30 }),
      model: DenseVae.layer({ hidden: [16], latent: 3 }),
      objective: BetaElbo.layer({ beta: 1 }),
      training: Training.layer({ epochs: 5, batchSize: 32, optimizer: Adam({ learningRate: 1e-2 }) }),
      // @ts-expect-error a latent space of 3 dimensions is no plane
      evaluation: Evaluation.layer(ManifoldOverTraining())
    })
  })
