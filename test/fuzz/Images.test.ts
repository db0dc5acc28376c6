import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp from "sharp"
import { decode, type Decoded, type Resize } from "../../src/core/datasets/ImageFile.ts"
import { fuzz, hasTag } from "./Fuzz.ts"
import { damage, type Draw, drawing } from "./Mutations.ts"
import * as Png from "./Png.ts"

const [height, width] = [5, 6]

const draw = drawing(1)

const picture = (channels: 1 | 2 | 3 | 4, high = height, wide = width) =>
  sharp(
    Uint8Array.from({ length: high * wide * channels }, () => draw.below(256)),
    { raw: { height: high, width: wide, channels } }
  )

const pngs = await Promise.all([
  picture(3).png().toBuffer(),
  picture(3).png({ adaptiveFiltering: true }).toBuffer(),
  picture(1).toColourspace("b-w").png().toBuffer(),
  picture(2).toColourspace("b-w").png().toBuffer(),
  picture(4).png().toBuffer(),
  picture(3).png({ palette: true }).toBuffer(),
  picture(3).png({ progressive: true }).toBuffer(),
  picture(3).withMetadata({ orientation: 6 }).png().toBuffer()
])

const others = await Promise.all([
  picture(3).jpeg().toBuffer(),
  picture(3, 40, 40).jpeg({ quality: 90 }).toBuffer(),
  picture(3, 40, 40).jpeg({ progressive: true }).withMetadata({ orientation: 3 }).toBuffer(),
  picture(3).toColourspace("cmyk").jpeg().toBuffer(),
  picture(3).webp({ lossless: true }).toBuffer(),
  picture(3, 20, 20).webp().toBuffer(),
  picture(4).webp().toBuffer()
])

const laughs = Array.from({ length: 12 }, (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`).join(
  ""
)

/** What is no image of the three formats, and may cost more than it weighs. */
const strangers: ReadonlyArray<Uint8Array> = [
  new Uint8Array(0),
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="6" height="5"><rect width="9" height="9"/></svg>`),
  Buffer.from(
    `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "ha">${laughs}]><svg width="6" height="5"><text>&l12;</text></svg>`
  ),
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="1000000" height="1000000"/>`),
  Buffer.from("P5 4294967295 4294967295 255\n"),
  Buffer.from("%PDF-1.7\n"),
  Buffer.from("GIF89a\xff\xff\xff\xff\x00\x00\x00", "latin1"),
  Buffer.from("II*\x00\xff\xff\xff\xff", "latin1")
]

interface Case {
  readonly bytes: Uint8Array
  readonly resize: Resize | undefined
  /** Whether the end of a whole file is missing. */
  readonly isCut: boolean
}

const resizeOf = (draw: Draw) => draw.pick([undefined, undefined, "crop", "stretch"] as const)

const shape = { height, width, channels: 3 }

const read = ({ bytes, resize }: Case) => decode(bytes, shape, resize)

const assertShaped = (found: Decoded, resize: Resize | undefined): void => {
  if (found._tag === "Pixels") return assert.strictEqual(found.pixels.length, height * width * 3)
  assert.isUndefined(resize)
  assert.isTrue(found.height !== height || found.width !== width)
}

/** At most one step of rounding apart, where something was transparent. */
const assertNear = (found: Uint8Array, expected: Uint8Array): void =>
  assert.isTrue(
    found.length === expected.length && found.every((value, index) => Math.abs(value - expected[index]!) <= 1),
    `expected ${expected}, found ${found}`
  )

describe("images", () => {
  it.live("PNG: the pixels of a simple decoder, or a refusal", () =>
    Effect.gen(function* () {
      const outcomes = yield* fuzz({
        name: "PNG",
        count: 2000,
        draw: (draw): Case => {
          const whole = draw.pick(pngs)
          const bytes = draw.chance(0.6) ? Png.rebuild(whole, draw) : damage(whole, draw)
          return { bytes, resize: resizeOf(draw), isCut: false }
        },
        read,
        refusal: hasTag("ImageFileError"),
        accepted: (found, { bytes, resize }) => {
          assertShaped(found, resize)
          const shown = Png.show(bytes)
          if (found._tag === "OtherSize") {
            if (shown._tag !== "Damaged") {
              assert.sameMembers([found.height, found.width], [shown.height, shown.width])
            }
            return
          }
          assert.notStrictEqual(shown._tag, "Damaged", "a damaged file is accepted")
          if (shown._tag !== "Pixels" || shown.height !== height || shown.width !== width) return
          assertNear(found.pixels, shown.pixels)
        }
      })
      assert.isAbove(outcomes.accepted, 300)
      assert.isAbove(outcomes.refused, 1000)
    })
  )

  it.live("JPEG, WebP and other formats: an image of the size, or a refusal", () =>
    Effect.gen(function* () {
      const outcomes = yield* fuzz({
        name: "JPEG and WebP",
        count: 1000,
        draw: (draw): Case => {
          const whole = draw.pick(others)
          const isCut = draw.chance(0.2)
          const bytes = isCut
            ? whole.subarray(0, draw.below(whole.length - 2))
            : draw.chance(0.05)
              ? draw.pick(strangers)
              : damage(whole, draw)
          return { bytes, resize: isCut ? "stretch" : resizeOf(draw), isCut }
        },
        read,
        refusal: hasTag("ImageFileError"),
        accepted: (found, { isCut, resize }) => {
          assert.isFalse(isCut, "a file is accepted that lacks its end")
          assertShaped(found, resize)
        }
      })
      assert.isAbove(outcomes.accepted, 100)
      assert.isAbove(outcomes.refused, 500)
    })
  )
})
