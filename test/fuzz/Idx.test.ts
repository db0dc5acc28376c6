import { createHash } from "node:crypto"
import { crc32, gzipSync, inflateRawSync } from "node:zlib"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Result } from "effect"
import * as Idx from "../../src/core/datasets/Idx.ts"
import * as IdxFiles from "../../src/core/datasets/IdxFiles.ts"
import { idxBytes } from "../core/datasets/IdxBytes.ts"
import { fuzz, hasTag } from "./Fuzz.ts"
import { concat, damage, type Draw, extremeSizes } from "./Mutations.ts"

const pixels = Uint8Array.from({ length: 24 }, (_, index) => 10 * index)

const source = idxBytes([2, 3, 4], pixels)

/** What bytes say by the format's description, read the plainest way; undefined where they say nothing. */
const meaning = (bytes: Uint8Array, dimensions: number): Idx.IdxArray | undefined => {
  const buffer = Buffer.from(bytes)
  if (buffer.length < 4 + 4 * dimensions || buffer.readUInt32BE(0) !== 0x0800 + dimensions) return undefined
  const shape = Array.from({ length: dimensions }, (_, axis) => buffer.readUInt32BE(4 + 4 * axis))
  const values = buffer.subarray(4 + 4 * dimensions)
  const count = shape.reduce((product, size) => product * BigInt(size), 1n)
  return count === BigInt(values.length) ? { shape, values: new Uint8Array(values) } : undefined
}

/** A header with its sizes exchanged or at their extremes, before as many values or fewer. */
const hostile = (draw: Draw): Uint8Array => {
  const sizes = draw.pick([
    [3, 2, 4],
    [24, 1, 1],
    [0, 3, 4],
    [6, 4],
    [24],
    // products that are 24 where they are taken to 32 or 64 bits
    [2 ** 31, 2, 24],
    [2 ** 16, 2 ** 16, 2 ** 32 - 1],
    Array.from({ length: 3 }, () => draw.pick([...extremeSizes, 2, 3, 4]))
  ])
  const bytes = idxBytes(sizes, draw.chance(0.8) ? pixels : pixels.subarray(0, draw.below(24)))
  if (draw.chance(0.2)) bytes[3] = draw.below(256)
  return bytes
}

/**
 * The content of a gzip file by RFC 1952, members one after the other, zeros behind them as padding; undefined where it is
 * none. Only the compressed blocks themselves are left to zlib.
 */
const gunzipped = (bytes: Uint8Array): Uint8Array | undefined => {
  const buffer = Buffer.from(bytes)
  const parts: Array<Uint8Array> = []
  let at = 0
  while (at < buffer.length) {
    if (at > 0 && buffer.subarray(at).every((byte) => byte === 0)) break
    if (buffer.length < at + 18 || buffer.readUInt16BE(at) !== 0x1f8b || buffer[at + 2] !== 8) return undefined
    const flags = buffer[at + 3]!
    if (flags >= 0x20) return undefined
    const start = at
    at += 10
    if (flags & 4) at += 2 + (at + 2 <= buffer.length ? buffer.readUInt16LE(at) : Number.NaN)
    for (const flag of [8, 16]) {
      if (flags & flag) at = buffer.indexOf(0, at) + 1 || Number.NaN
    }
    if (flags & 2) {
      const stated = at + 2 <= buffer.length ? buffer.readUInt16LE(at) : Number.NaN
      if (stated !== crc32(buffer.subarray(start, at)) % 65_536) return undefined
      at += 2
    }
    if (!(at < buffer.length)) return undefined
    const inflated = Result.try(() => inflateRawSync(buffer.subarray(at), { info: true, maxOutputLength: 10_000 }))
    if (Result.isFailure(inflated)) return undefined
    const { buffer: content, engine } = inflated.success as unknown as {
      readonly buffer: Uint8Array
      readonly engine: { readonly bytesWritten: number }
    }
    at += engine.bytesWritten
    if (buffer.length < at + 8) return undefined
    if (buffer.readUInt32LE(at) !== crc32(content) || buffer.readUInt32LE(at + 4) !== content.length) return undefined
    at += 8
    parts.push(content)
  }
  return parts.length === 0 ? undefined : concat(...parts)
}

const zipped = new Uint8Array(gzipSync(source))

/** Members, padding and headers that gzip allows or nearly allows. */
const packed = (draw: Draw): Uint8Array => {
  const half = draw.below(source.length)
  const member = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes, { level: draw.below(10) }))
  return draw.pick([
    () => zipped,
    () => concat(member(source.subarray(0, half)), member(source.subarray(half))),
    () => concat(zipped, new Uint8Array(draw.below(20))),
    () => concat(zipped, new Uint8Array(1 + draw.below(8)), Uint8Array.of(1 + draw.below(255))),
    () => concat(zipped, zipped),
    () => concat(zipped, damage(zipped, draw)),
    () => member(hostile(draw)),
    () => member(damage(source, draw)),
    () => concat(zipped.subarray(0, 3), Uint8Array.of(draw.below(256)), zipped.subarray(4)),
    // more than the reader is to take
    () => member(new Uint8Array(10_000 + draw.below(500_000)))
  ])()
}

/** A file with these bytes, or a link. */
type Either = { readonly bytes: Uint8Array; readonly link?: never } | { readonly link: string; readonly bytes?: never }

const refusal = hasTag("IdxError")

describe("IDX files", () => {
  it.live("uncompressed: read exactly if intact", () =>
    Effect.gen(function* () {
      const outcomes = yield* fuzz({
        name: "IDX",
        count: 3000,
        draw: (draw) => (draw.chance(0.3) ? hostile(draw) : damage(source, draw)),
        read: (bytes) => Idx.read(bytes, { dimensions: 3, maxBytes: 10_000 }),
        refusal,
        accepted: (found, bytes) => assert.deepStrictEqual(found, meaning(bytes, 3)),
        // what begins as a gzip file does is one
        refused: (bytes) => assert.isUndefined(meaning(bytes, 3))
      })
      assert.isAbove(outcomes.accepted, 300)
      assert.isAbove(outcomes.refused, 1000)
    })
  )

  it.live("compressed: read if the gzip file and its content are intact, with only padding after it", () =>
    Effect.gen(function* () {
      const outcomes = yield* fuzz({
        name: "IDX in gzip",
        count: 2000,
        draw: (draw) => (draw.chance(0.5) ? packed(draw) : damage(packed(draw), draw)),
        read: (bytes) => Idx.read(bytes, { dimensions: 3, maxBytes: 1000 }),
        refusal,
        accepted: (found, bytes) => {
          const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipped(bytes) : bytes
          assert.isDefined(content, "this is no whole gzip file")
          assert.deepStrictEqual(found, meaning(content!, 3))
        },
        refused: (bytes) => {
          const content = gunzipped(bytes)
          if (content !== undefined && content.length <= 1000) assert.isUndefined(meaning(content, 3))
        }
      })
      assert.isAbove(outcomes.accepted, 200)
      assert.isAbove(outcomes.refused, 1000)
    })
  )

  it.live("pinned by checksum: the exact content or a refusal", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "idx-" })
      const wanted = { file: "x", shape: [2, 3, 4], sha256: createHash("sha256").update(source).digest("hex") }
      const outcomes = yield* fuzz({
        name: "pinned IDX files",
        draw: (draw): { readonly name: string } & Either => {
          const isZipped = draw.chance(0.5)
          if (draw.chance(0.1)) return { name: "x", link: draw.pick([".", "/dev/zero", "/dev/null", "nowhere", "x"]) }
          const whole = isZipped ? packed(draw) : draw.chance(0.2) ? hostile(draw) : source
          return { name: isZipped ? "x.gz" : "x", bytes: draw.chance(0.5) ? whole : damage(whole, draw) }
        },
        read: ({ bytes, link, name }) => {
          const path = `${folder}/${name}`
          return (bytes === undefined ? fs.symlink(link, path) : fs.writeFile(path, bytes)).pipe(
            Effect.andThen(IdxFiles.read(folder, wanted)),
            Effect.ensuring(Effect.orDie(fs.remove(path)))
          )
        },
        // A link that leads in a circle is the system's to refuse.
        refusal: hasTag("IdxFileError", "PlatformError"),
        accepted: (values) => assert.deepStrictEqual(values, pixels)
      })
      assert.isAbove(outcomes.accepted, 100)
      assert.isAbove(outcomes.refused, 300)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
