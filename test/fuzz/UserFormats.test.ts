/** Damaged archives, tables and IDX files: each gives images of its shape, or is refused with an error of the dataset. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { DataDirectories, Dataset } from "../../src/core/Dataset.ts"
import * as CsvImages from "../../src/core/datasets/CsvImages.ts"
import * as IdxArrays from "../../src/core/datasets/IdxArrays.ts"
import * as NumpyImages from "../../src/core/datasets/NumpyImages.ts"
import * as ParquetImages from "../../src/core/datasets/ParquetImages.ts"
import { fuzz, hasTag } from "./Fuzz.ts"
import { damage, type Draw } from "./Mutations.ts"

const fixtures = fileURLToPath(new URL("../core/datasets/fixtures", import.meta.url))
const folder = mkdtempSync(`${tmpdir()}/user-formats-`)
afterAll(() => rmSync(folder, { recursive: true }))
cpSync(fixtures, folder, { recursive: true })

const size = { height: 6, width: 5 }
const classes = ["circle", "square, or so", 'the "third"']
const arrays = { ...size, array: "train_images", labels: "train_labels", classes }

/** The file that is damaged, and a dataset that reads it. */
const readers: Readonly<Record<string, readonly [file: string, layer: Layer.Layer<Dataset>]>> = {
  "stored .npz files": ["stored.npz", NumpyImages.labelled({ ...arrays, file: "stored.npz" })],
  "deflated .npz files": ["deflated.npz", NumpyImages.labelled({ ...arrays, file: "deflated.npz" })],
  "IDX files": ["images.idx", IdxArrays.layer({ ...size, file: "images.idx" })],
  "compressed IDX files": ["images.idx.gz", IdxArrays.layer({ ...size, file: "images.idx.gz" })],
  "CSV files": ["train.csv", CsvImages.labelled({ ...size, channels: 1, file: "train.csv", classes })],
  "parquet files": [
    "train-00000-of-00002.parquet",
    ParquetImages.labelled({ ...size, channels: 1, folder: ".", files: "train-00000-of-00002.parquet", classes })
  ],
  "parquet files compressed by zstd": [
    "bytes-zstd.parquet",
    ParquetImages.layer({ ...size, channels: 1, folder: ".", files: "bytes-zstd.parquet", imageColumn: "picture" })
  ]
}

describe("files of a person's own", () => {
  for (const [name, [file, layer]] of Object.entries(readers)) {
    it.live(`${name} give images of their shape, or are refused`, () =>
      Effect.gen(function* () {
        const bytes = new Uint8Array(readFileSync(`${fixtures}/${file}`))
        const outcomes = yield* fuzz({
          name,
          count: 100,
          draw: (draw: Draw) => (draw.chance(0.1) ? bytes : damage(bytes, draw)),
          read: (damaged) =>
            Effect.suspend(() => {
              writeFileSync(`${folder}/${file}`, damaged)
              return Dataset.use(({ load, locate }) => Effect.flatMap(locate, load))
            }).pipe(
              Effect.provide(layer, { local: true }),
              Effect.provideService(DataDirectories, { dataDirectory: folder, cacheDirectory: undefined })
            ),
          refusal: hasTag("DatasetError"),
          accepted: ({ test, train }) => {
            for (const { count, images, labels } of [train, test]) {
              assert.isAbove(count, 0)
              assert.strictEqual(images.length, count * 30)
              if (labels !== undefined) assert.isBelow(Math.max(...labels), classes.length)
            }
          }
        })
        assert.isAbove(outcomes.accepted, 5)
        assert.isAbove(outcomes.refused, 20)
      }).pipe(Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici]))
    )
  }
})
