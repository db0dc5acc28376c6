/**
 * IDX files of unsigned bytes, the format of MNIST.
 *
 * Big-endian: two zero bytes, the element type (8 for unsigned bytes), the number of dimensions, a 32-bit size for each
 * dimension, then the values in row-major order. Truncated files and trailing bytes are errors.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats",
 * http://yann.lecun.com/exdb/mnist/
 */
import { Effect, Result, Schema } from "effect"
import { decompress } from "./Gzip.ts"

/** Values in row-major order. */
export interface IdxArray {
  readonly shape: ReadonlyArray<number>
  readonly values: Uint8Array
}

/** The bytes are not the expected IDX file. */
export class IdxError extends Schema.TaggedError<IdxError>()("IdxError", {
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `expected ${this.expected}, found ${this.found}`
  }
}

const unsignedByte = 8

const hexadecimal = (bytes: Uint8Array): string =>
  bytes.length === 0 ? "nothing" : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")

/**
 * Reads an array with the given number of dimensions from the bytes of an uncompressed IDX file.
 *
 * The values are a view of `bytes`; large sizes in a header allocate nothing.
 */
export const decode = (bytes: Uint8Array, dimensions: number): Result.Result<IdxArray, IdxError> => {
  const fail = (expected: string, found: string) => Result.fail(new IdxError({ expected, found }))
  const headerBytes = 4 + 4 * dimensions
  if (bytes.length < 4) return fail(`an IDX header of ${headerBytes} bytes`, `${bytes.length} bytes`)
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== unsignedByte) {
    return fail("an IDX file of unsigned bytes, which begins with 00 00 08", hexadecimal(bytes.subarray(0, 3)))
  }
  if (bytes[3] !== dimensions) return fail(`${dimensions} dimensions`, `${bytes[3]}`)
  if (bytes.length < headerBytes) return fail(`an IDX header of ${headerBytes} bytes`, `${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes)
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis))
  const values = bytes.subarray(headerBytes)
  // rounds where the product is beyond 2^53, far above the length of any array, so the comparison holds
  const count = shape.reduce((product, size) => product * size, 1)
  if (values.length !== count) {
    return fail(`${count} values of shape [${shape.join(", ")}]`, `${values.length} bytes after the header`)
  }
  return Result.succeed({ shape, values })
}

/**
 * Reads an IDX file, gzip-compressed or not.
 *
 * `maxBytes` bounds the decompressed size, header included; default: 1 GiB.
 */
export const read = Effect.fn("Idx.read")(function* (
  bytes: Uint8Array,
  options: { readonly dimensions: number; readonly maxBytes?: number }
) {
  const content = yield* decompress(bytes, options.maxBytes ?? 2 ** 30).pipe(
    Effect.mapError((error) => new IdxError({ expected: "an IDX file, gzip-compressed or not", found: error.reason }))
  )
  return yield* Effect.fromResult(decode(content, options.dimensions))
})
