import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Logger, Option, Path } from "effect"
import type { Figure } from "../../../src/core/Figure.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import type { Status } from "../../../src/pipelines/store/Manifest.ts"
import * as Run from "../../../src/pipelines/store/Run.ts"
import type { RunLocked } from "../../../src/pipelines/store/RunLock.ts"
import * as RunStore from "../../../src/pipelines/store/RunStore.ts"
import type { StoreError } from "../../../src/pipelines/files/StoreError.ts"
import * as Faulty from "../FaultyFileSystem.ts"
import { manifestOf } from "../SampleManifest.ts"

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "results-" }))

const storeAt = (directory: string) => Effect.provide(RunStore.RunStore, RunStore.layer(directory))

const { id } = manifestOf()

const epoch = (number: number) => ({
  epoch: number,
  step: number * 10,
  metrics: { "train/loss": 100 / number },
  examplesPerSecond: 1
})

const checkpoint = (number: number) => ({
  tensors: { kernel: float32([3], Float32Array.of(number, 2, 3)) },
  epoch: number,
  step: number * 10,
  sums: {}
})

const figure = (name: string): Figure => ({
  name,
  title: `The figure [${name}]`,
  caption: "Two lines fall_and\n\nmeet at 104.5 nats.",
  view: { mark: "line", data: { values: [{ x: 1, y: 0.1 }] } }
})

const picture = (name: string) => ({ figure: figure(name), png: Uint8Array.of(0x89, 0x50) })

const result = { spec: { _tag: "Curves", smooth: true }, metrics: { "test/elbo": -104.5 } }

const evaluator = "0123456789ab"

const withStatus = (status: Status, seed: number = 0) => ({ ...manifestOf(seed), status })

const problemOf = (error: StoreError | RunLocked) => (error._tag === "StoreError" ? error.problem : error._tag)

/** The epochs of the run. */
const numbers = [1, 2]

/** All that a run of two epochs writes, in order. */
const life = (run: Run.Run) =>
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
const assertConsistent = (run: Run.Run) =>
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

    it.effect("a complete run: all files exist under their documented names", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const results = yield* temporary
        const store = yield* storeAt(results)
        const run = yield* store.open("beta-sweep", id)
        yield* life(run)
        assert.strictEqual(yield* assertConsistent(run), "done")
        assert.deepStrictEqual((yield* fs.glob("**/*.*", { root: results })).sort(), [
          `beta-sweep/${id}/checkpoints/step-0000000010.safetensors`,
          `beta-sweep/${id}/checkpoints/step-0000000020.safetensors`,
          `beta-sweep/${id}/evaluations/${evaluator}.json`,
          `beta-sweep/${id}/figures/captions.md`,
          `beta-sweep/${id}/figures/curves.png`,
          `beta-sweep/${id}/figures/curves.vl.json`,
          `beta-sweep/${id}/figures/lines.png`,
          `beta-sweep/${id}/figures/lines.svg`,
          `beta-sweep/${id}/figures/lines.vl.json`,
          `beta-sweep/${id}/manifest.json`,
          `beta-sweep/${id}/metrics.ndjson`,
          `beta-sweep/${id}/summary.json`
        ])
        assert.deepStrictEqual(Option.getOrThrow(yield* run.figure("curves")), figure("curves"))
        assert.isTrue(Option.isNone(yield* run.figure("other")))
        assert.deepStrictEqual(Option.getOrThrow(yield* store.status(id)), "done")
      })
    )

    it.effect("captions list every figure with title, image and caption", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const run = yield* (yield* storeAt(yield* temporary)).open("beta-sweep", id)
        yield* run.writeEvaluation(evaluator, result, [picture("b")])
        yield* run.writeEvaluation("ba9876543210", result, [picture("a")])
        const part = (name: string) =>
          `## The figure \\[${name}\\]\n\n![The figure \\[${name}\\]](${name}.png)\n\nTwo lines fall\\_and meet at 104.5 nats.\n`
        assert.strictEqual(
          yield* fs.readFileString(join(run.directory, "figures", "captions.md")),
          `# Figures\n\n${part("a")}\n${part("b")}`
        )
      })
    )

    const film = {
      name: "film",
      title: "A film",
      caption: "It moves.",
      files: { gif: Uint8Array.of(0x47), png: Uint8Array.of(0x89) }
    }

    const page = { name: "page", title: "A <b>page", caption: "Open it.", files: { html: "<!doctype html>" } }

    it.effect("animations and pages are next to the figures, with captions", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const run = yield* (yield* storeAt(yield* temporary)).open("beta-sweep", id)
        yield* run.writeEvaluation(evaluator, result, [page, film, picture("curves")])
        assert.deepStrictEqual((yield* fs.readDirectory(join(run.directory, "figures"))).sort(), [
          "captions.md",
          "curves.png",
          "curves.vl.json",
          "film.about.json",
          "film.gif",
          "film.png",
          "page.about.json",
          "page.html"
        ])
        assert.deepStrictEqual(Option.getOrThrow(yield* run.evaluation(evaluator)).figures, ["page", "film", "curves"])
        assert.deepStrictEqual(yield* run.figures, [figure("curves")])
        const captions = yield* fs.readFileString(join(run.directory, "figures", "captions.md"))
        assert.include(captions, "## A film\n\n![A film](film.gif)\n\nIt moves.")
        assert.include(captions, "## A \\<b\\>page\n\n[Open page.html](page.html)\n\nOpen it.")
        assert.deepStrictEqual(
          [...captions.matchAll(/^## (.*)$/gm)].map(([, title]) => title),
          ["The figure \\[curves\\]", "A film", "A \\<b\\>page"]
        )
      })
    )

    it.effect.each(["film.gif", "film.png", "film.about.json", "page.html"])(
      "an evaluation without its %s is computed again",
      (file) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const { join } = yield* Path.Path
          const run = yield* (yield* storeAt(yield* temporary)).open("beta-sweep", id)
          yield* run.writeEvaluation(evaluator, result, [film, page])
          assert.isTrue(Option.isSome(yield* run.evaluation(evaluator)))
          yield* fs.remove(join(run.directory, "figures", file))
          assert.isTrue(Option.isNone(yield* run.evaluation(evaluator)))
        })
    )

    it.effect("a result whose figure another evaluator replaces is removed, others stay", () =>
      Effect.gen(function* () {
        const run = yield* (yield* storeAt(yield* temporary)).open("beta-sweep", id)
        yield* run.writeEvaluation(evaluator, result, [picture("a")])
        yield* run.writeEvaluation("aaaaaaaaaaaa", result, [film])
        yield* run.writeEvaluation("bbbbbbbbbbbb", result, [picture("b"), picture("a")])
        assert.isTrue(Option.isNone(yield* run.evaluation(evaluator)))
        assert.isTrue(Option.isSome(yield* run.evaluation("aaaaaaaaaaaa")))
        assert.isTrue(Option.isSome(yield* run.evaluation("bbbbbbbbbbbb")))
      })
    )

    it.effect("an evaluation without its PNG is computed again", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const run = yield* (yield* storeAt(yield* temporary)).open("beta-sweep", id)
        yield* run.writeEvaluation(evaluator, result, [])
        assert.isTrue(Option.isSome(yield* run.evaluation(evaluator)))
        yield* run.writeEvaluation(evaluator, result, [picture("a"), picture("b")])
        assert.isTrue(Option.isSome(yield* run.evaluation(evaluator)))
        yield* fs.remove(join(run.directory, "figures", "a.png"))
        assert.isTrue(Option.isNone(yield* run.evaluation(evaluator)))
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

    it.effect("setAside keeps earlier attempts", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const results = yield* temporary
        const store = yield* storeAt(results)
        const run = yield* store.open("a", id)
        for (const attempt of [1, 2]) {
          yield* run.writeManifest(withStatus("done"))
          const aside = Option.getOrThrow(yield* run.setAside)
          assert.strictEqual(aside, join(results, "a", `${id}.attempt-${attempt}`))
          assert.isTrue(yield* fs.exists(join(aside, "manifest.json")))
          assert.isTrue(Option.isNone(yield* store.find(id, "a")))
        }
      })
    )

    it.effect("run.log is appended", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const run = yield* (yield* storeAt(yield* temporary)).open("a", id)
        for (const text of ["epoch one", "epoch two"]) {
          yield* Effect.scoped(
            Effect.flatMap(run.logger, (logger) => Effect.log(text).pipe(Effect.provide(Logger.layer([logger]))))
          )
        }
        const lines = (yield* fs.readFileString(join(run.directory, "run.log"))).trimEnd().split("\n")
        assert.strictEqual(lines.length, 2)
        assert.include(lines[0]!, "epoch one")
        assert.include(lines[1]!, "epoch two")
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

    it.effect(
      "after a failure, an interrupt or a kill at any operation the folder is consistent and the run resumes",
      () =>
        Effect.gen(function* () {
          const real = yield* FileSystem.FileSystem
          const { join } = yield* Path.Path
          const attempt = (results: string, fault: Faulty.Fault): Effect.Effect<number, never, Path.Path> => {
            const { fileSystem, operations } = Faulty.make(real, fault)
            return storeAt(results).pipe(
              Effect.flatMap((store) => store.open("a", id)),
              Effect.flatMap(life),
              Effect.scoped,
              Effect.provideService(FileSystem.FileSystem, fileSystem),
              Effect.exit,
              Effect.map(operations)
            )
          }
          const total = yield* attempt(yield* temporary, { at: 0, code: "", forever: false })
          assert.isAbove(total, 45)
          const statuses = new Set<Status | undefined>()
          const survive = Effect.fnUntraced(function* (fault: Faulty.Fault) {
            const results = yield* temporary
            yield* attempt(results, fault)
            // A killed process's claim would be passed over, which this one is not; and no real interrupt reaches a release.
            if (fault.forever || fault.code === "interrupt")
              yield* real.remove(join(results, ".locks"), { recursive: true, force: true })
            const run = yield* (yield* storeAt(results)).open("a", id)
            statuses.add(yield* assertConsistent(run))
            // Goes on as a trainer does: from the newest checkpoint.
            const from = Option.match(yield* run.checkpoint, { onNone: () => 0, onSome: (saved) => saved.epoch })
            yield* run.truncateHistory(from)
            for (const number of numbers.slice(from)) {
              yield* run.appendHistory(epoch(number))
              yield* run.saveCheckpoint(checkpoint(number))
            }
            assert.deepStrictEqual(yield* run.history, numbers.map(epoch))
            assert.deepStrictEqual(Option.getOrThrow(yield* run.checkpoint), checkpoint(2))
          })
          const faults = Array.from({ length: total + 1 }, (_, index): ReadonlyArray<Faulty.Fault> => [
            { at: index + 1, code: index % 2 === 0 ? "ENOSPC" : "interrupt", forever: false },
            { at: index + 1, code: "EIO", forever: true }
          ])
          yield* Effect.forEach(faults.flat(), survive, { concurrency: 8, discard: true })
          assert.deepStrictEqual(statuses, new Set([undefined, "running", "done"]))
        })
    )
  })
})
