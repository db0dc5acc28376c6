/**
 * Where verified downloads are kept, and whether downloading is allowed.
 */
import { Config, Effect, Option, Path } from "effect"
import { DataDirectories } from "../Dataset.ts"

/** The first of some environment variables that holds an absolute path; the XDG specification has relative ones ignored. */
const firstAbsolute = Effect.fnUntraced(function* (...names: ReadonlyArray<string>) {
  const path = yield* Path.Path
  for (const name of names) {
    const value = Option.getOrUndefined(yield* Config.option(Config.String(name)))
    if (value !== undefined && path.isAbsolute(value)) return value
  }
  return undefined
})

/**
 * The folder with one subfolder per dataset: the one that `DataDirectories` gives, or else `effect-vae` in
 * `$XDG_CACHE_HOME` or in `.cache` of the home folder; undefined where there is no home folder either.
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
