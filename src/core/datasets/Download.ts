/**
 * Downloads one file with a pinned checksum, from the first address that serves it.
 *
 * Laws: the final name refers to the verified file or is untouched; temporary files are removed after success, failure
 * and interruption.
 */
import { randomUUID } from "node:crypto"
import { Effect, FileSystem, Path, type PlatformError, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { maxFileBytes, type Pinned, verify } from "./Pinned.ts"
import { transfer } from "./Transfer.ts"

/** No address served the file. */
export class DownloadError extends Schema.TaggedError<DownloadError>()("DownloadError", {
  /** The path that the file was to be written to. */
  target: Schema.String,
  /** Each address that was tried, in order, and why it failed; the target itself if writing failed. */
  failures: Schema.Array(Schema.Struct({ where: Schema.String, reason: Schema.String }))
}) {
  override get message(): string {
    return `cannot download ${this.target}: ${this.failures.map(({ where, reason }) => `${where}: ${reason}`).join("; ")}`
  }
}

export interface DownloadOptions {
  /** Path of the file. Missing folders are created. */
  readonly target: string
  /** Tried in order. */
  readonly addresses: ReadonlyArray<string>
  readonly content: Pinned
}

/** Fetches one address into the temporary file and verifies it. Returns the reason if the address is at fault. */
const tryAddress = Effect.fnUntraced(function* (temporary: string, address: string, content: Pinned) {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.scoped(
    Effect.flatMap(fs.open(temporary, { flag: "w" }), (file) => transfer(file, address, maxFileBytes(content)))
  ).pipe(
    Effect.andThen(fs.readFile(temporary)),
    Effect.flatMap((bytes) => verify(bytes, content)),
    Effect.as(undefined),
    Effect.catchTags({
      TransferError: (error) => Effect.succeed(error.reason),
      PinnedError: (error) => Effect.succeed(error.message)
    })
  )
})

/**
 * Downloads a file, verifies its decompressed content, then renames it to the target.
 *
 * If an address fails permanently or serves other content, the next one is tried from the start; bytes of different
 * addresses are never combined.
 */
export const download: (
  options: DownloadOptions
) => Effect.Effect<void, DownloadError, FileSystem.FileSystem | Path.Path | HttpClient.HttpClient> = Effect.fn(
  "Download.download"
)(
  function* ({ addresses, content, target }) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(path.dirname(target), { recursive: true })
    const temporary = yield* Effect.acquireRelease(
      Effect.sync(() => `${target}.${randomUUID()}.part`),
      (name) => Effect.ignore(fs.remove(name, { force: true }))
    )
    const failures: Array<{ readonly where: string; readonly reason: string }> = []
    for (const address of addresses) {
      const reason = yield* tryAddress(temporary, address, content)
      if (reason === undefined) return yield* fs.rename(temporary, target)
      failures.push({ where: address, reason })
    }
    return yield* new DownloadError({ target, failures })
  },
  Effect.scoped,
  (effect, { target }) =>
    Effect.catchTag(effect, "PlatformError", (error: PlatformError.PlatformError) =>
      Effect.fail(new DownloadError({ target, failures: [{ where: target, reason: error.message }] }))
    )
)
