import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Logger, Option, Path } from "effect"
import type { Status } from "../../../src/pipelines/store/Manifest.ts"
import * as Faulty from "../FaultyFileSystem.ts"
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
  numbers,
  life,
  assertConsistent,
  id
} from "./RunStoreFixture.ts"

describe("Run", () => {
  layer(NodeServices.layer)((it) => {
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
