import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Option, Path } from "effect"
import { float32 } from "../../../src/core/Tensors.ts"
import * as Snapshot from "../../../src/pipelines/store/Snapshot.ts"

const folder = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "snapshots-" }))

const run = "3f9c1e7a52d0"

const parameters = { "parameters/kernel": float32([2], Float32Array.of(1, -1)) }

const state = { ...parameters, "optimizer/kernel": float32([2], Float32Array.of(7, 8)) }

describe("Snapshot", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("restores the parameters without the optimiser's state", () =>
      Effect.gen(function* () {
        const directory = yield* folder
        assert.isFalse(yield* Snapshot.has(directory, 3))
        assert.isTrue(Option.isNone(yield* Snapshot.read(directory, run, 3)))
        yield* Snapshot.save(directory, run, 3, state)
        assert.isTrue(yield* Snapshot.has(directory, 3))
        assert.deepStrictEqual(Option.getOrThrow(yield* Snapshot.read(directory, run, 3)), parameters)
        const fs = yield* FileSystem.FileSystem
        assert.deepStrictEqual(yield* fs.readDirectory(directory), ["epoch-0003.safetensors"])
      })
    )

    it.effect("refuses a truncated snapshot, another run's or another epoch's", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        const directory = yield* folder
        yield* Snapshot.save(directory, run, 1, state)
        const bytes = yield* fs.readFile(join(directory, Snapshot.fileName(1)))
        yield* fs.writeFile(join(directory, Snapshot.fileName(2)), bytes)
        yield* fs.writeFile(join(directory, Snapshot.fileName(4)), bytes.subarray(0, bytes.length - 1))
        const failure = (epoch: number, of = run) => Effect.flip(Snapshot.read(directory, of, epoch))
        assert.match((yield* failure(1, "0123456789ab")).message, /it belongs to run 3f9c1e7a52d0/)
        assert.match((yield* failure(2)).message, /it was saved after epoch 1/)
        assert.strictEqual((yield* failure(4)).problem, "corrupt")
      })
    )
  })
})
