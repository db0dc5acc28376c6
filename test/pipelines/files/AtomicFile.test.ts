import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, FileSystem, Option, Path } from "effect"
import * as AtomicFile from "../../../src/pipelines/files/AtomicFile.ts"
import type { StoreError } from "../../../src/pipelines/files/StoreError.ts"
import { needs } from "../../machine/Capability.ts"
import { linux } from "../../machine/Linux.ts"
import * as Faulty from "../FaultyFileSystem.ts"

const folder = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "atomic-" }))

const contentOf = (path: string) =>
  Effect.map(AtomicFile.read(path, 1e6), (bytes) =>
    Option.getOrUndefined(Option.map(bytes, (it) => new TextDecoder().decode(it)))
  )

describe("AtomicFile", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("writes text, bytes and pieces, creates folders, and replaces old files", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const path = join(yield* folder, "a", "b", "file.txt")
        yield* AtomicFile.write(path, "first")
        assert.strictEqual(yield* contentOf(path), "first")
        yield* AtomicFile.write(path, new TextEncoder().encode("second"))
        assert.strictEqual(yield* contentOf(path), "second")
        yield* AtomicFile.write(
          path,
          ["th", "", "ird"].map((piece) => new TextEncoder().encode(piece))
        )
        assert.strictEqual(yield* contentOf(path), "third")
        yield* AtomicFile.write(path, "")
        assert.strictEqual(yield* contentOf(path), "")
      })
    )

    it.effect("after any failed operation the file is unchanged, without leftovers", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const real = yield* FileSystem.FileSystem
        for (const [code, problem] of [
          ["ENOSPC", "no space"],
          ["EDQUOT", "no space"],
          ["EACCES", "cannot write"],
          ["EROFS", "cannot write"],
          ["ENOTDIR", "not a folder"],
          ["EIO", "cannot write"]
        ] as const) {
          const directory = yield* folder
          const path = join(directory, "file.txt")
          yield* AtomicFile.write(path, "old")
          // Opens, writes twice, syncs, renames.
          for (let at = 1; at <= 5; at++) {
            const { fileSystem } = Faulty.make(real, { at, code, forever: false })
            const error: StoreError = yield* AtomicFile.write(path, [Uint8Array.of(1, 2), Uint8Array.of(3, 4)]).pipe(
              Effect.provideService(FileSystem.FileSystem, fileSystem),
              Effect.flip
            )
            assert.strictEqual(error._tag, "StoreError")
            assert.strictEqual(error.problem, problem)
            assert.include([path, directory], error.path)
            assert.include(error.message, code)
            assert.strictEqual(yield* contentOf(path), "old")
            assert.deepStrictEqual(yield* real.readDirectory(directory), ["file.txt"])
          }
          const { fileSystem, operations } = Faulty.make(real, { at: 6, code, forever: false })
          yield* AtomicFile.write(path, [Uint8Array.of(1, 2), Uint8Array.of(3, 4)]).pipe(
            Effect.provideService(FileSystem.FileSystem, fileSystem)
          )
          assert.strictEqual(operations(), 5)
        }
      })
    )

    it.effect("a kill leaves at most a recognised temporary file", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const real = yield* FileSystem.FileSystem
        for (let at = 1; at <= 4; at++) {
          const directory = yield* folder
          const { fileSystem } = Faulty.make(real, { at, code: "EIO", forever: true })
          yield* AtomicFile.write(join(directory, "file.txt"), "content").pipe(
            Effect.provideService(FileSystem.FileSystem, fileSystem),
            Effect.flip
          )
          const left = yield* real.readDirectory(directory)
          assert.strictEqual(left.length, at === 1 ? 0 : 1)
          assert.isTrue(left.every(AtomicFile.isTemporary))
        }
        assert.isFalse(AtomicFile.isTemporary("manifest.json"))
      })
    )

    it.effect("an interrupt between pieces keeps the old file, without leftovers", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const real = yield* FileSystem.FileSystem
        const directory = yield* folder
        const path = join(directory, "file.txt")
        yield* AtomicFile.write(path, "old")
        const begun = yield* Deferred.make<void>()
        const go = yield* Deferred.make<void>()
        let written = 0
        const slow = FileSystem.FileSystem.of({
          ...real,
          open: (name, options) =>
            Effect.map(real.open(name, options), (file) => ({
              ...file,
              stat: file.stat,
              sync: file.sync,
              writeAll: (bytes: Uint8Array) =>
                Deferred.succeed(begun, undefined).pipe(
                  Effect.andThen(Deferred.await(go)),
                  Effect.andThen(Effect.suspend(() => file.writeAll(bytes))),
                  Effect.tap(() => Effect.sync(() => written++))
                )
            }))
        })
        const fiber = yield* AtomicFile.write(path, [Uint8Array.of(1), Uint8Array.of(2)]).pipe(
          Effect.provideService(FileSystem.FileSystem, slow),
          Effect.forkChild
        )
        yield* Deferred.await(begun)
        const interrupting = yield* Effect.forkChild(Fiber.interrupt(fiber))
        yield* Effect.yieldNow
        // The piece that is under way ends before the file is closed.
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(interrupting)
        assert.strictEqual(written, 1)
        assert.strictEqual(yield* contentOf(path), "old")
        assert.deepStrictEqual(yield* real.readDirectory(directory), ["file.txt"])
      })
    )

    it.effect("reports why a folder cannot be created", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const real = yield* FileSystem.FileSystem
        const path = join(yield* folder, "a", "b", "file.txt")
        for (const at of [1, 2]) {
          const { fileSystem } = Faulty.make(real, { at, code: "EROFS", forever: false })
          const error = yield* AtomicFile.write(path, "content").pipe(
            Effect.provideService(FileSystem.FileSystem, fileSystem),
            Effect.flip
          )
          assert.strictEqual(error.problem, "cannot write")
          assert.include(error.message, "EROFS")
        }
      })
    )

    it.effect(
      "reports a folder in which no user can create folders",
      () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(AtomicFile.write("/proc/a/b/file.txt", ""))).problem, "cannot write")
        }),
      needs(linux)
    )

    it.effect("names a file in the place of a folder", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const file = join(yield* folder, "file")
        yield* AtomicFile.write(file, "")
        for (const path of [join(file, "x.txt"), join(file, "deeper", "x.txt")]) {
          const error = yield* Effect.flip(AtomicFile.write(path, "content"))
          assert.strictEqual(error.problem, "not a folder")
          assert.include(error.message, "--results")
        }
        assert.strictEqual((yield* Effect.flip(AtomicFile.read(join(file, "x.txt"), 10))).problem, "not a folder")
      })
    )

    it.effect("refuses to read folders, devices and large files; returns none for a missing file", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        const directory = yield* folder
        assert.strictEqual((yield* Effect.flip(AtomicFile.read(directory, 10))).problem, "cannot read")
        assert.strictEqual((yield* Effect.flip(AtomicFile.read("/dev/zero", 10))).problem, "cannot read")
        const path = join(directory, "file")
        assert.isTrue(Option.isNone(yield* AtomicFile.read(path, 10)))
        yield* AtomicFile.write(path, "0123456789")
        assert.isTrue(Option.isSome(yield* AtomicFile.read(path, 10)))
        assert.strictEqual((yield* Effect.flip(AtomicFile.read(path, 9))).problem, "corrupt")
      })
    )

    it.effect("entry refuses names that lead elsewhere", () =>
      Effect.gen(function* () {
        const { join } = yield* Path.Path
        assert.strictEqual(yield* AtomicFile.entry("/results", "beta-sweep_1.0"), join("/results", "beta-sweep_1.0"))
        for (const name of ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a\0", "a b", "x".repeat(300)]) {
          assert.strictEqual((yield* Effect.flip(AtomicFile.entry("/results", name))).problem, "cannot write")
        }
      })
    )
  })
})
