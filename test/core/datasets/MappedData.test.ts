/** Training on data that is memory-mapped from a file, beside the same data in memory. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Logger } from "effect"
import * as MappedFile from "../../../src/core/datasets/MappedFile.ts"
import { DataMemory } from "../../../src/core/datasets/PreparedData.ts"
import {
  Adam,
  BetaElbo,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  IdxArrays,
  Parameter,
  Runs,
  Training
} from "../../../src/index.ts"
import { bits } from "../../../src/core/Random.ts"
import { machineCode } from "../../machine/MachineCode.ts"
import { linux } from "../../machine/Linux.ts"
import { needs } from "../../machine/Capability.ts"
import { platform } from "../../pipelines/Sandbox.ts"

const folder = mkdtempSync(join(tmpdir(), "mapped-data-"))
afterAll(() => rmSync(folder, { recursive: true }))

const count = 3000
const side = 20

/** An IDX file of `count` images of noise above a gradient: above the size up to which the native engine copies. */
const file = join(folder, "images.idx")
const header = Buffer.alloc(16)
header.writeUInt32BE(0x803, 0)
for (const [axis, size] of [count, side, side].entries()) header.writeUInt32BE(size, 4 + 4 * axis)
const noise = bits({ seed: 3, stream: "test/mapped", step: 0 }, count * side * side)
const values = Uint8Array.from(noise, (word, index) => (word & 127) + (index % side) * 6)
writeFileSync(file, Buffer.concat([header, values]))

const experiment = Experiment.make("mapped", {
  description: "Reads its images from a file.",
  parameters: { beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }) },
  run: ({ beta }) => ({
    dataset: IdxArrays.layer({ file, height: side, width: side }),
    model: DenseVae.layer({ hidden: [8], latent: 2 }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs: 2, batchSize: 100, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
})

/** Parameters, optimiser state and history of the experiment's run; datasets above `bytes` are mapped. */
const trained = Effect.fnUntraced(function* (name: string, engine: "native" | "onnxruntime", bytes: number) {
  const results = join(folder, name)
  const [row] = yield* Runs.train(experiment, { results, engine }).pipe(Effect.provideService(DataMemory, { bytes }))
  const run = join(results, "mapped", row!.directory)
  const checkpoints = readdirSync(join(run, "checkpoints")).filter((entry) => entry.endsWith(".safetensors"))
  const history = readFileSync(join(run, "metrics.ndjson"), "utf8")
  return {
    id: row!.id,
    checkpoints: checkpoints.map((entry) => readFileSync(join(run, "checkpoints", entry)).toString("base64")),
    metrics: history
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { readonly metrics: unknown }).metrics)
  }
})

const mappings = () =>
  readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .filter((line) => line.includes(folder))

describe("Training on mapped data", needs(linux), () => {
  for (const [engine, capability] of [
    ["onnxruntime", linux],
    ["native", machineCode]
  ] as const) {
    it.live(
      `gives the bits of training on data in memory, on ${engine}`,
      () =>
        Effect.gen(function* () {
          const inMemory = yield* trained(`${engine}-memory`, engine, 2 ** 30)
          const prepared = join(folder, `cache-${engine}`, "effect-vae", "prepared")
          assert.isFalse(existsSync(prepared))
          const mapped = yield* trained(`${engine}-mapped`, engine, 0)
          assert.lengthOf(readdirSync(prepared), 1)
          assert.isAbove(mapped.checkpoints.length, 0)
          assert.deepStrictEqual(mapped, inMemory)
        }).pipe(
          Effect.provide([
            platform,
            Logger.layer([]),
            ConfigProvider.layer(ConfigProvider.fromUnknown({ XDG_CACHE_HOME: join(folder, `cache-${engine}`) }))
          ])
        ),
      { ...needs(capability), timeout: 120_000 }
    )
  }
})

describe("MappedFile", needs(linux), () => {
  it.live("reads and writes the file, and is released once its array is unreachable", () =>
    Effect.gen(function* () {
      const path = join(folder, "new")
      yield* Effect.gen(function* () {
        const array = yield* MappedFile.create(path, 10_000)
        array.set([1, 2, 3], 9000)
        const again = yield* MappedFile.open(path)
        assert.deepStrictEqual(again.subarray(8999, 9004), Uint8Array.of(0, 1, 2, 3, 0))
        assert.isAtLeast(mappings().filter((line) => line.endsWith("/new")).length, 1)
      })
      assert.deepStrictEqual(new Uint8Array(readFileSync(path)).subarray(9000, 9003), Uint8Array.of(1, 2, 3))
      setFlagsFromString("--expose-gc")
      const collect = runInNewContext("gc") as () => void
      for (let left = 50; left > 0 && mappings().some((line) => line.endsWith("/new")); left--) {
        collect()
        yield* Effect.sleep("20 millis")
      }
      assert.isEmpty(mappings().filter((line) => line.endsWith("/new")))
    })
  )

  it.live("says why a file cannot be mapped", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(MappedFile.open(join(folder, "none")))
      assert.include(missing.message, `${folder}/none cannot be memory-mapped: ENOENT`)
      const huge = yield* Effect.flip(MappedFile.create(join(folder, "huge"), 2 ** 52))
      assert.include(huge.message, `the disk gives no ${2 ** 52} bytes`)
    })
  )
})
