/**
 * The PJRT C interface of an XLA plugin, called through koffi.
 *
 * Every function of the interface takes one struct: 8-byte words, of which the first is the struct's size in bytes and the
 * second points to extensions. Sizes and positions are those of version 0.90; within major version 0 functions and fields
 * are only ever added at the end, so newer and older plugins can be called, up to functions that an older one lacks.
 *
 * Source: https://github.com/openxla/xla/blob/main/xla/pjrt/c/pjrt_c_api.h
 */
import { Effect, Schema } from "effect"

/** A call of a plugin failed, or the plugin cannot be used: which call, PJRT's code and its message. */
export class PjrtError extends Schema.TaggedError<PjrtError>()("PjrtError", {
  call: Schema.String,
  code: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.call}: ${this.reason} (${this.code})`
  }
}

/** Words of a struct's arguments and results: addresses, sizes and numbers of at most 8 bytes. */
export type Struct = BigUint64Array<ArrayBuffer>

/** A word of a struct: a number, or memory whose address it is. */
export type Word = bigint | number | ArrayBufferView<ArrayBuffer>

/** Positions in the interface's table, in words. */
const functions = {
  Error_Destroy: 5,
  Error_Message: 6,
  Error_GetCode: 7,
  Plugin_Initialize: 8,
  Event_Destroy: 10,
  Event_IsReady: 11,
  Event_Await: 13,
  Client_Create: 15,
  Client_Destroy: 16,
  Client_PlatformName: 17,
  Client_PlatformVersion: 19,
  Client_AddressableDevices: 21,
  Client_Compile: 25,
  Client_BufferFromHostBuffer: 27,
  DeviceDescription_Kind: 31,
  Device_GetDescription: 34,
  Device_MemoryStats: 39,
  LoadedExecutable_Destroy: 55,
  LoadedExecutable_Execute: 60,
  Buffer_Destroy: 63,
  Buffer_ToHostBuffer: 75
} as const
export type FunctionName = keyof typeof functions

/** The interface's major version that this module is written for, and the minor version of its struct layouts. */
export const apiVersion = { major: 0, minor: 90 } as const

/** PJRT's error codes, by number. Source: https://abseil.io/docs/cpp/guides/status-codes */
const codes = (
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED " +
  "RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS " +
  "UNAUTHENTICATED"
).split(" ")

/** A plugin's interface. Methods throw `PjrtError`. */
export interface Pjrt {
  readonly version: { readonly major: number; readonly minor: number }
  /** A struct of so many words, 0 but for its size and the given ones. It keeps the memory that it points to. */
  readonly struct: (words: number, fields?: Readonly<Record<number, Word>>) => Struct
  /** Addresses, one behind the other. */
  readonly pointers: (arrays: ReadonlyArray<ArrayBufferView<ArrayBuffer>>) => Struct
  /** Structs one behind the other. */
  readonly list: (structs: ReadonlyArray<Struct>) => Struct
  readonly call: (name: FunctionName, struct: Struct) => void
  /** The same on another thread, for calls that take long. */
  readonly callAsync: (name: FunctionName, struct: Struct) => Promise<void>
  /** Text of the plugin's. */
  readonly textAt: (address: bigint, length: bigint) => string
  /** A copy of words at an address of the plugin's. */
  readonly wordsAt: (address: bigint, count: number) => BigUint64Array
}

/** What structs point to, so that it lives as long as they do. */
const pointedTo = new WeakMap<Struct, ReadonlyArray<unknown>>()

const unusable = (plugin: string, reason: string): PjrtError =>
  new PjrtError({ call: "loading a plugin", code: "UNAVAILABLE", reason: `${plugin} is not usable: ${reason}` })

/** Why an interface cannot be called by this module. */
export const incompatibility = (found: { readonly major: number; readonly minor: number }): string | undefined =>
  found.major === apiVersion.major
    ? undefined
    : `it speaks version ${found.major}.${found.minor} of PJRT's interface; version ${apiVersion.major}.${apiVersion.minor} ` +
      `is supported, and others with major version ${apiVersion.major}`

type Native = (struct: Struct) => unknown

/** Libraries in use: koffi unloads one whose handle is collected as garbage. */
const libraries: Array<unknown> = []

type Koffi = (typeof import("koffi"))["default"]

/** Calls on other threads at a time. Koffi refuses more than 256. */
const mostRunning = 128

/** The interface of a library that exports it. Throws where it does not. */
const bind = (koffi: Koffi, plugin: string): Pjrt => {
  const library = koffi.load(plugin)
  libraries.push(library)
  const table = koffi.address(library.func("void *GetPjrtApi()")())
  const wordsAt = (address: bigint, count: number) => new BigUint64Array(koffi.view(address, 8 * count)).slice()
  const bytes = Number(wordsAt(table, 1)[0])
  const words = wordsAt(table, Math.floor(bytes / 8))
  // The version is a struct inside the table: its size, its extensions, two 32-bit numbers.
  const [major, minor] = new Int32Array(words.buffer, 4 * 8, 2) as unknown as [number, number]
  const reason = incompatibility({ major, minor })
  if (reason !== undefined) throw unusable(plugin, reason)

  const returnsError = koffi.proto("void *(void *)")
  const returnsNothing = koffi.proto("void (void *)")
  const natives = new Map<FunctionName, Native & { readonly async: (...args: ReadonlyArray<unknown>) => void }>()
  const native = (name: FunctionName) => {
    const known = natives.get(name)
    if (known !== undefined) return known
    const address = words[functions[name]] ?? 0n
    if (address === 0n) {
      throw unusable(plugin, `its interface, version ${major}.${minor}, has no function PJRT_${name}`)
    }
    const isPlain = name === "Error_Destroy" || name === "Error_Message"
    const found = koffi.decode(address, isPlain ? returnsNothing : returnsError)
    natives.set(name, found)
    return found
  }
  const make = (count: number, fields: Readonly<Record<number, Word>> = {}): Struct => {
    const result = new BigUint64Array(count)
    result[0] = BigInt(8 * count)
    for (const [index, word] of Object.entries(fields)) {
      result[Number(index)] = BigInt(typeof word === "object" ? koffi.address(word) : word)
    }
    pointedTo.set(result, Object.values(fields))
    return result
  }
  const textAt = (address: bigint, length: bigint): string =>
    length === 0n ? "" : Buffer.from(koffi.view(address, Number(length))).toString("utf8")
  const check = (name: FunctionName, pointer: unknown): void => {
    if (pointer === null) return
    const error = koffi.address(pointer)
    const message = make(5, { 2: error })
    native("Error_Message")(message)
    const code = make(4, { 2: error })
    native("Error_GetCode")(code)
    const failure = new PjrtError({
      call: `PJRT_${name}`,
      code: codes[Number(code[3]! & 0xffffffffn)] ?? String(code[3]),
      reason: textAt(message[3]!, message[4]!)
    })
    native("Error_Destroy")(make(3, { 2: error }))
    throw failure
  }
  const running = new Set<Struct>()
  const waiting: Array<() => void> = []
  const pjrt: Pjrt = {
    version: { major, minor },
    struct: make,
    pointers: (arrays) => {
      const result = BigUint64Array.from(arrays, (array) => BigInt(koffi.address(array)))
      pointedTo.set(result, arrays)
      return result
    },
    list: (structs) => {
      const result = BigUint64Array.from(structs.flatMap((one) => [...one]))
      pointedTo.set(result, structs)
      return result
    },
    call: (name, args) => check(name, native(name)(args)),
    callAsync: (name, args) =>
      new Promise((resolve, reject) => {
        const called = native(name)
        const start = () => {
          // Held until the other thread is done with it.
          running.add(args)
          called.async(args, (failure: unknown, pointer: unknown) => {
            running.delete(args)
            waiting.shift()?.()
            try {
              if (failure !== null && failure !== undefined) throw failure
              check(name, pointer)
              resolve()
            } catch (cause) {
              reject(cause)
            }
          })
        }
        if (running.size < mostRunning) start()
        else waiting.push(start)
      }),
    textAt,
    wordsAt
  }
  pjrt.call("Plugin_Initialize", make(2))
  return pjrt
}

/** Plugins are initialized once in a process. */
const loaded = new Map<string, Pjrt>()

/** Loads a plugin's library, which stays in the process. A library that does not fit may end the process. */
export const load = Effect.fn("Pjrt.load")(function* (plugin: string) {
  const { default: koffi } = yield* Effect.tryPromise({
    try: () => import("koffi"),
    catch: (cause) => unusable(plugin, `the package koffi, which calls native code, does not load: ${String(cause)}`)
  })
  return yield* Effect.try({
    try: () => {
      const pjrt = loaded.get(plugin) ?? bind(koffi, plugin)
      loaded.set(plugin, pjrt)
      return pjrt
    },
    catch: (cause) =>
      cause instanceof PjrtError ? cause : unusable(plugin, cause instanceof Error ? cause.message : String(cause))
  })
})
