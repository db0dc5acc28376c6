/**
 * What running machine code needs of the process: functions of the C library, memory outside JavaScript's, and pages of
 * code, which are written first and executed then, never both.
 *
 * Where this cannot be had (another system or processor, no koffi) the reason is a typed error.
 */
import { readFile } from "node:fs/promises"
import { Effect, Schema, type Scope } from "effect"

/** Machine code cannot run here: one sentence why. */
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

/** Memory outside JavaScript's, 0 at first. The buffer must not be touched after the scope has closed. */
export interface Block {
  readonly address: Address
  readonly buffer: ArrayBuffer
}

/** The parts of the C library that machine code needs. */
export interface Memory {
  /** Where an array's elements lie. It stays there, as long as the array lives. */
  readonly addressOf: (array: ArrayBufferView<ArrayBuffer>) => Address
  /** Memory at a multiple of 2 MiB, in pages of that size where the system has them. */
  readonly reserve: (bytes: number) => Effect.Effect<Block, NativeUnavailable, Scope.Scope>
  /** Code made ready to run. */
  readonly load: (code: Uint8Array) => Effect.Effect<Address, NativeUnavailable, Scope.Scope>
  /** The code at an address as a function of an address, which must keep the C calling convention. */
  readonly callable: (code: Address) => (argument: Address) => void
  /** Runs the code at an address beside this; the scope's end waits until it returns. */
  readonly startThread: (code: Address, argument: Address) => Effect.Effect<void, NativeUnavailable, Scope.Scope>
  /** Bits of the processors that this process may run on. */
  readonly processors: Effect.Effect<Uint8Array>
  /** Whole pages that nothing may touch any more: it ends the process. For tests of bounds. */
  readonly forbid: (address: Address, bytes: number) => Effect.Effect<void, NativeUnavailable>
}

const pageBytes = 4096
/** A bit for each of 1024 processors, as many as the C library counts. */
export const processorsBytes = 128
const hugePageBytes = 1 << 21
const access = { none: 0, read: 1, write: 2, execute: 4 } as const
const privateAnonymous = 0x22
const adviseHugePages = 14

const unavailable = (reason: string, cause?: unknown): NativeUnavailable =>
  new NativeUnavailable({ reason, ...(cause === undefined ? {} : { cause }) })

const flags = ["avx512f", "avx512dq", "avx512bw", "avx512vl", "rdtscp"]

/** Fails where the system or the processor is not one that the code is for. */
const checkMachine = Effect.gen(function* () {
  const { arch, platform } = process
  if (platform !== "linux" || arch !== "x64") {
    return yield* unavailable(`machine code is written for Linux on x86-64; this is ${platform} on ${arch}`)
  }
  const text = yield* Effect.tryPromise({
    try: () => readFile("/proc/cpuinfo", "utf8"),
    catch: (cause) => unavailable("/proc/cpuinfo, which tells what the processor can, is not readable", cause)
  })
  const present = new Set(/^flags\s*:(.*)$/m.exec(text)?.[1]?.split(" "))
  const missing = flags.filter((flag) => !present.has(flag))
  if (missing.length > 0) return yield* unavailable(`the processor has no ${missing.join(", ")}`)
})

const roundedUp = (bytes: number, unit: number): number => Math.ceil(Math.max(1, bytes) / unit) * unit

/** Opens the C library through koffi, where machine code can run. */
export const open: Effect.Effect<Memory, NativeUnavailable> = Effect.gen(function* () {
  yield* checkMachine
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
          ? Effect.fail(unavailable(`the system gives no ${bytes} bytes of memory`))
          : Effect.succeed(address)
      }),
      (address) => Effect.sync(() => functions.munmap(address, bytes))
    )
  const protect = (address: Address, bytes: number, allowed: number): Effect.Effect<void, NativeUnavailable> =>
    Effect.suspend(() =>
      functions.mprotect(address, bytes, allowed) === 0
        ? Effect.void
        : Effect.fail(unavailable("the system does not let memory be executed"))
    )
  const bufferAt = (address: Address, bytes: number): ArrayBuffer => koffi.view(address, bytes)

  return {
    addressOf: (array) => BigInt(koffi.address(array)),
    reserve: Effect.fnUntraced(function* (bytes) {
      const whole = roundedUp(bytes, hugePageBytes)
      const start = yield* map(whole + hugePageBytes)
      const address = ((start + BigInt(hugePageBytes) - 1n) / BigInt(hugePageBytes)) * BigInt(hugePageBytes)
      // Only advice: without huge pages all works as well, with more misses of the address translation.
      functions.madvise(address, whole, adviseHugePages)
      return { address, buffer: bufferAt(address, bytes) }
    }),
    load: Effect.fnUntraced(function* (code) {
      const bytes = roundedUp(code.length, pageBytes)
      const address = yield* map(bytes)
      new Uint8Array(bufferAt(address, code.length)).set(code)
      yield* protect(address, bytes, access.read | access.execute)
      return address
    }),
    callable: (code) => {
      const run = koffi.decode(code, signature) as (argument: Address) => void
      return (argument) => run(argument)
    },
    startThread: (code, argument) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.suspend(() => {
            const thread = new BigUint64Array(1)
            return functions.create(thread, 0, code, argument) === 0
              ? Effect.succeed(thread[0]!)
              : Effect.fail(unavailable("the system starts no thread"))
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
