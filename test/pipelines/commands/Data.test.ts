/** `exp data check` on files of every format (`test/core/datasets/fixtures/make.py`). */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp from "sharp"
import { CsvImages, IdxArrays, ImageFolder, NumpyImages, ParquetImages } from "../../../src/index.ts"
import { exp } from "./Calls.ts"

const folder = mkdtempSync(join(tmpdir(), "data-check-"))
afterAll(() => rmSync(folder, { recursive: true }))
cpSync(new URL("../../core/datasets/fixtures", import.meta.url), folder, { recursive: true })
mkdirSync(join(folder, "classes"))
for (const [index, name] of ["cat", "cat", "dog", "dog"].entries()) {
  mkdirSync(join(folder, "classes", name), { recursive: true })
  cpSync(join(folder, `pictures/0${index}.png`), join(folder, "classes", name, `${index}.png`))
}

const sheet = join(folder, "sheet.png")
const check = (path: string) => exp("data", "check", join(folder, path), "--out", sheet)

/** The options of the printed declaration, as the module it names takes them. */
const declared = (output: string, call: string): Record<string, unknown> => {
  const line = output.split("\n").find((text) => text.startsWith("dataset: "))!
  assert.isTrue(line.startsWith(`dataset: ${call}({ `), line)
  const [module = "", name = ""] = call.split(".")
  assert.include(output, `import { ${module} } from "effect-vae"`)
  assert.include(["layer", "labelled"], name)
  assert.property({ CsvImages, IdxArrays, ImageFolder, NumpyImages, ParquetImages }, module)
  return JSON.parse(line.slice(line.indexOf("({") + 1, -1).replaceAll(/(?<=[{,] )(\w+):/g, '"$1":'))
}

const names = ["circle", "square, or so", 'the "third"']

describe("exp data check", () => {
  for (const [path, call, expected, classes] of [
    [
      "stored.npz",
      "NumpyImages.labelled",
      { array: "train_images", test: "test_images", testLabels: "test_labels" },
      3
    ],
    ["images.idx.gz", "IdxArrays.labelled", { labels: "labels.idx", classes: ["0", "1", "2"] }, 3],
    ["train.csv", "CsvImages.labelled", { classes: names }, 3],
    [".", "ParquetImages.labelled", { files: "train-*.parquet", test: "test-*.parquet", classes: names }, 3],
    ["bytes-zstd.parquet", "ParquetImages.layer", { files: "bytes-zstd.parquet", imageColumn: "picture" }, undefined],
    ["pictures", "ImageFolder.layer", {}, undefined],
    ["classes", "ImageFolder.labelled", { classes: ["cat", "dog"] }, 2]
  ] as const) {
    it.live(`says what ${path} holds, and how to declare it`, () =>
      Effect.gen(function* () {
        const { code, output } = yield* check(path)
        assert.strictEqual(code, 0, output)
        const options = declared(output, call)
        assert.deepInclude(options, { height: 6, width: 5, channels: 1, ...expected })
        assert.match(output, /images +\d+ of 6x5 pixels \(height x width\), grey: \d+ training, \d+ test/)
        assert.match(output, /values +0 to 25\d, \d+ different, mean 1\d\d\.\d, standard deviation \d+\.\d/)
        if (classes === undefined) assert.notInclude(output, "classes  ")
        else assert.include(output, `classes  ${classes}: `)
      })
    )
  }

  it.live("draws the training images on the contact sheet, enlarged by a whole factor", () =>
    Effect.gen(function* () {
      yield* check("stored.npz")
      const { data, info } = yield* Effect.promise(() =>
        sharp(sheet).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true })
      )
      // 10 columns of 5 pixels and 9 gaps of 1, two rows of 6 pixels and a gap.
      const factor = info.width / 59
      assert.strictEqual(factor % 2, 0)
      assert.strictEqual(info.height, 13 * factor)
      const pixel = (row: number, column: number) => data[(row * info.width + column) * factor]
      // In turn the first of each class: images 0, 1, 2, and so on.
      for (let index = 0; index < 10; index++) {
        assert.strictEqual(pixel(0, index * 6), index * 7)
        assert.strictEqual(pixel(5, index * 6 + 4), (index * 31 + 13 * 29) % 256)
      }
      assert.strictEqual(pixel(0, 5), 255)
    })
  )

  it.live("names what cannot be read, and what can", () =>
    Effect.gen(function* () {
      writeFileSync(join(folder, "cut.npz"), readFileSync(join(folder, "stored.npz")).subarray(0, 900))
      mkdirSync(join(folder, "mixed"))
      for (const index of [0, 1, 2]) cpSync(join(folder, `pictures/0${index}.png`), join(folder, `mixed/${index}.png`))
      yield* Effect.promise(() =>
        sharp(join(folder, "pictures/05.png")).resize(9, 9).toFile(join(folder, "mixed/9.png"))
      )
      mkdirSync(join(folder, "empty"))
      for (const [path, ...texts] of [
        ["nowhere", "does not exist"],
        ["empty", "expected PNG, JPEG or WebP images, found none among 0 files"],
        ["make.py", "expected a folder of PNG, JPEG or WebP files, a .npy or .npz array"],
        ["pickled.npz", "no array has images: images: expected", "|O (pickled objects)"],
        ["cut.npz", "expected a .npz file, found no readable zip archive"],
        ["mixed", "expected images of 6x5 pixels", "9.png (9x9)", 'resize: "crop"']
      ] as const) {
        const { code, output } = yield* check(path)
        assert.strictEqual(code, 1, path)
        for (const text of texts) assert.include(output, text)
      }
    })
  )
})
