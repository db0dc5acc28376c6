/**
 * Files that NumPy 2.4.6 wrote, in base64, and a writer of files for tests.
 *
 * Made with `numpy.lib.format.write_array(stream, array, version)` of these arrays, with `x` =
 * `np.arange(12, dtype=np.uint8).reshape(3, 2, 2) * 20`: uint8 `x`; float32 `(x / np.float32(255)).astype("<f4")`; float64
 * `x / 255.0`; colour `np.arange(12, dtype=np.uint8).reshape(2, 1, 2, 3)`; version2 and version3 `x`; int64
 * `np.array([2, 0, 1])`; fortran `np.asfortranarray(x)`; big `x.astype(">f4")`; bool `x > 0`; structured
 * `np.zeros(3, dtype=[("a", "<f4"), ("b", "u1")])`; pickled `np.array([{"a": 1}, [2, 3]], dtype=object)` by `np.save`; scalar `np.uint8(3)`.
 */
import { Effect } from "effect"
import type { OpenedArray } from "../../../src/core/datasets/ArrayDataset.ts"

const base64 = {
  uint8:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAFCg8UGR4jKC0yNw=",
  float32:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAoaCgPaGgID7x8HA+oaCgPsnIyD7x8PA+jYwMP6GgID+1tDQ/ychIP93cXD8=",
  float64:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAABQUFBQUFLQ/FBQUFBQUxD8eHh4eHh7OPxQUFBQUFNQ/GRkZGRkZ2T8eHh4eHh7eP5KRkZGRkeE/FBQUFBQU5D+XlpaWlpbmPxkZGRkZGek/nJubm5ub6z8=",
  colour:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDEsIDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAQIDBAUGBwgJCgs=",
  version2:
    "k05VTVBZAgB0AAAAeydkZXNjcic6ICd8dTEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywgMiwgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAFCg8UGR4jKC0yNw=",
  version3:
    "k05VTVBZAwB0AAAAeydkZXNjcic6ICd8dTEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywgMiwgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAFCg8UGR4jKC0yNw=",
  int64:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoCAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAA=",
  fortran:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMywgMiwgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAUKAoeMgUZLQ8jNw=",
  big: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAQaAAAEIgAABCcAAAQqAAAELIAABC8AAAQwwAAEMgAABDNAAAQ0gAAENcAAA=",
  bool: "k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAQEBAQEBAQEBAQE=",
  structured:
    "k05VTVBZAQB2AHsnZGVzY3InOiBbKCdhJywgJzxmNCcpLCAoJ2InLCAnfHUxJyldLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAAA=",
  pickled:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWbAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwKFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlCh9lIwBYZRLAXNdlChLAksDZWV0lGIu",
  scalar:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoD"
}

export const byNumpy = (name: keyof typeof base64): Uint8Array => new Uint8Array(Buffer.from(base64[name], "base64"))

/** The values of `x`. */
export const x = Uint8Array.from({ length: 12 }, (_, index) => index * 20)

/** A file of version 1.0 with any header and any values. */
export const npyBytes = (header: string, values: ArrayBufferView): Uint8Array => {
  const text = Buffer.from(`${header.padEnd(117)}\n`, "latin1")
  const start = Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Uint16Array.of(text.length)].map(bytesOf))
  return new Uint8Array(Buffer.concat([start, text, bytesOf(values)]))
}

const bytesOf = ({ buffer, byteLength, byteOffset }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** A header as NumPy writes it. */
export const headerOf = (descr: string, shape: ReadonlyArray<number>, order = "False"): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`

/** Shape and values of an array. */
export const valuesOf = Effect.fnUntraced(function* ({ readRows, shape }: OpenedArray) {
  const row = shape.slice(1).reduce((size, axis) => size * axis, 1)
  const values = new Uint8Array((shape[0] ?? 1) * row)
  yield* readRows((index) => values.subarray(index * row, (index + 1) * row))
  return { shape, values }
})
