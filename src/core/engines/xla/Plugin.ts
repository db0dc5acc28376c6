/**
 * Where the XLA plugin for a device is: the first of
 *
 * 1. the path that the environment variable `PJRT_NAMES_AND_LIBRARY_PATHS` gives it, as JAX reads it:
 *    `cuda:/path/plugin.so,cpu:/path/other.so`;
 * 2. what `pnpm run setup:xla` has installed into the cache folder;
 * 3. the packages of the Python on the path: JAX's plugins, `libtpu`.
 */
import { Config, Effect, FileSystem, Option, Path, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { cacheFolder } from "../../datasets/CacheFolder.ts"
import type { EngineError } from "../../Engine.ts"
import { engineError } from "../DeviceTensors.ts"
import type { Device } from "./Platform.ts"

/** The folder into which the setup installs packages of Python's; undefined where there is no cache folder. */
export const setupFolder = Effect.gen(function* () {
  const path = yield* Path.Path
  const caches = yield* Effect.orElseSucceed(cacheFolder, () => undefined)
  return caches === undefined ? undefined : path.join(caches, "xla")
})

const named = Effect.fnUntraced(function* (device: Device) {
  const variable = Config.option(Config.String("PJRT_NAMES_AND_LIBRARY_PATHS"))
  const list = Option.getOrElse(yield* Effect.orElseSucceed(variable, Option.none), () => "")
  const entry = list.split(",").find((entry) => entry.startsWith(`${device}:`))
  return entry?.slice(device.length + 1)
})

/** Plugins in a folder of Python packages, the newest version of a device's first. */
const pluginsIn = Effect.fnUntraced(function* (device: Device, folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (device === "cpu") return [path.join(folder, "fastatomstruct_xla_cpu", "libpjrt_cpu.so")]
  if (device === "tpu") return [path.join(folder, "libtpu", "libtpu.so")]
  const plugins = path.join(folder, "jax_plugins")
  const names = yield* Effect.orElseSucceed(fs.readDirectory(plugins), (): Array<string> => [])
  return names
    .filter((name) => name.startsWith(`xla_${device}`))
    .toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }))
    .map((name) => path.join(plugins, name, `xla_${device}_plugin.so`))
})

/** Folders in which Python looks for packages; none without Python. */
const pythonFolders = ChildProcess.make("python3", ["-c", "import sys; print(*sys.path, sep='\\n')"], {
  stdin: "ignore",
  stderr: "ignore"
}).pipe(
  Effect.flatMap(({ stdout }) => Stream.mkString(Stream.decodeText(stdout))),
  Effect.map((text) => text.split("\n").filter((line) => line.trim() !== "")),
  Effect.scoped,
  Effect.orElseSucceed((): Array<string> => [])
)

const remedy = (device: Device): string =>
  `\`pnpm run setup:xla --device ${device}\` installs one, PJRT_NAMES_AND_LIBRARY_PATHS=${device}:FILE names one`

/** The file of the plugin. Errors: `EngineError` where there is none. */
export const find = Effect.fn("Plugin.find")(function* (device: Device) {
  const fs = yield* FileSystem.FileSystem
  const exists = (file: string) => Effect.orElseSucceed(fs.exists(file), () => false)
  const none = (reason: string): Effect.Effect<never, EngineError> =>
    Effect.fail(engineError("xla", `programs on ${device}`, reason))
  const given = yield* named(device)
  if (given !== undefined) {
    return (yield* exists(given))
      ? given
      : yield* none(`PJRT_NAMES_AND_LIBRARY_PATHS names ${given} as the plugin for ${device}, where there is no file`)
  }
  const folder = yield* setupFolder
  const places = [Effect.succeed(folder === undefined ? [] : [folder]), pythonFolders]
  for (const folders of places) {
    for (const folder of yield* folders) {
      for (const file of yield* pluginsIn(device, folder)) if (yield* exists(file)) return file
    }
  }
  return yield* none(`there is no XLA plugin for ${device}: ${remedy(device)}`)
})
