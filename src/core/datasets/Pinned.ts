/**
 * Content known by its checksum: what a file must hold to be used.
 */
import { Effect, Schema } from "effect"
import { sha256 } from "../Spec.ts"
import { decompress } from "./Gzip.ts"

/** What the decompressed content of a file must be. */
export interface Pinned {
  /** Of the decompressed content, lower-case hexadecimal. */
  readonly sha256: string
  /** Length of the decompressed content. */
  readonly bytes: number
}

/** A file does not hold what it must hold. */
export class PinnedError extends Schema.TaggedError<PinnedError>()("PinnedError", {
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `expected ${this.expected}, found ${this.found}`
  }
}

/** Most bytes that a file with this content can have: gzip adds a header and a few bytes a block to what it cannot shrink. */
export const maxFileBytes = (pinned: Pinned): number => pinned.bytes + Math.ceil(pinned.bytes / 1000) + 4096

/**
 * The decompressed content of a file, compressed or not, once its SHA-256 is the pinned one.
 *
 * Fails with both checksums, or with what keeps the file from being decompressed.
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
