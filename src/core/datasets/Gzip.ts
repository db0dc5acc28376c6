/**
 * The content of a file that may or may not be compressed: gzip is told apart by its first two bytes.
 */
import { gunzip } from "node:zlib"
import { Effect, Schema } from "effect"

/** A compressed file is damaged, or larger than it may be. */
export class GzipError extends Schema.TaggedError<GzipError>()("GzipError", {
  /** What is wrong, such as `unexpected end of file`. */
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** Whether bytes begin as a gzip file does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const tooLarge = (maxBytes: number) => new GzipError({ reason: `more than ${maxBytes} bytes of content` })

/** What zlib gives back with `info`, of which its types say nothing. */
interface Inflated {
  readonly buffer: Uint8Array
  /** `bytesWritten` counts the compressed bytes up to the end of the last member. */
  readonly engine: { readonly bytesWritten: number }
}

/**
 * The content of a gzip file, or the bytes themselves where they are not one; at most `maxBytes` of it.
 *
 * Fails where the compressed data is cut, damaged or followed by something else than zeros, which are padding. A small file
 * that would grow without end is stopped at `maxBytes`.
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
              ? Effect.fail(new GzipError({ reason: `${rest.length} bytes behind the end that are no padding` }))
              : Effect.succeed(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length))
          )
        })
      )
    : bytes.length > maxBytes
      ? Effect.fail(tooLarge(maxBytes))
      : Effect.succeed(bytes)
