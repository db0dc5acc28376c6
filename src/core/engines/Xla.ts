/**
 * The XLA engine: records a program once, writes it as StableHLO, and lets an XLA plugin compile it and run it on the
 * device that the plugin drives, through PJRT's C interface.
 *
 * Laws: state and data stay on the device; a run returns when its outputs have arrived, and JavaScript goes on
 * meanwhile; the same plugin on the same device gives the same bits.
 */
import { Effect, Layer } from "effect"
import { Engine, type EngineError } from "../Engine.ts"
import * as Client from "./xla/Client.ts"
import * as CompileOptions from "./xla/CompileOptions.ts"
import * as DeviceExecutable from "./xla/DeviceExecutable.ts"
import * as DeviceMemory from "./xla/DeviceMemory.ts"
import * as Pjrt from "./xla/Pjrt.ts"
import { type Device, platformOf } from "./xla/Platform.ts"

export { type Device, devices } from "./xla/Platform.ts"

export interface XlaOptions {
  /** Where programs run. */
  readonly device: Device
  /** The file of the plugin's library. */
  readonly plugin: string
  /** The largest part of a GPU's memory that is used. Default: the plugin's own, three quarters. */
  readonly memoryFraction?: number
  /** Additional flags of XLA. */
  readonly flags?: CompileOptions.Flags
}

const { engine, failed } = DeviceExecutable

/** Compiles each text once. */
const loader = (client: Client.Client, options: Uint8Array<ArrayBuffer>): DeviceExecutable.Machine["load"] => {
  const known = new Map<string, Promise<Client.Loaded>>()
  return (text, results) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const loading = client.compile(text, options, results)
    known.set(text, loading)
    loading.catch(() => known.delete(text))
    return loading
  }
}

/** Provides the XLA engine. Errors: `EngineError` if the plugin does not load or drives no device. */
export const layer = ({
  device,
  flags: extraFlags = {},
  memoryFraction,
  plugin
}: XlaOptions): Layer.Layer<Engine, EngineError> =>
  Layer.effect(
    Engine,
    Effect.gen(function* () {
      const platform = platformOf(device, memoryFraction)
      const flags = { ...platform.flags, ...extraFlags }
      const pjrt = yield* Pjrt.load(plugin)
      const client = yield* Client.open(pjrt, platform)
      const memory = yield* DeviceMemory.make(engine, client, failed)
      const machine = { client, memory, load: loader(client, CompileOptions.encode(flags)) }
      const spec = {
        _tag: "Xla",
        device,
        kind: client.kind,
        api: `${pjrt.version.major}.${pjrt.version.minor}`,
        version: client.version,
        flags: Object.entries(flags)
          .map(([name, value]) => `${name}=${value}`)
          .join(" ")
      }
      return Engine.of({
        spec,
        place: memory.place,
        compile: (program, signature) => DeviceExecutable.compile(program, signature, machine)
      })
    }).pipe(Effect.catchTag("PjrtError", (error) => Effect.fail(failed("any program")(error))))
  )
