/**
 * Where verified downloads are kept, and whether downloading is allowed.
 */
import { Config, Effect, Option, Path } from "effect"
import { DataDirectories } from "../Dataset.ts"

/** The first environment variable that holds an absolute path. The XDG specification says to ignore relative ones. */
const firstAbsolute = Effect.fnUntraced(function* (...names: ReadonlyArray<string>) {
  const path = yield* Path.Path
  for (const name of names) {
    const value = Option.getOrUndefined(yield* Config.option(Config.String(name)))
    if (value !== undefined && path.isAbsolute(value)) return value
  }
  return undefined
})

/**
 * The cache folder, with one subfolder per dataset: the one of `DataDirectories`, else `effect-vae` in
 * `$XDG_CACHE_HOME`, else `.cache/effect-vae` in the home folder; undefined without a home folder.
 *
 * Source: XDG Base Directory Specification, https://specifications.freedesktop.org/basedir-spec/latest/
 */
export const cacheFolder: Effect.Effect<string | undefined, Config.ConfigError, Path.Path> = Effect.gen(function* () {
  const { cacheDirectory } = yield* DataDirectories
  if (cacheDirectory !== undefined) return cacheDirectory
  const path = yield* Path.Path
  const caches = yield* firstAbsolute("XDG_CACHE_HOME")
  if (caches !== undefined) return path.join(caches, "effect-vae")
  const home = yield* firstAbsolute("HOME", "USERPROFILE")
  return home === undefined ? undefined : path.join(home, ".cache", "effect-vae")
})

/** Whether the environment variable `VAE_OFFLINE` (1, true, yes, on) forbids downloads. */
export const offline: Config.Config<boolean> = Config.Boolean("VAE_OFFLINE").pipe(Config.withDefault(false))
