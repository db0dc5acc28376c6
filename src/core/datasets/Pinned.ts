/**
 * File content with a pinned checksum.
 */
import { Effect, Schema } from "effect"
import { sha256 } from "../Spec.ts"
import { decompress } from "./Gzip.ts"

/** The required content of a file, once decompressed. */
export interface Pinned {
  /** Of the decompressed content, lower-case hexadecimal. */
  readonly sha256: string
  /** Length of the decompressed content. */
  readonly bytes: number
}

/** A file does not have the pinned content. */
export class PinnedError extends Schema.TaggedError<PinnedError>()("PinnedError", {
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `expected ${this.expected}, found ${this.found}`
  }
}

/** The largest possible file with this content: gzip adds a header and a few bytes per incompressible block. */
export const maxFileBytes = (pinned: Pinned): number => pinned.bytes + Math.ceil(pinned.bytes / 1000) + 4096

/**
 * Decompresses a file's content if necessary, and checks its length and SHA-256.
 *
 * Fails with both checksums, or with the reason why the file cannot be decompressed.
 */
export const verify = Effect.fn("Pinned.verify")(function* (bytes: Uint8Array, pinned: Pinned) {
  const expected = `SHA-256 ${pinned.sha256} of ${pinned.bytes} bytes`
  const content = yield* decompress(bytes, pinned.bytes).pipe(
    Effect.mapError(
      (error) => new PinnedError({ expected, found: `${bytes.length} bytes that cannot be read: ${error.reason}` })
    )
  )
  const found = sha256(content)
  if (found !== pinned.sha256) {
    return yield* new PinnedError({ expected, found: `SHA-256 ${found} of ${content.length} bytes` })
  }
  return content
})
