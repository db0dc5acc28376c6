import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Result, Schema } from "effect"
import { float32, type HostTensors, int32, sizeOf, uint8 } from "../../../src/core/Tensors.ts"
import * as Safetensors from "../../../src/pipelines/files/Safetensors.ts"

const join = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(Buffer.concat(pieces))

const encode = (contents: Safetensors.Contents): Uint8Array => join(Result.getOrThrow(Safetensors.encode(contents)))

const sample: Safetensors.Contents = {
  tensors: {
    "decoder/bias": float32([2, 3], Float32Array.of(1.5, -2, Number.NaN, Infinity, -0, 1e-40)),
    labels: uint8([3], Uint8Array.of(7, 0, 255)),
    count: int32([], Int32Array.of(-(2 ** 31))),
    empty: float32([0, 4], new Float32Array(0))
  },
  metadata: { epoch: "3", step: "1407", note: 'β, "quoted"\n' }
}

/** Values as bytes, for NaN and -0 are to be kept too. */
const exact = (tensors: HostTensors) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, values }]) => [
      name,
      { dtype, shape, bytes: Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex") }
    ])
  )

const assertSame = (found: Safetensors.Contents, expected: Safetensors.Contents) => {
  assert.deepStrictEqual(exact(found.tensors), exact(expected.tensors))
  assert.deepStrictEqual(found.metadata, expected.metadata)
}

/** A file with this header and these data bytes. */
const file = (header: string | object, dataBytes: number = 0): Uint8Array => {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return join([length, text, Buffer.alloc(dataBytes)])
}

const TensorArbitrary = Arbitrary.schema(
  Schema.Struct({
    name: Schema.String,
    dtype: Schema.Literals(["float32", "int32", "uint8"]),
    shape: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))).check(Schema.isMaxLength(4)),
    salt: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))
  })
)

const ContentsArbitrary = Arbitrary.all({
  tensors: Arbitrary.array(TensorArbitrary),
  metadata: Arbitrary.schema(Schema.Record(Schema.String, Schema.String))
})

describe("Safetensors", () => {
  it("has the bytes that the format prescribes", () => {
    const bytes = Buffer.from(
      encode({ tensors: { b: uint8([2], Uint8Array.of(1, 2)), a: int32([1], Int32Array.of(3)) }, metadata: {} })
    )
    const length = Number(bytes.readBigUInt64LE(0))
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString())
    assert.strictEqual((8 + length) % 8, 0)
    assert.deepStrictEqual(header.a, { dtype: "I32", shape: [1], data_offsets: [0, 4] })
    assert.deepStrictEqual(header.b, { dtype: "U8", shape: [2], data_offsets: [4, 6] })
    assert.deepStrictEqual(Object.keys(header.__metadata__), ["sha256"])
    assert.deepStrictEqual([...bytes.subarray(8 + length)], [3, 0, 0, 0, 1, 2])
  })

  it("keeps every bit, also of unaligned views", () => {
    const bytes = encode(sample)
    assertSame(Result.getOrThrow(Safetensors.decode(bytes)), sample)
    const shifted = new Uint8Array(bytes.length + 1)
    shifted.set(bytes, 1)
    assertSame(Result.getOrThrow(Safetensors.decode(shifted.subarray(1))), sample)
    // What Node.js reads a file into is a Buffer, whose methods differ.
    const buffer = Result.getOrThrow(Safetensors.decode(Buffer.from(shifted.buffer).subarray(1)))
    assertSame(buffer, sample)
    assert.strictEqual(buffer.tensors.labels!.values.constructor, Uint8Array)
    const view = float32([2], Float32Array.of(1, 2, 3, 4).subarray(1, 3))
    const found = Result.getOrThrow(Safetensors.decode(encode({ tensors: { view }, metadata: {} })))
    assert.deepStrictEqual([...found.tensors.view!.values], [2, 3])
  })

  it("gives equal bytes for any order of the keys", () => {
    const reversed = <A>(record: Readonly<Record<string, A>>) => Object.fromEntries(Object.entries(record).toReversed())
    const other = { tensors: reversed(sample.tensors), metadata: reversed(sample.metadata) }
    assert.deepStrictEqual(encode(other), encode(sample))
  })

  it.prop(
    "tensors and metadata are restored, or refused before writing",
    [ContentsArbitrary],
    ([input]) => {
      const tensors: HostTensors = Object.fromEntries(
        input.tensors.map(({ dtype, name, salt, shape }) => {
          const bytes = new Uint8Array(sizeOf(shape) * 4).map((_, index) => Math.imul(index + 1, salt) >>> 13)
          const values =
            dtype === "uint8"
              ? bytes.subarray(0, sizeOf(shape))
              : dtype === "int32"
                ? new Int32Array(bytes.buffer)
                : new Float32Array(bytes.buffer)
          return [name, { dtype, shape, values }]
        })
      )
      const contents = { tensors, metadata: input.metadata }
      const refused =
        Object.hasOwn(tensors, "__metadata__") ||
        Object.hasOwn(input.metadata, "sha256") ||
        ![...Object.keys(tensors), ...Object.entries(input.metadata).flat()].every((text) => text.isWellFormed())
      const pieces = Safetensors.encode(contents)
      assert.strictEqual(Result.isFailure(pieces), refused)
      if (Result.isSuccess(pieces)) {
        assertSame(Result.getOrThrow(Safetensors.decode(join(pieces.success))), contents)
      }
    },
    { arbitrary: { runs: 300, seed: 1 } }
  )

  it("keeps names that JavaScript gives a meaning", () => {
    const tensors = Object.fromEntries([
      ["__proto__", uint8([1], Uint8Array.of(1))],
      ["constructor", uint8([1], Uint8Array.of(2))],
      ["10", uint8([1], Uint8Array.of(3))],
      ["9", uint8([1], Uint8Array.of(4))]
    ])
    const contents = { tensors, metadata: Object.fromEntries([["__proto__", "text"]]) }
    assertSame(Result.getOrThrow(Safetensors.decode(encode(contents))), contents)
  })

  it("refuses to write what cannot be restored", () => {
    const one = Float32Array.of(1)
    for (const contents of [
      { tensors: { __metadata__: float32([1], one) }, metadata: {} },
      { tensors: { "\ud800": float32([1], one) }, metadata: {} },
      { tensors: { a: float32([2], one) }, metadata: {} },
      { tensors: { a: float32([-1, -1], one) }, metadata: {} },
      { tensors: { a: { dtype: "int32" as const, shape: [1], values: one } }, metadata: {} },
      { tensors: {}, metadata: { sha256: "" } }
    ]) {
      assert.isTrue(Result.isFailure(Safetensors.encode(contents)))
    }
  })

  it("refuses every truncation", () => {
    const bytes = encode(sample)
    for (let length = 0; length < bytes.length; length++) {
      assert.isTrue(Result.isFailure(Safetensors.decode(bytes.subarray(0, length))), `cut to ${length}`)
    }
    assert.isTrue(Result.isFailure(Safetensors.decode(join([bytes, Uint8Array.of(0)]))))
  })

  it("refuses every flipped bit, except equivalent headers", () => {
    const bytes = encode(sample)
    for (let index = 0; index < bytes.length; index++) {
      const changed = bytes.slice()
      changed[index]! ^= 1 << (index % 8)
      const found = Safetensors.decode(changed)
      if (Result.isSuccess(found)) assertSame(found.success, sample)
    }
    const last = bytes.slice()
    last[last.length - 1]! ^= 1
    assert.match(Result.getOrThrow(Result.flip(Safetensors.decode(last))), /digest/)
  })

  it("refuses hostile headers without allocating", () => {
    const entry = (shape: ReadonlyArray<unknown>, offsets: ReadonlyArray<unknown>, dtype: string = "F32") => ({
      __metadata__: {},
      a: { dtype, shape, data_offsets: offsets }
    })
    const enormous = Buffer.alloc(16)
    enormous.writeBigUInt64LE(2n ** 63n)
    for (const bytes of [
      enormous,
      file("null"),
      file("[]"),
      file("\ufeff{}"),
      file("{"),
      file("{}"),
      file("[".repeat(1_000_000)),
      file(`{"__metadata__":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
      file({ __metadata__: { a: 1 } }),
      file({ __metadata__: {} }),
      file({ __metadata__: { sha256: "0".repeat(64) } }),
      file(entry([2 ** 40], [0, 2 ** 42])),
      file(entry([2 ** 53, 2 ** 53, 2 ** 53], [0, 4]), 4),
      file(entry([1e308, 1e308, 0], [0, 0])),
      file(entry([1], [0, 4], "F64"), 4),
      file(entry([-1], [4, 0]), 4),
      file(entry([0.5], [0, 2]), 2),
      file(entry([1], [0, 4]), 8),
      file(entry([1], [4, 8]), 8),
      file(entry([1], [0, 4, 4]), 4),
      file(entry(["1"], [0, 4]), 4),
      file({ ...entry([1], [0, 4]), b: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, 4),
      file({ __metadata__: {}, "\ud800": { dtype: "U8", shape: [0], data_offsets: [0, 0] } })
    ]) {
      assert.isTrue(Result.isFailure(Safetensors.decode(bytes)))
    }
  })

  it("says what is wrong", () => {
    const entry = (begin: number, end: number) => ({ dtype: "F32", shape: [1], data_offsets: [begin, end] })
    for (const [bytes, words] of [
      [file({ __metadata__: {}, a: entry(4, 8) }, 8), /overlap or leave gaps/],
      [file({ __metadata__: {}, a: entry(0, 4), b: entry(0, 4) }, 8), /overlap or leave gaps/],
      [file({ __metadata__: {}, a: entry(0, 4) }, 5), /5 bytes of tensors instead of 4/],
      [file({ __metadata__: {}, a: entry(0, 5) }, 5), /"a" do not match its shape/],
      [file({ __metadata__: {}, a: { ...entry(0, 4), more: 1 } }, 4), /"a" is malformed/],
      [file({ __metadata__: {}, a: entry(0, 4) }, 4), /header says undefined/]
    ] as const) {
      assert.match(Result.getOrThrow(Result.flip(Safetensors.decode(bytes))), words)
    }
  })
})
