import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Option, Path } from "effect"
import type { EpochMetrics } from "../../../src/core/TrainedModel.ts"
import * as History from "../../../src/pipelines/store/History.ts"
import { needs } from "../../machine/Capability.ts"
import { fullDisk } from "../../machine/Linux.ts"
import * as Faulty from "../FaultyFileSystem.ts"

const file = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  return join(yield* fs.makeTempDirectoryScoped({ prefix: "history-" }), "run", "metrics.ndjson")
})

const epoch = (number: number): EpochMetrics => ({
  epoch: number,
  step: number * 469,
  metrics: { "train/loss": 0.1 + 0.2 + number, "test/kl": 1e-300 },
  examplesPerSecond: 9843.21
})

const epochs = (count: number) => Array.from({ length: count }, (_, index) => epoch(index + 1))

describe("History", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("is empty before the first epoch and has one line per epoch in order", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* file
        assert.deepStrictEqual(yield* History.read(path), [])
        yield* Effect.forEach(epochs(3), (line) => History.append(path, line))
        assert.deepStrictEqual(yield* History.read(path), epochs(3))
        const lines = (yield* fs.readFileString(path)).split("\n")
        assert.strictEqual(lines.length, 4)
        assert.deepStrictEqual(JSON.parse(lines[1]!), epoch(2))
      })
    )

    it.effect("returns the epochs before a damaged line; resuming removes the rest", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* file
        yield* Effect.forEach(epochs(4), (line) => History.append(path, line))
        const lines = (yield* fs.readFileString(path)).split("\n")
        for (const damaged of ["", "{", '{"epoch":3}', lines[0]!, lines[2]!.replace("3", "0"), "\ufffd"]) {
          yield* fs.writeFileString(path, [lines[0], lines[1], damaged, lines[3], ""].join("\n"))
          const { epochs: readable, fault } = yield* History.readValid(path)
          assert.deepStrictEqual(readable, epochs(2))
          assert.match(Option.getOrThrow(fault).message, /line 3/)
          assert.match((yield* Effect.flip(History.read(path))).message, /line 3/)
          yield* History.truncate(path, 5)
          assert.deepStrictEqual(yield* History.read(path), epochs(2))
        }
      })
    )

    it.effect("keeps non-finite numbers", () =>
      Effect.gen(function* () {
        const path = yield* file
        const odd = { ...epoch(1), metrics: { a: Number.NaN, b: Infinity, c: -Infinity } }
        yield* History.append(path, odd)
        assert.deepStrictEqual(yield* History.read(path), [odd])
      })
    )

    it.effect("a truncated line is dropped by readers and by the next append", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* file
        yield* Effect.forEach(epochs(2), (line) => History.append(path, line))
        const whole = yield* fs.readFile(path)
        const first = whole.indexOf(0x0a) + 1
        for (let length = 0; length < whole.length; length++) {
          yield* fs.writeFile(path, whole.subarray(0, length))
          const kept = length < first ? [] : [epoch(1)]
          assert.deepStrictEqual(yield* History.read(path), kept)
          yield* History.append(path, epoch(5))
          assert.deepStrictEqual(yield* History.read(path), [...kept, epoch(5)])
        }
        // What a disk leaves that had lengthened the file before it wrote.
        yield* fs.writeFile(path, Buffer.concat([whole, Buffer.alloc(100)]))
        assert.deepStrictEqual(yield* History.read(path), epochs(2))
      })
    )

    it.effect("a failed append removes its partial line; a killed one is dropped", () =>
      Effect.gen(function* () {
        const real = yield* FileSystem.FileSystem
        for (const forever of [false, true]) {
          // Opens, writes, syncs.
          for (let at = 1; at <= 3; at++) {
            const path = yield* file
            yield* History.append(path, epoch(1))
            const before = yield* real.readFileString(path)
            const { fileSystem } = Faulty.make(real, { at, code: "ENOSPC", forever })
            const error = yield* History.append(path, epoch(2)).pipe(
              Effect.provideService(FileSystem.FileSystem, fileSystem),
              Effect.flip
            )
            assert.strictEqual(error.problem, "no space")
            // The line of a process that was killed while it waited for the disk is whole.
            const expected = forever && at === 3 ? epochs(2) : epochs(1)
            assert.deepStrictEqual(yield* History.read(path), expected)
            if (!forever) assert.strictEqual(yield* real.readFileString(path), before)
            yield* History.append(path, epoch(3))
            assert.deepStrictEqual(yield* History.read(path), [...expected, epoch(3)])
          }
        }
      })
    )

    it.effect(
      "reports a full disk",
      () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const { dirname } = yield* Path.Path
          const path = yield* file
          yield* fs.makeDirectory(dirname(path))
          yield* fs.symlink(fullDisk.value!, path)
          const error = yield* Effect.flip(History.append(path, epoch(1)))
          assert.strictEqual(error.problem, "no space")
          assert.include(error.message, path)
        }),
      needs(fullDisk)
    )

    it.effect("truncate removes later epochs atomically", () =>
      Effect.gen(function* () {
        const real = yield* FileSystem.FileSystem
        const path = yield* file
        yield* History.truncate(path, 0)
        assert.isFalse(yield* real.exists(path))
        yield* Effect.forEach(epochs(5), (line) => History.append(path, line))
        for (let at = 1; at <= 4; at++) {
          const { fileSystem } = Faulty.make(real, { at, code: "EIO", forever: true })
          yield* History.truncate(path, 2).pipe(Effect.provideService(FileSystem.FileSystem, fileSystem), Effect.flip)
          assert.deepStrictEqual(yield* History.read(path), epochs(5))
        }
        yield* History.truncate(path, 7)
        assert.deepStrictEqual(yield* History.read(path), epochs(5))
        yield* History.truncate(path, 3)
        assert.deepStrictEqual(yield* History.read(path), epochs(3))
        yield* History.truncate(path, 0)
        assert.deepStrictEqual(yield* History.read(path), [])
      })
    )

    it.effect("refuses an invalid history, with the line", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* file
        yield* History.append(path, epoch(1))
        const good = yield* fs.readFileString(path)
        for (const [text, word] of [
          [`${good}not JSON\n`, "line 2"],
          [`${good}{}\n`, "line 2"],
          [`${good}\n`, "line 2"],
          [`${good}${good}`, "is not greater than the previous epoch"],
          [good.replace('"step"', '"steps"'), "line 1"],
          [good.replace('"epoch":1', '"epoch":0'), "line 1"],
          [good.replace('"epoch":1', '"epoch":1.5'), "line 1"]
        ] as const) {
          yield* fs.writeFileString(path, text)
          const error = yield* Effect.flip(History.read(path))
          assert.strictEqual(error.problem, "corrupt")
          assert.include(error.message, word)
        }
        yield* fs.writeFile(path, Uint8Array.of(0xff, 0x0a))
        assert.include((yield* Effect.flip(History.read(path))).message, "UTF-8")
      })
    )
  })
})
