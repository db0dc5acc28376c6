/**
 * Reads bytes in order from an open file or from a stream of Node.js, such as a decompressor.
 */
import type { Readable } from "node:stream"
import { Effect, type FileSystem, type PlatformError, Schema } from "effect"

/** A stream ended with an error, such as that of damaged compressed data. */
export class StreamError extends Schema.TaggedError<StreamError>()("StreamError", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return this.reason
  }
}

export interface ByteReader {
  /** Fills the buffer with the next bytes and returns their number, which is smaller only at the end. */
  readonly fill: (buffer: Uint8Array) => Effect.Effect<number, PlatformError.PlatformError | StreamError>
}

export const ofFile = (file: FileSystem.File): ByteReader => ({
  fill: Effect.fnUntraced(function* (buffer) {
    let filled = 0
    while (filled < buffer.length) {
      const count = yield* file.read(buffer.subarray(filled))
      if (count === 0) break
      filled += count
    }
    return filled
  })
})

/** The caller destroys the stream. */
export const ofReadable = (readable: Readable): ByteReader => {
  const chunks = readable[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  let rest = new Uint8Array(0) as Uint8Array
  return {
    fill: (buffer) =>
      Effect.tryPromise({
        try: async () => {
          let filled = 0
          while (filled < buffer.length) {
            if (rest.length === 0) {
              const next = await chunks.next()
              if (next.done === true) break
              rest = next.value
            }
            const part = rest.subarray(0, buffer.length - filled)
            buffer.set(part, filled)
            filled += part.length
            rest = rest.subarray(part.length)
          }
          return filled
        },
        catch: (cause) => new StreamError({ reason: cause instanceof Error ? cause.message : String(cause), cause })
      })
  }
}
