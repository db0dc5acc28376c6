import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname } from "node:path"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import sharp from "sharp"
import * as ImageFolder from "../../src/core/datasets/ImageFolder.ts"
import { DataDirectories, Dataset } from "../../src/core/Dataset.ts"
import { fuzz, hasTag } from "./Fuzz.ts"
import { damage, type Draw, drawing } from "./Mutations.ts"
import * as Png from "./Png.ts"

const root = mkdtempSync(`${tmpdir()}/fuzzed-folder-`)
afterAll(() => rmSync(root, { recursive: true }))

const [height, width] = [5, 6]

const pictures = await Promise.all(
  Array.from({ length: 4 }, (_, seed) => {
    const draw = drawing(seed)
    const pixels = Uint8Array.from({ length: height * width * 3 }, () => draw.below(256))
    return sharp(pixels, { raw: { height, width, channels: 3 } })
      .png()
      .toBuffer()
  })
)

/** What stands at a path: a file with these bytes, a folder, or a link to somewhere. */
type Entry = Uint8Array | "folder" | { readonly link: string }

interface Case {
  readonly entries: ReadonlyMap<string, Entry>
  readonly options: ImageFolder.ImageFolderOptions & Partial<ImageFolder.LabelledOptions>
}

const whole: ReadonlyArray<readonly [string, Entry]> = pictures.map((bytes, index) => [
  `${index % 2 === 0 ? "cat" : "dog"}/${index}.png`,
  bytes
])

const oddNames: ReadonlyArray<string> = [
  ..."cat/.hidden.png .git/x.png cat/9.PNG cat/x.jpeg dog/x.webp x.png bird/x.png notes.txt cat/x.gif cat/x.svg".split(
    " "
  ),
  "cat/ä.png",
  "cat/a\u0308.png",
  "cat/-rf *.png",
  "cat/line\nbreak.png",
  "cat/__proto__.png",
  `cat/${"n".repeat(250)}.png`,
  "dog/deep/er/and/deeper/x.png",
  "cat/0.png/0.png",
  "dog/x.png.exe"
]

const change = (entries: Map<string, Entry>, draw: Draw): void => {
  const at = draw.pick([...entries.keys()])
  const content = (): Entry =>
    draw.pick<() => Entry>([
      () => draw.pick(pictures),
      () => damage(draw.pick(pictures), draw),
      () => Png.rebuild(draw.pick(pictures), draw),
      () => new Uint8Array(draw.below(3)),
      () => "folder",
      () => ({ link: draw.pick(["0.png", "../cat/0.png", "nowhere", ".", "..", "/dev/null", "/dev/zero", "loop"]) })
    ])()
  draw.pick([
    () => entries.delete(at),
    () => entries.set(at, content()),
    () => entries.set(draw.pick(oddNames), content()),
    () => entries.set(draw.pick(oddNames), draw.pick(pictures)),
    () => {
      entries.set(draw.pick(oddNames), entries.get(at)!)
      entries.delete(at)
    }
  ])()
}

const drawCase = (draw: Draw): Case => {
  const entries = new Map(whole)
  for (let left = draw.below(4); left > 0 && entries.size > 0; left--) change(entries, draw)
  const odd = () => draw.pick([0, -1, 0.5, 1e9, 2 ** 32 - 1, Number.NaN, Number.POSITIVE_INFINITY, 7])
  return {
    entries,
    options: {
      folder: draw.chance(0.97) ? "images" : draw.pick(["", "elsewhere", "images/cat/0.png", "images/../..", "a\0b"]),
      height: draw.chance(0.97) ? height : odd(),
      width: draw.chance(0.97) ? width : odd(),
      heldOut: "last",
      testFraction: draw.chance(0.95) ? 0.5 : draw.pick([0, 1, -1, 0.01, 0.999, Number.NaN]),
      ...(draw.chance(0.5) && {
        classes: draw.chance(0.9)
          ? ["cat", "dog"]
          : draw.pick([["dog"], [], ["cat", "cat"], ["cat", "dog", "bird"], ["__proto__"]])
      })
    }
  }
}

/** Puts a folder on the disk; what has no place there, below a file say, is left out, and what there is comes back. */
const place = (folder: string, entries: Case["entries"]): ReadonlyMap<string, Entry> => {
  const placed = new Map<string, Entry>()
  for (const [name, entry] of entries) {
    const path = `${folder}/images/${name}`
    try {
      mkdirSync(dirname(path), { recursive: true })
      if (entry === "folder") mkdirSync(path)
      else if ("link" in entry) symlinkSync(entry.link, path)
      else writeFileSync(path, entry, { flag: "wx" })
      placed.set(name, entry)
    } catch {}
  }
  return placed
}

describe("folders of images", () => {
  it.live("give the pixels of the files in their order, or are refused", () =>
    Effect.gen(function* () {
      const outcomes = yield* fuzz({
        name: "folders of images",
        count: 250,
        draw: drawCase,
        read: ({ entries, options }) =>
          Effect.suspend(() => {
            const folder = mkdtempSync(`${root}/`)
            const placed = place(folder, entries)
            const { classes } = options
            const layer =
              classes === undefined ? ImageFolder.layer(options) : ImageFolder.labelled({ ...options, classes })
            return Dataset.use(({ load, locate }) => Effect.flatMap(locate, load)).pipe(
              Effect.provide(layer, { local: true }),
              Effect.provideService(DataDirectories, { dataDirectory: folder, cacheDirectory: undefined }),
              Effect.map(({ test, train }) => ({ test, train, placed })),
              Effect.ensuring(Effect.sync(() => rmSync(folder, { recursive: true })))
            )
          }),
        refusal: hasTag("DatasetError"),
        accepted: ({ placed, test, train }, { options }) => {
          const { classes } = options
          // A folder is one, whatever its name ends in.
          const names = [...placed.keys()]
            .filter(
              (name) =>
                placed.get(name) !== "folder" &&
                /\.(png|jpe?g|webp)$/i.test(name) &&
                !name.split("/").some((part) => part.startsWith("."))
            )
            .toSorted((one, other) => (one.normalize("NFC") < other.normalize("NFC") ? -1 : 1))
          assert.strictEqual(train.count + test.count, names.length)
          const found = Buffer.concat([train.images, test.images])
          assert.strictEqual(found.length, names.length * height * width * 3)
          names.forEach((name, index) => {
            const entry = placed.get(name)!
            if (!(entry instanceof Uint8Array)) return
            const shown = Png.show(entry)
            if (shown._tag !== "Pixels") return assert.notStrictEqual(shown._tag, "Damaged")
            const size = height * width * 3
            const pixels = found.subarray(index * size, (index + 1) * size)
            assert.isTrue(
              pixels.every((value, at) => Math.abs(value - shown.pixels[at]!) <= 1),
              name
            )
          })
          const labels = classes && names.map((name) => classes.indexOf(name.split("/")[0]!))
          assert.deepStrictEqual(labels && [...train.labels!, ...test.labels!], labels)
        }
      })
      assert.isAbove(outcomes.accepted, 50)
      assert.isAbove(outcomes.refused, 50)
    }).pipe(Effect.provide(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici)))
  )
})
