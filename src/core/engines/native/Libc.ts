/**
 * The parts of the C library that running machine code needs: memory outside the JavaScript heap, pages of code, which
 * are writable or executable but never both, and threads.
 *
 * If they are not available (another system or processor, no koffi), the typed error says why.
 */
import { Effect, Schema, type Scope } from "effect"
import { synchronizeCode } from "./arm64/InstructionCache.ts"

/** Machine code cannot run on this machine; `reason` is one sentence. */
export class NativeUnavailable extends Schema.TaggedError<NativeUnavailable>()("NativeUnavailable", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return this.reason
  }
}

/** An address in this process. */
export type Address = bigint

/** Zero-initialised memory outside the JavaScript heap. The buffer must not be used after the scope has closed. */
export interface Block {
  readonly address: Address
  readonly buffer: ArrayBuffer
}

export interface Libc {
  /** The address of an array's elements, which does not change while the array lives. */
  readonly addressOf: (array: ArrayBufferView<ArrayBuffer>) => Address
  /** Memory aligned to 2 MiB, in huge pages if the system has them. */
  readonly reserve: (bytes: number) => Effect.Effect<Block, NativeUnavailable, Scope.Scope>
  /** Maps code as executable. */
  readonly load: (code: Uint8Array) => Effect.Effect<Address, NativeUnavailable, Scope.Scope>
  /** The code at an address as a function of one pointer; it must follow the C calling convention. */
  readonly callable: (code: Address) => (argument: Address) => void
  /** Runs the code at an address on a new thread; closing the scope waits until it returns. */
  readonly startThread: (code: Address, argument: Address) => Effect.Effect<void, NativeUnavailable, Scope.Scope>
  /** The set of processors that this process may run on, as bits. */
  readonly processors: Effect.Effect<Uint8Array>
  /** Makes whole pages inaccessible: touching them ends the process. For tests of bounds. */
  readonly forbid: (address: Address, bytes: number) => Effect.Effect<void, NativeUnavailable>
}

const pageBytes = 4096
/** A bit for each of 1024 processors, the C library's limit. */
export const processorsBytes = 128
const hugePageBytes = 1 << 21
const access = { none: 0, read: 1, write: 2, execute: 4 } as const
const privateAnonymous = 0x22
const adviseHugePages = 14

const unavailable = (reason: string, cause?: unknown): NativeUnavailable =>
  new NativeUnavailable({ reason, ...(cause === undefined ? {} : { cause }) })

/** Fails where the operating system or the processor family is not one that machine code is emitted for. */
const checkPlatform = Effect.suspend(() => {
  const { arch, platform } = process
  return platform === "linux" && (arch === "x64" || arch === "arm64")
    ? Effect.void
    : Effect.fail(unavailable(`machine code is emitted for Linux on x64 and arm64; this is ${platform} on ${arch}`))
})

const roundedUp = (bytes: number, unit: number): number => Math.ceil(Math.max(1, bytes) / unit) * unit

/** Opens the C library through koffi. */
export const open: Effect.Effect<Libc, NativeUnavailable> = Effect.gen(function* () {
  yield* checkPlatform
  const { default: koffi } = yield* Effect.tryPromise({
    try: () => import("koffi"),
    catch: (cause) => unavailable("the package koffi, which calls native code, does not load", cause)
  })
  const library = yield* Effect.try({
    try: () => koffi.load("libc.so.6"),
    catch: (cause) => unavailable("the GNU C library (libc.so.6) does not load", cause)
  })
  const functions = yield* Effect.try({
    try: () => ({
      mmap: library.func(
        "uint64_t mmap(uint64_t address, size_t bytes, int access, int flags, int file, int64_t offset)"
      ),
      munmap: library.func("int munmap(uint64_t address, size_t bytes)"),
      mprotect: library.func("int mprotect(uint64_t address, size_t bytes, int access)"),
      madvise: library.func("int madvise(uint64_t address, size_t bytes, int advice)"),
      create: library.func("int pthread_create(void *thread, uint64_t attributes, uint64_t code, uint64_t argument)"),
      affinity: library.func("int sched_getaffinity(int process, size_t bytes, void *processors)"),
      join: library.func("int pthread_join(uint64_t thread, uint64_t result)")
    }),
    catch: (cause) => unavailable("the C library lacks a function", cause)
  })
  const signature = koffi.proto("void (uint64_t)")

  const map = (bytes: number): Effect.Effect<Address, NativeUnavailable, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        const address = BigInt(functions.mmap(0, bytes, access.read | access.write, privateAnonymous, -1, 0) as bigint)
        return address === 2n ** 64n - 1n
          ? Effect.fail(unavailable(`the system refuses ${bytes} bytes of memory`))
          : Effect.succeed(address)
      }),
      (address) => Effect.sync(() => functions.munmap(address, bytes))
    )
  const protect = (address: Address, bytes: number, allowed: number): Effect.Effect<void, NativeUnavailable> =>
    Effect.suspend(() =>
      functions.mprotect(address, bytes, allowed) === 0
        ? Effect.void
        : Effect.fail(unavailable("the system forbids executable memory"))
    )
  const bufferAt = (address: Address, bytes: number): ArrayBuffer => koffi.view(address, bytes)

  const callable = (code: Address): ((argument: Address) => void) => {
    const run = koffi.decode(code, signature) as (argument: Address) => void
    return (argument) => run(argument)
  }
  const addressOf = (array: ArrayBufferView<ArrayBuffer>): Address => BigInt(koffi.address(array))
  /** Code on pages of its own, executable. */
  const mapCode = Effect.fnUntraced(function* (code: Uint8Array) {
    const bytes = roundedUp(code.length, pageBytes)
    const address = yield* map(bytes)
    new Uint8Array(bufferAt(address, code.length)).set(code)
    yield* protect(address, bytes, access.read | access.execute)
    return address
  })
  /** The instruction caches of arm64 do not see what was stored. This code itself is on a page that never ran before. */
  const synchronize = (address: Address, bytes: number): Effect.Effect<void, NativeUnavailable> =>
    process.arch === "arm64"
      ? Effect.scoped(
          Effect.map(mapCode(synchronizeCode()), (code) =>
            callable(code)(addressOf(BigUint64Array.of(address, address + BigInt(bytes))))
          )
        )
      : Effect.void

  return {
    addressOf,
    reserve: Effect.fnUntraced(function* (bytes) {
      const whole = roundedUp(bytes, hugePageBytes)
      const start = yield* map(whole + hugePageBytes)
      const address = ((start + BigInt(hugePageBytes) - 1n) / BigInt(hugePageBytes)) * BigInt(hugePageBytes)
      // Only advice: without huge pages there are more TLB misses.
      functions.madvise(address, whole, adviseHugePages)
      return { address, buffer: bufferAt(address, bytes) }
    }),
    load: Effect.fnUntraced(function* (code) {
      const address = yield* mapCode(code)
      yield* synchronize(address, code.length)
      return address
    }),
    callable,
    startThread: (code, argument) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.suspend(() => {
            const thread = new BigUint64Array(1)
            return functions.create(thread, 0, code, argument) === 0
              ? Effect.succeed(thread[0]!)
              : Effect.fail(unavailable("the system refuses another thread"))
          }),
          (thread) => Effect.sync(() => functions.join(thread, 0))
        )
      ),
    processors: Effect.sync(() => {
      const processors = new Uint8Array(processorsBytes)
      functions.affinity(0, processorsBytes, processors)
      return processors
    }),
    forbid: (address, bytes) => protect(address, bytes, access.none)
  }
})
