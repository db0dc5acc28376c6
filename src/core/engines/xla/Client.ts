/**
 * A device behind a PJRT plugin: its buffers and compiled programs, until a scope closes.
 *
 * Laws: an address of a buffer, event or executable is used once it exists and until it is destroyed; `live` counts the
 * buffers that exist; the client is destroyed after everything that was read from it has arrived.
 */
import { Effect } from "effect"
import { type HostTensor, sizeOf, type TensorType } from "../../Tensors.ts"
import { allocate } from "../InputValidation.ts"
import { type Pjrt, PjrtError } from "./Pjrt.ts"

/** The address of a buffer on the device. */
export type Buffer = bigint

/** What an option of a plugin's client is set to. */
export type Option = string | bigint | number | boolean

export interface ClientOptions {
  /** Options that the plugin knows, such as `preallocate`. */
  readonly options: Readonly<Record<string, Option>>
}

/** Bytes on the device, as far as the plugin tells. */
export interface MemoryStatistics {
  readonly inUse: number
  readonly limit: number | undefined
}

/** A compiled program. */
export interface Loaded {
  /** Starts a run and gives the results' buffers, which may not hold their values yet. */
  readonly execute: (inputs: ReadonlyArray<Buffer>, kept: ReadonlyArray<number>) => ReadonlyArray<Buffer>
}

export interface Client {
  /** The plugin's name for what it drives, such as `cuda`; the device's kind; the plugin's own version. */
  readonly platform: string
  readonly kind: string
  readonly version: string
  /** Buffers that exist. */
  readonly live: () => number
  readonly statistics: () => MemoryStatistics | undefined
  /** Copies values to the device. The array may change once this returns. */
  readonly upload: (tensor: HostTensor) => Buffer
  /** The values of a buffer once they are there. The buffer may be destroyed once this returns. */
  readonly download: (buffer: Buffer, type: TensorType) => Promise<HostTensor>
  readonly destroy: (buffer: Buffer) => void
  /** Compiles StableHLO text for one device; `results` is the number of its results. */
  readonly compile: (text: string, options: Uint8Array<ArrayBuffer>, results: number) => Promise<Loaded>
}

/** PJRT's numbers for element types. */
const elementTypes = { float32: 11, int32: 4, uint8: 6 } as const

const kinds = { string: 0, bigint: 1, number: 3, boolean: 4 } as const

const floatBits = (value: number): bigint => BigInt(new Uint32Array(Float32Array.of(value).buffer)[0]!)

const copiesDuringCall = 0

/** The first device of a plugin. Errors: `PjrtError` where there is none. */
export const open = Effect.fn("Client.open")(function* (pjrt: Pjrt, { options }: ClientOptions) {
  const { call, callAsync, list, pointers, struct } = pjrt
  const encoder = new TextEncoder()
  const bytes = (text: string) => encoder.encode(text)
  const attempt = <A>(f: () => A) => Effect.try({ try: f, catch: (cause) => cause as PjrtError })

  const create = () => {
    const named = Object.entries(options).map(([name, value]) => {
      const [key, text] = [bytes(name), bytes(String(value))]
      const isText = typeof value === "string"
      const word = isText ? text : typeof value === "number" ? floatBits(value) : BigInt(value)
      return struct(7, {
        2: key,
        3: key.length,
        4: kinds[typeof value as "string"],
        5: word,
        6: isText ? text.length : 1
      })
    })
    const args = struct(11, { 2: list(named), 3: named.length })
    call("Client_Create", args)
    return args[8]!
  }
  const pending = new Set<Promise<unknown>>()
  const executables = new Set<bigint>()
  const client = yield* Effect.acquireRelease(attempt(create), (address) =>
    Effect.promise(async () => {
      await Promise.allSettled(pending)
      executables.forEach((executable) => call("LoadedExecutable_Destroy", struct(3, { 2: executable })))
      call("Client_Destroy", struct(3, { 2: address }))
    })
  )
  const textOf = (name: "Client_PlatformName" | "Client_PlatformVersion" | "DeviceDescription_Kind", of: bigint) => {
    const args = struct(5, { 2: of })
    call(name, args)
    return pjrt.textAt(args[3]!, args[4]!)
  }
  const device = yield* attempt(() => {
    const args = struct(5, { 2: client })
    call("Client_AddressableDevices", args)
    if (args[4] === 0n) {
      throw new PjrtError({ call: "PJRT_Client_AddressableDevices", code: "NOT_FOUND", reason: "there is no device" })
    }
    return pjrt.wordsAt(args[3]!, 1)[0]!
  })
  const description = yield* attempt(() => {
    const args = struct(4, { 2: device })
    call("Device_GetDescription", args)
    return args[3]!
  })

  let live = 0
  const arrived = async (event: bigint): Promise<void> => {
    const args = struct(4, { 2: event })
    try {
      call("Event_IsReady", args)
      const isReady = (args[3]! & 1n) === 1n
      if (isReady) call("Event_Await", struct(3, { 2: event }))
      else await callAsync("Event_Await", struct(3, { 2: event }))
    } finally {
      call("Event_Destroy", struct(3, { 2: event }))
    }
  }
  const upload = ({ dtype, shape, values }: HostTensor): Buffer => {
    const args = struct(15, {
      2: client,
      3: values as Float32Array<ArrayBuffer>,
      4: elementTypes[dtype],
      5: BigInt64Array.from(shape, BigInt),
      6: shape.length,
      9: copiesDuringCall,
      10: device
    })
    call("Client_BufferFromHostBuffer", args)
    call("Event_Destroy", struct(3, { 2: args[13]! }))
    live++
    return args[14]!
  }
  const download = (buffer: Buffer, type: TensorType): Promise<HostTensor> => {
    const tensor = allocate(type)
    const values = tensor.values as Float32Array<ArrayBuffer>
    if (values.length === 0) return Promise.resolve(tensor)
    const args = struct(7, { 2: buffer, 4: values, 5: values.byteLength })
    call("Buffer_ToHostBuffer", args)
    const reading = arrived(args[6]!).then(() => tensor)
    pending.add(reading)
    const done = () => void pending.delete(reading)
    reading.then(done, done)
    return reading
  }
  const destroy = (buffer: Buffer): void => {
    call("Buffer_Destroy", struct(3, { 2: buffer }))
    live--
  }

  const loadedOf = (executable: bigint, results: number): Loaded => ({
    execute: (inputs, kept) => {
      const outputs = new BigUint64Array(results)
      const args = struct(10, {
        2: executable,
        3: struct(14, { 7: BigInt64Array.from(kept, BigInt), 8: kept.length }),
        4: pointers([BigUint64Array.from(inputs)]),
        5: 1,
        6: inputs.length,
        7: pointers([outputs])
      })
      call("LoadedExecutable_Execute", args)
      live += results
      return [...outputs]
    }
  })
  const compile = async (text: string, compileOptions: Uint8Array<ArrayBuffer>, results: number): Promise<Loaded> => {
    const [code, format] = [bytes(text), bytes("mlir")]
    const program = struct(6, { 2: code, 3: code.length, 4: format, 5: format.length })
    const args = struct(7, { 2: client, 3: program, 4: compileOptions, 5: compileOptions.length })
    const compiling = callAsync("Client_Compile", args)
    pending.add(compiling)
    await compiling.finally(() => pending.delete(compiling))
    executables.add(args[6]!)
    return loadedOf(args[6]!, results)
  }
  const statistics = (): MemoryStatistics | undefined => {
    const args = struct(24, { 2: device })
    try {
      call("Device_MemoryStats", args)
    } catch (cause) {
      if ((cause as PjrtError).code === "UNIMPLEMENTED") return undefined
      throw cause
    }
    return { inUse: Number(args[3]), limit: args[11]! % 2n === 1n ? Number(args[10]) : undefined }
  }

  return yield* attempt((): Client => ({
    platform: textOf("Client_PlatformName", client),
    kind: textOf("DeviceDescription_Kind", description),
    version: textOf("Client_PlatformVersion", client),
    live: () => live,
    statistics,
    upload,
    download,
    destroy,
    compile
  }))
})

/** Bytes that a tensor of this type takes. */
export const bytesOf = ({ dtype, shape }: TensorType): number => sizeOf(shape) * (dtype === "uint8" ? 1 : 4)
