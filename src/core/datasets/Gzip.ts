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

/**
 * The content of a gzip file, or the bytes themselves where they are not one; at most `maxBytes` of it.
 *
 * Fails where the compressed data is cut, damaged or followed by something else. A small file that would grow without
 * end is stopped at `maxBytes`.
 */
export const decompress = (bytes: Uint8Array, maxBytes: number): Effect.Effect<Uint8Array, GzipError> =>
  isGzip(bytes)
    ? Effect.callback((resume) =>
        // zlib takes no limit below 1
        gunzip(bytes, { maxOutputLength: Math.max(1, maxBytes) }, (error, content) => {
          if (error === null)
            return resume(Effect.succeed(new Uint8Array(content.buffer, content.byteOffset, content.length)))
          const code = "code" in error ? error.code : undefined
          resume(
            Effect.fail(code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(maxBytes) : new GzipError({ reason: error.message }))
          )
        })
      )
    : bytes.length > maxBytes
      ? Effect.fail(tooLarge(maxBytes))
      : Effect.succeed(bytes)
