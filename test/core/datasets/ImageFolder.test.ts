import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname } from "node:path"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import sharp from "sharp"
import { Dataset, type Labels } from "../../../src/core/Dataset.ts"
import * as ImageFolder from "../../../src/core/datasets/ImageFolder.ts"
import { bits } from "../../../src/core/Random.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { loadFrom } from "./OnlyOnDisk.ts"

const root = mkdtempSync(`${tmpdir()}/image-folder-`)
afterAll(() => rmSync(root, { recursive: true }))

const directories = { dataDirectory: root, cacheDirectory: undefined }
const size = { height: 6, width: 5 }

/** 6 x 5 x 3 random bytes; the first is `index`. */
const picture = (index: number) =>
  Uint8Array.from(bits({ seed: 2, stream: "test/folder", step: index }, 90), (word, at) =>
    at === 0 ? index : word & 255
  )

const put = (name: string, content: string | Uint8Array) => {
  mkdirSync(dirname(`${root}/${name}`), { recursive: true })
  writeFileSync(`${root}/${name}`, content)
}

const png = (index: number, height = 6, width = 5) =>
  sharp(picture(index), { raw: { ...size, channels: 3 } })
    .resize(width, height, { fit: "fill" })
    .png()
    .toBuffer()

// in the order of their paths, which is not the order of writing
const names = ["B.png", "a.PNG", "b.png", "deep/er/c.png", "é.png"]

beforeAll(async () => {
  for (const index of [3, 1, 4, 0, 2]) put(`plain/${names[index]}`, await png(index))
  put("plain/.hidden.png", "nothing")
  put("plain/notes.txt", "no image")
  for (let index = 0; index < 20; index++) {
    const image = sharp(await png(index))
    const folder = `classes/${index % 4 === 0 ? "cat" : "dog"}/${index}`
    if (index % 3 === 0) put(`${folder}.jpg`, await image.jpeg().toBuffer())
    else if (index % 3 === 1) put(`${folder}.webp`, await image.webp({ lossless: true }).toBuffer())
    else put(`${folder}.png`, await image.toBuffer())
  }
  put("mixed/a.png", await png(0))
  put("mixed/b.png", await png(1))
  for (let index = 10; index < 24; index++) put(`mixed/wide/${index}.png`, await png(index, 4, 10 + index))
})

const plain = { ...size, folder: "plain" }
const labelled = { ...size, folder: "classes", classes: ["dog", "cat"] }

datasetContract("a folder of images", () => ImageFolder.layer(plain), {
  train: 4,
  test: 1,
  directories,
  hashes: true
})

datasetContract("a folder of grey images made from others", () => ImageFolder.layer({ ...plain, channels: 1 }), {
  train: 4,
  test: 1,
  directories,
  hashes: true
})

datasetContract("a folder of classes", () => ImageFolder.labelled(labelled), {
  train: 16,
  test: 4,
  classes: 2,
  directories,
  hashes: true
})

datasetContract(
  "a folder of resized images",
  () => ImageFolder.layer({ ...size, folder: `${root}/mixed`, resize: "crop" }),
  {
    train: 13,
    test: 3,
    hashes: true
  }
)

const load = (layer: Layer.Layer<Dataset>) => loadFrom(root, layer)

const refused = (layer: Layer.Layer<Dataset>, ...texts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(load(layer))
    assert.strictEqual(error._tag, "DatasetError")
    for (const text of texts) assert.include(error.message, text)
  })

describe("ImageFolder", () => {
  it.live("returns the images in the order of their paths", () =>
    Effect.gen(function* () {
      const { test, train } = yield* load(ImageFolder.layer({ ...plain, heldOut: "last", testFraction: 0.4 }))
      assert.deepStrictEqual(train.images, Uint8Array.from([0, 1, 2].flatMap((index) => Array.from(picture(index)))))
      assert.deepStrictEqual(test.images, Uint8Array.from([...picture(3), ...picture(4)]))
    })
  )

  it.live("labels images by their subfolder, in the order of the classes", () =>
    Effect.gen(function* () {
      const { test, train } = yield* load(ImageFolder.labelled(labelled))
      const places = new Map(Array.from({ length: 20 }, (_, index) => [picture(index).join(), index]))
      const found: Array<number> = []
      for (const { count, images, labels } of [train, test]) {
        for (let index = 0; index < count; index++) {
          const place = places.get(images.subarray(index * 90, (index + 1) * 90).join())
          if (place === undefined) continue
          found.push(place)
          assert.strictEqual(labels?.[index], place % 4 === 0 ? 1 : 0)
        }
      }
      // all but the seven JPEGs, whose pixels are not the same any more
      assert.lengthOf(new Set(found), 13)
      assert.strictEqual(
        train.labels?.reduce((sum, label) => sum + label, 0),
        4
      )
      assert.strictEqual(
        test.labels?.reduce((sum, label) => sum + label, 0),
        1
      )
    })
  )

  it.live("names at most ten images of another size, and resizes on request", () =>
    Effect.gen(function* () {
      const mixed = { ...size, folder: "mixed" }
      yield* refused(
        ImageFolder.layer(mixed),
        `${root}/mixed: expected images of 6x5 pixels (height x width), found 14 of 16 of another size`,
        "wide/10.png (4x20), wide/11.png (4x21)",
        "wide/19.png (4x29) and 4 more",
        'give resize: "crop" or "stretch"'
      )
      const crop = yield* load(ImageFolder.layer({ ...mixed, resize: "crop" }))
      const stretch = yield* load(ImageFolder.layer({ ...mixed, resize: "stretch" }))
      assert.notStrictEqual(crop.located.digest, stretch.located.digest)
      assert.notDeepEqual(crop.train.images, stretch.train.images)
    })
  )

  it.live("names files that cannot be read, and images of other formats", () =>
    Effect.gen(function* () {
      const whole = yield* Effect.promise(() => png(1, 60, 50))
      put("broken/good.png", whole)
      put("broken/text.png", "not an image")
      put("broken/sub/cut.jpg", whole.subarray(0, 4000))
      yield* refused(
        ImageFolder.layer({ height: 60, width: 50, folder: "broken" }),
        "2 of 3 files cannot be read as images: sub/cut.jpg (",
        "text.png (",
        "repair or remove them"
      )
      put("foreign/a.png", whole)
      put("foreign/b.bmp", "BM")
      put("foreign/sub/c.TIFF", "II")
      yield* refused(
        ImageFolder.layer({ ...size, folder: "foreign" }),
        "found b.bmp, sub/c.TIFF; convert or remove them"
      )
      yield* refused(
        ImageFolder.layer({ ...size, folder: "plain/notes.txt" }),
        "expected a folder of images, found file"
      )
      put("empty/notes.txt", "nothing")
      yield* refused(ImageFolder.layer({ ...size, folder: "empty" }), "expected PNG, JPEG or WebP images, found none")
      yield* refused(
        ImageFolder.layer({ ...size, folder: "none" }),
        `${process.cwd()}/none does not exist`,
        "--data-dir"
      )
    })
  )

  it.live("follows links, and refuses cycles", () =>
    Effect.gen(function* () {
      put("linked/a.png", yield* Effect.promise(() => png(0)))
      symlinkSync("a.png", `${root}/linked/b.png`)
      const { test, train } = yield* load(ImageFolder.layer({ ...size, folder: "linked", testFraction: 0.5 }))
      assert.strictEqual(train.count + test.count, 2)
      symlinkSync(".", `${root}/linked/again`)
      yield* refused(
        ImageFolder.layer({ ...size, folder: "linked" }),
        "the folder itself and again are the same folder; remove the link"
      )
    })
  )

  it.live("refuses images outside the classes, and classes without images", () =>
    Effect.gen(function* () {
      yield* refused(
        ImageFolder.labelled({ ...labelled, classes: ["cat"] }),
        "the folders of the classes cat",
        "dog/1.webp"
      )
      yield* refused(ImageFolder.labelled({ ...labelled, classes: ["cat", "dog", "emu"] }), "found none of emu")
      yield* refused(ImageFolder.labelled({ ...labelled, folder: "plain", classes: ["deep"] }), "found B.png, a.PNG")
    })
  )

  it.live("has one digest for the same bytes elsewhere, and another for every change", () =>
    Effect.gen(function* () {
      for (const name of names) put(`copy/${name}`, yield* Effect.promise(() => png(names.indexOf(name))))
      const digestOf = (layer: Layer.Layer<Dataset>) => Effect.map(load(layer), ({ located }) => located.digest)
      const digest = yield* digestOf(ImageFolder.layer(plain))
      const copy = { ...plain, folder: "copy" }
      assert.strictEqual(yield* digestOf(ImageFolder.layer(copy)), digest)
      const others = yield* Effect.forEach(
        [
          ImageFolder.layer({ ...copy, channels: 1 }),
          ImageFolder.layer({ ...copy, resize: "crop" }),
          ImageFolder.layer({ ...copy, resize: "stretch", height: 7 }),
          ImageFolder.layer({ ...copy, seed: 1 }),
          ImageFolder.layer({ ...copy, heldOut: "last" })
        ],
        digestOf
      )
      put("copy/B.png", yield* Effect.promise(() => png(9)))
      const changed = yield* digestOf(ImageFolder.layer(copy))
      rmSync(`${root}/copy/B.png`)
      const fewer = yield* digestOf(ImageFolder.layer(copy))
      assert.lengthOf(new Set([digest, ...others, changed, fewer]), others.length + 3)
    })
  )

  it.live("refuses a folder that has changed since it was located", () =>
    Effect.gen(function* () {
      put("changing/a.png", yield* Effect.promise(() => png(1)))
      put("changing/b.png", yield* Effect.promise(() => png(2)))
      const dataset = yield* Dataset
      const located = yield* dataset.locate
      assert.strictEqual(located.source, "path")
      put("changing/b.png", yield* Effect.promise(() => png(3)))
      const error = yield* Effect.flip(dataset.load(located))
      assert.include(error.message, `no data has the digest ${located.digest}`)
    }).pipe(
      Effect.provide(ImageFolder.layer({ ...size, folder: `${root}/changing` }), { local: true }),
      Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici])
    )
  )

  it.live("reports the invalid option", () =>
    Effect.gen(function* () {
      for (const [wrong, text] of [
        [{ height: 0 }, "height must be an integer from 1 to 16384, found 0"],
        [{ width: Number.NaN }, "found NaN"],
        [{ folder: "" }, "folder must be"],
        [{ testFraction: 0 }, "found 0"],
        [{ testFraction: 0.01 }, "0 of 5 images"]
      ] as const) {
        yield* refused(ImageFolder.layer({ ...plain, ...wrong }), text)
      }
      yield* refused(ImageFolder.labelled({ ...labelled, classes: ["cat", "cat"] }), "1 to 256 different names")
    })
  )

  it("provides labels in its type only with classes", () => {
    const labels: Layer.Layer<Labels> = ImageFolder.labelled(labelled)
    // @ts-expect-error the plain layer does not provide Labels
    const without: Layer.Layer<Labels> = ImageFolder.layer(plain)
    assert.notStrictEqual(labels, without)
  })
})
