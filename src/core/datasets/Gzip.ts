/**
 * Decompresses a file's content if it is gzip, recognised by its first two bytes.
 */
import { gunzip } from "node:zlib"
import { Effect, Schema } from "effect"

/** A compressed file is damaged or exceeds the size limit. */
export class GzipError extends Schema.TaggedError<GzipError>()("GzipError", {
  /** What is wrong, such as `unexpected end of file`. */
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** Whether the bytes begin with the gzip magic number. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const tooLarge = (maxBytes: number) => new GzipError({ reason: `more than ${maxBytes} bytes of content` })

/** Zlib's result with `info: true`, which its types do not declare. */
interface Inflated {
  readonly buffer: Uint8Array
  /** `bytesWritten` counts the compressed bytes up to the end of the last member. */
  readonly engine: { readonly bytesWritten: number }
}

/**
 * The decompressed content of a gzip file, or the bytes themselves if they are not gzip; at most `maxBytes`.
 *
 * Fails if the data is truncated, damaged or followed by anything but zero padding. `maxBytes` protects against
 * decompression bombs.
 */
export const decompress = (bytes: Uint8Array, maxBytes: number): Effect.Effect<Uint8Array, GzipError> =>
  isGzip(bytes)
    ? Effect.callback((resume) =>
        // zlib takes no limit below 1
        gunzip(bytes, { maxOutputLength: Math.max(1, maxBytes), info: true }, (error, inflated) => {
          if (error !== null) {
            const code = "code" in error ? error.code : undefined
            const failure =
              code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(maxBytes) : new GzipError({ reason: error.message })
            return resume(Effect.fail(failure))
          }
          const { buffer, engine } = inflated as unknown as Inflated
          const rest = bytes.subarray(engine.bytesWritten)
          resume(
            rest.some((byte) => byte !== 0)
              ? Effect.fail(new GzipError({ reason: `${rest.length} bytes after the end that are not zero padding` }))
              : Effect.succeed(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length))
          )
        })
      )
    : bytes.length > maxBytes
      ? Effect.fail(tooLarge(maxBytes))
      : Effect.succeed(bytes)
