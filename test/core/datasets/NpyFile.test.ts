import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { ArrayError, type Purpose } from "../../../src/core/datasets/ArrayDataset.ts"
import * as NpyFile from "../../../src/core/datasets/NpyFile.ts"
import { uniform } from "../../../src/core/Random.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { byNumpy, headerOf, npyBytes, valuesOf, x } from "./NumpyFiles.ts"

/** Writes the bytes into a file and reads it. */
const read = Effect.fnUntraced(
  function* (bytes: Uint8Array, purpose: Purpose = "pixels", shape?: ReadonlyArray<number>) {
    const fs = yield* FileSystem.FileSystem
    const path = `${yield* fs.makeTempDirectoryScoped()}/array.npy`
    yield* fs.writeFile(path, bytes)
    return yield* valuesOf(
      yield* NpyFile.openFile(path, {
        purpose,
        fits: (found) => shape === undefined || found.join() === shape.join(),
        shape: `[${shape?.join(", ")}]`
      })
    )
  },
  Effect.scoped,
  Effect.provide(NodeServices.layer)
)

const refused = (
  bytes: Uint8Array,
  expected: string,
  found: string,
  purpose?: Purpose,
  shape?: ReadonlyArray<number>
) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(read(bytes, purpose, shape))
    assert.instanceOf(error, ArrayError)
    assert.include(error.expected, expected)
    assert.include(error.found, found)
    for (const text of ["array.npy", error.expected, error.found]) assert.include(error.message, text)
  })

describe("NpyFile reads what NumPy wrote", () => {
  for (const name of ["uint8", "float32", "float64", "version2", "version3"] as const) {
    it.live(name, () =>
      Effect.gen(function* () {
        const bytes = byNumpy(name)
        assert.deepStrictEqual(yield* read(bytes), { shape: [3, 2, 2], values: x })
      })
    )
  }

  it.live("colour and labels", () =>
    Effect.gen(function* () {
      const colour = yield* read(byNumpy("colour"))
      assert.deepStrictEqual(colour.shape, [2, 1, 2, 3])
      assert.deepStrictEqual(
        colour.values,
        Uint8Array.from({ length: 12 }, (_, index) => index)
      )
      const labels = yield* read(byNumpy("int64"), "labels")
      assert.deepStrictEqual([labels.shape, labels.values], [[3], Uint8Array.of(2, 0, 1)])
    })
  )

  it.live("refuses unsupported types with a reason", () =>
    Effect.gen(function* () {
      yield* refused(byNumpy("fortran"), "C order (save numpy.ascontiguousarray(array))", "Fortran order")
      yield* refused(byNumpy("big"), "little-endian", ">f4 (big-endian)")
      yield* refused(byNumpy("pickled"), "uint8, float32 or float64", "|O (pickled objects)")
      yield* refused(byNumpy("bool"), "uint8, float32 or float64", "|b1")
      yield* refused(byNumpy("structured"), "a header with one type", "('a', '<f4')")
      yield* refused(byNumpy("scalar"), "[3]", "[]", "labels", [3])
      yield* refused(byNumpy("uint8"), "[4, 2, 2]", "[3, 2, 2]", "pixels", [4, 2, 2])
      yield* refused(byNumpy("int64"), "values of type uint8, float32 or float64", "int64")
      yield* refused(byNumpy("float32"), "values of type an integer type", "float32", "labels")
    })
  )
})

describe("NpyFile", () => {
  it.live("rounds numbers to bytes and refuses those outside [0, 1], with their position", () =>
    Effect.gen(function* () {
      const array = (...values: ReadonlyArray<number>) =>
        npyBytes(headerOf("<f8", [values.length / 2, 2]), Float64Array.from(values))
      const { values } = yield* read(array(0, 1, 0.5, 1 / 255, 0.4999 / 255, 254.5001 / 255))
      assert.deepStrictEqual(values, Uint8Array.of(0, 255, 128, 1, 0, 255))
      for (const value of [-1e-9, 1.0001, 255, Number.NaN, Number.POSITIVE_INFINITY]) {
        yield* refused(array(0, 1, 0, 1, 0.5, value), "numbers from 0 to 1 (or bytes, as uint8)", `${value} at [2, 1]`)
      }
    })
  )

  it.live("reads labels of every integer type, and refuses values above 255", () =>
    Effect.gen(function* () {
      const arrays = {
        "|u1": Uint8Array,
        "|i1": Int8Array,
        "<i2": Int16Array,
        "<u2": Uint16Array,
        "<i4": Int32Array,
        "<u4": Uint32Array
      }
      for (const [descr, array] of Object.entries(arrays)) {
        const { values } = yield* read(npyBytes(headerOf(descr, [3]), array.of(3, 0, 127)), "labels")
        assert.deepStrictEqual(values, Uint8Array.of(3, 0, 127))
      }
      for (const [descr, array] of [
        ["<i8", BigInt64Array],
        ["<u8", BigUint64Array]
      ] as const) {
        const { values } = yield* read(npyBytes(headerOf(descr, [2]), array.of(255n, 0n)), "labels")
        assert.deepStrictEqual(values, Uint8Array.of(255, 0))
      }
      yield* refused(npyBytes(headerOf("<i2", [2]), Int16Array.of(1, 256)), "0 to 255", "256 at [1]", "labels")
      yield* refused(npyBytes(headerOf("|i1", [2]), Int8Array.of(1, -1)), "0 to 255", "-1 at [1]", "labels")
      yield* refused(npyBytes(headerOf("<i8", [1]), BigInt64Array.of(2n ** 40n)), "0 to 255", `${2 ** 40}`, "labels")
    })
  )

  it.live("reads arrays of several blocks", () =>
    Effect.gen(function* () {
      const count = 300_007
      const numbers = uniform({ seed: 1, stream: "test/npy", step: 0 }, count)
      for (const [descr, values] of [
        ["<f4", numbers],
        ["<f8", Float64Array.from(numbers)]
      ] as const) {
        const bytes = npyBytes(headerOf(descr, [count]), values)
        const result = yield* read(bytes)
        assert.strictEqual(sha256(result.values), sha256(Uint8Array.from(numbers, (value) => Math.round(255 * value))))
        const wrong = values.with(count - 2, 2)
        yield* refused(npyBytes(headerOf(descr, [count]), wrong), "from 0 to 1", `2 at [${count - 2}]`)
      }
    })
  )

  it.live("accepts a header's keys in any order and quotes, once each", () =>
    Effect.gen(function* () {
      for (const header of [
        "{'shape':(3,2,2),'descr':'|u1','fortran_order':False}",
        '{"fortran_order": False, "descr": "<u1", "shape": (3, 2, 2,),}'
      ]) {
        assert.deepStrictEqual((yield* read(npyBytes(header, x))).values, x)
      }
      for (const header of [
        "",
        "{}",
        "{'descr': '|u1', 'fortran_order': False}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2), 'more': 1}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2)}",
        "{'descr': '|u1', 'fortran_order': 'False', 'shape': (3, 2, 2)}",
        "{'descr': False, 'fortran_order': False, 'shape': (3, 2, 2)}",
        "{'descr': '|u1' 'fortran_order': False, 'shape': (3, 2, 2)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2)} {}"
      ]) {
        yield* refused(npyBytes(header, x), "a header with one type, fortran_order and shape", JSON.stringify(header))
      }
      for (const shape of ["12", "3 2 2", ",", "3,,2,2", `3, ${"9".repeat(40)}`]) {
        const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape})}`
        yield* refused(npyBytes(header, x), "a tuple of sizes", shape)
      }
    })
  )

  it.live("reports faults of the file", () =>
    Effect.gen(function* () {
      const bytes = byNumpy("uint8")
      yield* refused(new Uint8Array(0), "a .npy file", "nothing")
      yield* refused(
        Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0),
        "a .npy file",
        "50 4b 03 04 00 00, a zip archive such as .npz"
      )
      yield* refused(bytes.subarray(0, 9), "a header of at least 12 bytes", "9 bytes")
      yield* refused(bytes.with(6, 4), "format version 1.0, 2.0 or 3.0", "4.0")
      yield* refused(bytes.subarray(0, 50), "a header that ends at byte 128", "50 bytes")
      yield* refused(bytes.subarray(0, bytes.length - 1), "140 bytes for 12 values of type uint8", "139 bytes")
      yield* refused(Uint8Array.from([...bytes, 0]), "140 bytes for 12 values", "141 bytes")
      const error = yield* Effect.flip(
        Effect.scoped(NpyFile.openFile("/", { purpose: "pixels", fits: () => true, shape: "any" }))
      )
      assert.include(error.message, "expected a file, found directory")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("allocates nothing for absurd sizes", () =>
    Effect.gen(function* () {
      yield* refused(npyBytes(headerOf("|u1", [2 ** 31]), x), `${2 ** 31} values`, "140 bytes")
      yield* refused(npyBytes(headerOf("|u1", [2 ** 50, 2 ** 50, 2 ** 50]), x), "e+45 values", "140 bytes")
      yield* refused(npyBytes(headerOf("<f8", [2 ** 30]), x), `${2 ** 33 + 128} bytes`, "140 bytes")
      const long = byNumpy("version2")
      long.fill(255, 8, 12)
      yield* refused(long, "a header of at most 65536 bytes", "one of 4294967295")
    })
  )
})
