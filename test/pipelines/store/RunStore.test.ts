import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Logger, Option, Path } from "effect"
import type { Status } from "../../../src/pipelines/store/Manifest.ts"
import * as Run from "../../../src/pipelines/store/Run.ts"
import type { StoreError } from "../../../src/pipelines/files/StoreError.ts"
import { manifestOf } from "../SampleManifest.ts"
import {
  temporary,
  storeAt,
  epoch,
  checkpoint,
  figure,
  picture,
  result,
  evaluator,
  withStatus,
  problemOf,
  life,
  assertConsistent,
  id
} from "./RunStoreFixture.ts"

describe("RunStore", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("finding and reading change nothing; opening holds a claim while the run is owned", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const results = join(yield* temporary, "results")
        const store = yield* storeAt(results)
        assert.isTrue(Option.isNone(yield* store.find(id, "beta-sweep")))
        assert.isTrue(Option.isNone(yield* store.status(id)))
        assert.isTrue(Option.isNone(yield* store.owner(id)))
        assert.isTrue(Option.isNone(yield* (yield* store.experiment("beta-sweep")).summary))
        assert.isFalse(yield* fs.exists(results))
        const whileHad = Effect.gen(function* () {
          const run = yield* store.open("beta-sweep", id)
          assert.strictEqual(run.directory, join(results, "beta-sweep", id))
          assert.isUndefined(yield* assertConsistent(run))
          assert.isTrue(Option.isNone(yield* run.setAside))
          return yield* fs.readDirectory(results, { recursive: true })
        })
        const [folder, claim, ...more] = yield* Effect.scoped(whileHad)
        assert.strictEqual(folder, ".locks")
        assert.isTrue(claim!.startsWith(join(".locks", id)))
        assert.deepStrictEqual(more, [])
        assert.deepStrictEqual(yield* fs.readDirectory(results, { recursive: true }), [".locks"])
      })
    )

    it.effect("a run has one owner at a time, across experiments, also while it is set aside", () =>
      Effect.gen(function* () {
        const results = yield* temporary
        const [store, other] = [yield* storeAt(results), yield* storeAt(results)]
        const refused = (experiment: string) => Effect.flip(Effect.scoped(other.open(experiment, id)))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const run = yield* store.open("a", id)
            assert.strictEqual((yield* refused("a"))._tag, "RunLocked")
            yield* run.writeManifest(withStatus("done"))
            yield* run.setAside
            assert.include((yield* refused("b")).message, `process ${process.pid} on`)
            assert.include(Option.getOrThrow(yield* other.owner(id)), `process ${process.pid} on`)
          })
        )
        assert.isTrue(Option.isNone(yield* store.owner(id)))
        yield* other.open("b", id)
      })
    )

    it.effect("a former owner cannot write", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const results = yield* temporary
        const run = yield* (yield* storeAt(results)).open("a", id)
        yield* life(run)
        const locks = join(results, ".locks")
        yield* fs.remove(join(locks, (yield* fs.readDirectory(locks))[0]!))
        const before = yield* fs.readDirectory(results, { recursive: true })
        for (const write of [
          run.writeManifest(manifestOf()),
          run.appendHistory(epoch(3)),
          run.truncateHistory(1),
          run.saveCheckpoint(checkpoint(3)),
          run.saveBest({ tensors: {}, epoch: 3, step: 30, loss: 1 }),
          run.saveSnapshot(3, {}),
          run.writeSummary({ epoch: 3, step: 30, metrics: {} }),
          run.writeEvaluation("000000000000", result, [picture("new")]),
          run.setAside
        ]) {
          assert.match((yield* Effect.flip<unknown, StoreError, never>(write)).message, /no longer has run/)
        }
        assert.deepStrictEqual(yield* fs.readDirectory(results, { recursive: true }), before)
        assert.strictEqual(yield* assertConsistent(run), "done")
      })
    )

    it.effect("finds a run in any experiment: finished runs first, then the experiment's own", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const results = yield* temporary
        const store = yield* storeAt(results)
        // What else may lie in a results folder.
        yield* fs.writeFileString(join(results, "README.md"), "")
        yield* fs.makeDirectory(join(results, ".cache"))
        const write = (experiment: string, status: Status) =>
          Effect.scoped(Effect.flatMap(store.open(experiment, id), (run) => run.writeManifest(withStatus(status))))
        const where = (own?: string) =>
          Effect.map(store.find(id, own), (found) => Option.getOrUndefined(found)?.run.experiment)
        yield* write("b", "interrupted")
        assert.strictEqual(yield* where("a"), "b")
        yield* write("a", "running")
        assert.strictEqual(yield* where("a"), "a")
        assert.strictEqual(yield* where("b"), "b")
        yield* write("c", "done")
        for (const own of ["a", "b", "c", "d", undefined]) assert.strictEqual(yield* where(own), "c")
        yield* write("a", "done")
        assert.strictEqual(yield* where("a"), "a")
        assert.strictEqual(yield* where("c"), "c")
        const a = yield* store.experiment("a")
        const found = Option.getOrThrow(yield* store.find(id, "c"))
        assert.strictEqual(a.relative(found.run), `../c/${id}`)
        assert.strictEqual(a.relative(yield* store.open("a", id)), id)
        assert.isTrue(Option.isNone(yield* store.find("000000000000", "a")))
      })
    )

    it.effect("a damaged manifest is an error in its experiment and a warning elsewhere", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const results = yield* temporary
        const store = yield* storeAt(results)
        const path = join(results, "a", id, "manifest.json")
        yield* fs.makeDirectory(join(path, ".."), { recursive: true })
        yield* fs.writeFileString(path, '{"formatVersion":')
        assert.strictEqual((yield* Effect.flip(store.find(id, "a"))).problem, "corrupt")
        const lines: Array<string> = []
        const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
        assert.isTrue(Option.isNone(yield* Effect.provide(store.find(id, "b"), logger)))
        assert.isTrue(lines.length === 1 && lines[0]!.includes(path))
      })
    )

    it.effect("path traversal and files as results folders are refused", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const results = yield* temporary
        const store = yield* storeAt(results)
        for (const name of ["..", "a/b", ""]) {
          assert.strictEqual(problemOf(yield* Effect.flip(store.open(name, id))), "cannot write")
          assert.strictEqual((yield* Effect.flip(store.experiment(name))).problem, "cannot write")
        }
        for (const wrong of ["", "..", "3F9C1E7A52D0", `${id}0`]) {
          assert.strictEqual(problemOf(yield* Effect.flip(store.open("a", wrong))), "cannot read")
          assert.strictEqual((yield* Effect.flip(store.find(wrong))).problem, "cannot read")
        }
        const run = yield* store.open("a", id)
        assert.strictEqual((yield* Effect.flip(run.writeEvaluation("../x", result, []))).problem, "cannot write")
        const wrong = { ...picture("x"), figure: figure("../x") }
        assert.strictEqual(
          (yield* Effect.flip(run.writeEvaluation(evaluator, result, [wrong]))).problem,
          "cannot write"
        )
        assert.deepStrictEqual(yield* fs.readDirectory(results), [".locks"])

        const file = join(results, "file")
        yield* fs.writeFileString(file, "")
        const blocked = yield* storeAt(file)
        assert.strictEqual((yield* Effect.flip(blocked.find(id))).problem, "not a folder")
        assert.strictEqual(problemOf(yield* Effect.flip(blocked.open("a", id))), "not a folder")
        const inFile = yield* Run.make("a", id, join(file, "a", id))
        for (const write of [
          inFile.writeManifest(manifestOf()),
          inFile.appendHistory(epoch(1)),
          inFile.saveCheckpoint(checkpoint(1)),
          inFile.writeSummary({ epoch: 1, step: 1, metrics: {} }),
          Effect.scoped(inFile.logger)
        ]) {
          const error = yield* Effect.flip(write)
          assert.strictEqual(error.problem, "not a folder")
          assert.include(error.message, file)
        }
      })
    )

    it.effect("the experiment's folder has the summary and the figures that compare its runs", () =>
      Effect.gen(function* () {
        const store = yield* storeAt(yield* temporary)
        const experiment = yield* store.experiment("beta-sweep")
        const row = {
          id,
          parameters: { beta: 4 },
          seed: 0,
          status: "done" as const,
          directory: id,
          metrics: { "test/kl": 1 }
        }
        yield* experiment.writeSummary([row])
        assert.deepStrictEqual(Option.getOrThrow(yield* experiment.summary), { experiment: "beta-sweep", runs: [row] })
        yield* experiment.writeFigures([picture("rate-distortion")])
        assert.deepStrictEqual(yield* experiment.figures, [figure("rate-distortion")])
      })
    )
  })
})
