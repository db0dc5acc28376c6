import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Logger, Option, Path, Result } from "effect"
import { float32 } from "../../../src/core/Tensors.ts"
import * as AtomicFile from "../../../src/pipelines/files/AtomicFile.ts"
import * as Checkpoint from "../../../src/pipelines/store/Checkpoint.ts"
import * as Safetensors from "../../../src/pipelines/files/Safetensors.ts"
import * as Faulty from "../FaultyFileSystem.ts"

const folder = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "checkpoints-" }))

const run = "3f9c1e7a52d0"

const at = (step: number): Checkpoint.Checkpoint => ({
  tensors: { "parameters/kernel": float32([2], Float32Array.of(step, -step)) },
  epoch: Math.floor(step / 10),
  step,
  sums: { loss: step * 0.1, diverged: Number.NaN }
})

const stepOf = (found: Option.Option<Checkpoint.Checkpoint>) =>
  Option.getOrUndefined(Option.map(found, ({ step }) => step))

/** What is logged, as text. */
const collecting = () => {
  const lines: Array<string> = []
  return { lines, layer: Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))]) }
}

describe("Checkpoint", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("restores checkpoints, the newest first, and keeps two", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const directory = yield* folder
        assert.isTrue(Option.isNone(yield* Checkpoint.newest(directory, run)))
        for (const step of [0, 9, 10, 11]) {
          yield* Checkpoint.save(directory, run, at(step))
          assert.deepStrictEqual(Option.getOrThrow(yield* Checkpoint.newest(directory, run)), at(step))
        }
        assert.deepStrictEqual((yield* fs.readDirectory(directory)).sort(), [
          "step-0000000010.safetensors",
          "step-0000000011.safetensors"
        ])
      })
    )

    it.effect("keeps the last loss, and reads version 1, which had none", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const directory = yield* folder
        const newest = Effect.map(Checkpoint.newest(directory, run), Option.getOrThrow)
        for (const lastFiniteLoss of [0.1 + 0.2, -1e-300, 5e21]) {
          yield* Checkpoint.save(directory, run, { ...at(10), lastFiniteLoss })
          assert.strictEqual((yield* newest).lastFiniteLoss, lastFiniteLoss)
        }
        const { epoch, step, tensors } = at(11)
        const place = { epoch: String(epoch), step: String(step), sums: '{"loss":1.1,"diverged":"NaN"}' }
        const metadata = { format: "effect-vae checkpoint 1", run, ...place }
        const pieces = Result.getOrThrow(Safetensors.encode({ tensors, metadata }))
        yield* fs.writeFile(join(directory, Checkpoint.fileName(step)), Buffer.concat(pieces))
        assert.deepStrictEqual(yield* newest, { ...at(11), sums: { loss: 1.1, diverged: Number.NaN } })
      })
    )

    it.effect("keeps one best checkpoint, from which no run resumes, and which newer ones do not remove", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const directory = yield* folder
        assert.isTrue(Option.isNone(yield* Checkpoint.best(directory, run)))
        for (const epoch of [1, 2]) {
          const best = { tensors: at(epoch).tensors, epoch, step: 10 * epoch, loss: 1 / 3 / epoch }
          yield* Checkpoint.saveBest(directory, run, best)
          assert.deepStrictEqual(yield* Checkpoint.best(directory, run), Option.some(best))
        }
        assert.isTrue(Option.isNone(yield* Checkpoint.newest(directory, run)))
        for (const step of [30, 40, 50]) yield* Checkpoint.save(directory, run, at(step))
        assert.deepStrictEqual((yield* fs.readDirectory(directory)).sort(), [
          Checkpoint.bestName,
          Checkpoint.fileName(40),
          Checkpoint.fileName(50)
        ])
        const { layer: logger, lines } = collecting()
        const read = (of: string) => Checkpoint.best(directory, of).pipe(Effect.provide(logger))
        assert.isTrue(Option.isNone(yield* read("000000000000")))
        const path = join(directory, Checkpoint.bestName)
        yield* fs.writeFile(path, (yield* fs.readFile(path)).subarray(0, -1))
        assert.isTrue(Option.isNone(yield* read(run)))
        assert.strictEqual(lines.length, 2)
      })
    )

    it.effect("skips a faulty checkpoint with a warning", () =>
      Effect.gen(function* () {
        const directory = yield* folder
        yield* Checkpoint.save(directory, run, at(10))
        yield* Checkpoint.save(directory, run, at(20))
        const { layer: logger, lines } = collecting()
        const fault = ({ step }: Checkpoint.Checkpoint) => (step > 15 ? "it is too new" : undefined)
        const found = yield* Checkpoint.newest(directory, run, fault).pipe(Effect.provide(logger))
        assert.strictEqual(stepOf(found), 10)
        assert.match(lines.join(), /step-0000000020.*it is too new/)
      })
    )

    it.effect("saving twice gives equal bytes", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const [left, right] = [yield* folder, yield* folder]
        yield* Checkpoint.save(left, run, at(7))
        yield* Checkpoint.save(right, run, at(7))
        const bytes = (directory: string) => AtomicFile.read(join(directory, Checkpoint.fileName(7)), 1e6)
        assert.deepStrictEqual(yield* bytes(left), yield* bytes(right))
      })
    )

    it.effect("skips a damaged, truncated, foreign or renamed checkpoint with a warning that names it", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const damages: ReadonlyArray<
          readonly [string, (path: string, bytes: Uint8Array) => Effect.Effect<void, unknown>]
        > = [
          [
            "digest",
            (path, bytes) =>
              fs.writeFile(
                path,
                bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte))
              )
          ],
          ["ends", (path) => fs.writeFile(path, new Uint8Array(3))],
          ["instead of", (path, bytes) => fs.writeFile(path, bytes.subarray(0, bytes.length - 1))],
          ["header", (path) => fs.writeFile(path, new Uint8Array(5000))],
          [
            "run 000000000000",
            (path) => Checkpoint.save(join(path, ".."), "000000000000", at(20)).pipe(Effect.provide(NodeServices.layer))
          ],
          ["step 10", (path) => fs.copyFile(join(path, "..", Checkpoint.fileName(10)), path)]
        ]
        for (const [word, damage] of damages) {
          const { layer: logger, lines } = collecting()
          const directory = yield* folder
          yield* Checkpoint.save(directory, run, at(10))
          yield* Checkpoint.save(directory, run, at(20))
          const path = join(directory, Checkpoint.fileName(20))
          yield* damage(path, yield* fs.readFile(path))
          const found = yield* Checkpoint.newest(directory, run).pipe(Effect.provide(logger))
          assert.strictEqual(stepOf(found), 10)
          assert.strictEqual(lines.length, 1)
          assert.include(lines[0]!, path)
          assert.include(lines[0]!, word)
          // Going on from 10 removes what could not be used.
          yield* Checkpoint.save(directory, run, at(15))
          assert.deepStrictEqual((yield* fs.readDirectory(directory)).sort(), [
            Checkpoint.fileName(10),
            Checkpoint.fileName(15)
          ])
        }
      })
    )

    it.effect("an intact checkpoint of an unknown format is an error, and nothing is skipped", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const directory = yield* folder
        yield* Checkpoint.save(directory, run, at(10))
        for (const [name, format, read] of [
          [Checkpoint.fileName(20), "effect-vae checkpoint 3", Effect.asVoid(Checkpoint.newest(directory, run))],
          [Checkpoint.bestName, "effect-vae best checkpoint 0", Effect.asVoid(Checkpoint.best(directory, run))]
        ] as const) {
          const metadata = { format, run, epoch: "2", step: "20", more: "new" }
          const pieces = Result.getOrThrow(Safetensors.encode({ tensors: at(20).tensors, metadata }))
          yield* fs.writeFile(join(directory, name), Buffer.concat(pieces))
          const error = yield* Effect.flip(read)
          assert.strictEqual(error.problem, "unknown format")
          for (const words of [join(directory, name), format, "--results"]) assert.include(error.message, words)
        }
      })
    )

    it.effect("an intact checkpoint remains after any failed operation; a later save cleans up", () =>
      Effect.gen(function* () {
        const real = yield* FileSystem.FileSystem
        for (const forever of [true, false]) {
          for (let operation = 1; operation <= 12; operation++) {
            const directory = yield* folder
            yield* Checkpoint.save(directory, run, at(1))
            yield* Checkpoint.save(directory, run, at(2))
            const { fileSystem } = Faulty.make(real, { at: operation, code: "ENOSPC", forever })
            const saved = yield* Checkpoint.save(directory, run, at(3)).pipe(
              Effect.provideService(FileSystem.FileSystem, fileSystem),
              Effect.option
            )
            const found = yield* Checkpoint.newest(directory, run)
            assert.deepStrictEqual(Option.getOrThrow(found), at(Option.isSome(saved) ? 3 : 2))
            yield* Checkpoint.save(directory, run, at(4))
            assert.strictEqual((yield* real.readDirectory(directory)).length, 2)
          }
        }
      })
    )

    it.effect("refuses values that a checkpoint cannot contain", () =>
      Effect.gen(function* () {
        const directory = yield* folder
        for (const wrong of [
          { ...at(1), tensors: { a: float32([3], Float32Array.of(1)) } },
          { ...at(1), step: -1 },
          { ...at(1), epoch: 0.5 }
        ]) {
          assert.strictEqual((yield* Effect.flip(Checkpoint.save(directory, run, wrong))).problem, "cannot write")
        }
      })
    )

    it.effect("a file in the place of the folder is an error, not a missing checkpoint", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const path = join(yield* folder, "checkpoints")
        yield* AtomicFile.write(path, "")
        assert.strictEqual((yield* Effect.flip(Checkpoint.newest(path, run))).problem, "not a folder")
      })
    )
  })
})
