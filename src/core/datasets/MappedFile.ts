/**
 * Files as byte arrays that the operating system pages in and out, by mmap: for data that is larger than the memory.
 *
 * Laws: a mapping is released when its array is garbage-collected, never earlier, so that no array is without memory; the
 * disk space of a new file is reserved first, because a full disk would end the process at a write.
 */
import { closeSync, fstatSync, openSync } from "node:fs"
import { Effect, Schema } from "effect"

/** A file cannot be mapped here; `reason` says why. */
export class MappingError extends Schema.TaggedError<MappingError>()("MappingError", {
  path: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.path} cannot be memory-mapped: ${this.reason}`
  }
}

interface Functions {
  readonly map: (bytes: number, file: number) => Uint8Array | undefined
  readonly reserve: (bytes: number, file: number) => number
}

const readable = 1
const writable = 2
const shared = 1

let loaded: Promise<Functions> | undefined

const load = async (): Promise<Functions> => {
  const { default: koffi } = await import("koffi")
  const library = koffi.load("libc.so.6")
  const mmap = library.func(
    "uint64_t mmap(uint64_t address, size_t bytes, int access, int flags, int file, int64_t at)"
  )
  const munmap = library.func("int munmap(uint64_t address, size_t bytes)")
  const reserve = library.func("int posix_fallocate(int file, int64_t at, int64_t bytes)")
  const mappings = new FinalizationRegistry<{ readonly address: bigint; readonly bytes: number }>(
    ({ address, bytes }) => void munmap(address, bytes)
  )
  return {
    map: (bytes, file) => {
      const address = BigInt(mmap(0, bytes, readable | writable, shared, file, 0) as bigint)
      if (address === 2n ** 64n - 1n) return undefined
      const buffer: ArrayBuffer = koffi.view(address, bytes)
      // Every view keeps its buffer alive.
      mappings.register(buffer, { address, bytes })
      return new Uint8Array(buffer)
    },
    reserve: (bytes, file) => reserve(file, 0, bytes) as number
  }
}

const functions = (path: string) =>
  Effect.tryPromise({
    try: () => (loaded ??= load()),
    catch: (cause) =>
      new MappingError({ path, reason: "mmap is called through koffi and glibc, on Linux alone", cause })
  })

/** Runs `use` with a file that is open until it returns; a mapping needs no open file. */
const withFile = <A>(path: string, flags: string, use: (file: number) => A): Effect.Effect<A, MappingError> =>
  Effect.acquireUseRelease(
    Effect.try({
      try: () => openSync(path, flags),
      catch: (cause) =>
        new MappingError({ path, reason: cause instanceof Error ? cause.message : String(cause), cause })
    }),
    (file) => Effect.sync(() => use(file)),
    (file) => Effect.sync(() => closeSync(file))
  )

const mapped = (path: string, bytes: number, array: Uint8Array | undefined) =>
  array === undefined
    ? Effect.fail(new MappingError({ path, reason: `the system refuses ${bytes} bytes of address space` }))
    : Effect.succeed(array)

/** Maps a whole file, which must not be empty. Writing to the array would change the file. */
export const open = Effect.fn("MappedFile.open")(function* (path: string) {
  const { map } = yield* functions(path)
  const { array, size } = yield* withFile(path, "r+", (file) => {
    const { size } = fstatSync(file)
    return { size, array: map(size, file) }
  })
  return yield* mapped(path, size, array)
})

/** Creates a file of `bytes` zeros, at least 1, and maps it; what is written to the array is written to the file. */
export const create = Effect.fn("MappedFile.create")(function* (path: string, bytes: number) {
  const { map, reserve } = yield* functions(path)
  const { array, code } = yield* withFile(path, "wx+", (file) => {
    const code = reserve(bytes, file)
    return { code, array: code === 0 ? map(bytes, file) : undefined }
  })
  if (code !== 0) {
    return yield* new MappingError({
      path,
      reason: `the disk gives no ${bytes} bytes (posix_fallocate: error ${code})`
    })
  }
  return yield* mapped(path, bytes, array)
})
