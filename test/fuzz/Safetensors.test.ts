import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Result } from "effect"
import { float32, type HostTensors, int32, uint8 } from "../../src/core/Tensors.ts"
import * as Safetensors from "../../src/pipelines/files/Safetensors.ts"
import { fuzz, hasTag } from "./Fuzz.ts"
import { canonical, reword } from "./JsonMutations.ts"
import { concat, damage, type Draw, extremeSizes } from "./Mutations.ts"
import { headerOf, reseal } from "./SafetensorsFile.ts"

const sample: Safetensors.Contents = {
  tensors: {
    "decoder/bias": float32([2, 3], Float32Array.of(1.5, -2, Number.NaN, Infinity, -0, 1e-40)),
    labels: uint8([3], Uint8Array.of(7, 0, 255)),
    count: int32([], Int32Array.of(-(2 ** 31))),
    empty: float32([0, 4], new Float32Array(0))
  },
  metadata: { epoch: "3", step: "1407", note: 'β, "quoted"\n' }
}

const source = concat(...Result.getOrThrow(Safetensors.encode(sample)))

/** Names, types, shapes and bytes, and the metadata. */
const exact = ({ metadata, tensors }: { readonly tensors: HostTensors; readonly metadata: unknown }) =>
  canonical([
    Object.entries(tensors)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, { dtype, shape, values }]) => [
        name,
        dtype,
        shape,
        Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex")
      ]),
    metadata
  ])

const types = { F32: "float32", I32: "int32", U8: "uint8" } as const

/** What a file says by the format's description, read the plainest way; throws where it says nothing. */
const meaning = (bytes: Uint8Array) => {
  const { data, header } = headerOf(bytes)
  const own = Object.entries(header)
  const metadata = Object.fromEntries(Object.entries(own.find(([name]) => name === "__metadata__")![1] as object))
  delete metadata.sha256
  return canonical([
    own
      .filter(([name]) => name !== "__metadata__")
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, entry]: [string, any]) => [
        name,
        types[entry.dtype as keyof typeof types],
        entry.shape,
        Buffer.from(data.subarray(entry.data_offsets[0], entry.data_offsets[1])).toString("hex")
      ]),
    metadata
  ])
}

interface Case {
  readonly bytes: Uint8Array
  /** Whether the digest was made right again, so that nothing but the content's own sense can refuse it. */
  readonly isSealed: boolean
}

/** Changes in what the header says, with a right digest and a right length, or without. */
const hostile = (draw: Draw): Case => {
  const { data, header } = headerOf(source)
  const offsets = () => draw.pick([0, 4, 24, 28, 31, ...extremeSizes, 2 ** 53 - 1])
  const changed = draw.pick([
    () => reword(header, draw),
    () =>
      JSON.stringify({
        ...header,
        [draw.pick(["labels", "more", "__metadata__"])]: {
          dtype: draw.pick(["F32", "U8", "I32", "F64", "BOOL"]),
          shape: Array.from({ length: draw.below(4) }, () => draw.pick([...extremeSizes, 2, 3, -1, 0.5, 2 ** 53])),
          data_offsets: [offsets(), offsets()]
        }
      })
  ])()
  const isSealed = draw.chance(0.8)
  const body = draw.chance(0.8) ? data : damage(data, draw)
  return { bytes: reseal(changed, body, isSealed), isSealed }
}

class Refused extends Data.TaggedError("Refused")<{ readonly reason: string }> {}

describe("safetensors", () => {
  it.live("have the declared content and digest, or are refused", () =>
    Effect.gen(function* () {
      const outcomes = yield* fuzz({
        name: "safetensors",
        count: 4000,
        draw: (draw): Case => (draw.chance(0.5) ? hostile(draw) : { bytes: damage(source, draw), isSealed: false }),
        read: ({ bytes }) =>
          Effect.suspend(() => Effect.fromResult(Safetensors.decode(bytes))).pipe(
            Effect.mapError((reason) => new Refused({ reason }))
          ),
        refusal: hasTag("Refused"),
        accepted: (found, { bytes, isSealed }) => {
          assert.strictEqual(exact(found), meaning(bytes))
          if (!isSealed) assert.strictEqual(exact(found), exact(sample))
        }
      })
      assert.isAbove(outcomes.accepted, 300)
      assert.isAbove(outcomes.refused, 1000)
    })
  )

  it("has the same digest of header and content in both implementations", () => {
    const { data, header } = headerOf(source)
    const { sha256, ...metadata } = header["__metadata__"] as Record<string, string>
    const plain = canonical({ ...header, __metadata__: metadata })
    assert.strictEqual(createHash("sha256").update(plain).update(data).digest("hex"), sha256)
    assert.deepStrictEqual(Buffer.from(reseal(JSON.stringify(header), data, true)).length % 8, data.length % 8)
  })
})
