/**
 * Bundles scripts for the report page from this package's modules and libraries, on demand; bundles are cached until
 * one of the modules changes. The published package has them built already.
 */
import { readFile } from "node:fs/promises"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import { cacheFolder } from "../../core/datasets/CacheFolder.ts"
import { sha256 } from "../../core/Spec.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as JsonFile from "../files/JsonFile.ts"
import { ReportError } from "./ReportError.ts"

const Kept = Schema.Struct({
  code: Schema.String,
  /** SHA-256 of every module's file, by its path. */
  modules: Schema.Record(Schema.String, Schema.String)
})
type Kept = typeof Kept.Type

/** A file embedded in a script: gzipped, as base64, in a global variable that is set before the script runs. */
export interface Attachment {
  readonly variable: string
  readonly path: string
}

const attached = async ({ path, variable }: Attachment): Promise<string> =>
  `globalThis.${variable}="${(await promisify(gzip)(await readFile(path))).toString("base64")}";\n`

/** Bundles one script, and lists its source files. */
export const build = (entry: string, attachment: Attachment | undefined): Effect.Effect<Kept, ReportError> =>
  Effect.tryPromise({
    try: async () => {
      // Loading it takes a tenth of a second, which commands without a report should not pay.
      const { rolldown } = await import("rolldown")
      const bundle = await rolldown({
        input: entry,
        platform: "browser",
        transform: {
          // A classic script has no URL of its own.
          define: { "import.meta.url": "globalThis.location.href", "process.env.NODE_ENV": '"production"' }
        },
        onLog: () => {}
      })
      const { output } = await bundle.generate({ format: "iife", minify: true, comments: false })
      await bundle.close()
      const [{ code, moduleIds }] = output
      // Including this module, which defines the build.
      const files = [import.meta.filename, ...(attachment === undefined ? [] : [attachment.path])]
      const paths = [...moduleIds.filter((path) => !path.startsWith("\0")), ...files]
      const modules = await Promise.all(paths.map(async (path) => [path, sha256(await readFile(path))] as const))
      const before = attachment === undefined ? "" : await attached(attachment)
      return { code: before + code, modules: Object.fromEntries(modules) }
    },
    catch: (cause) =>
      new ReportError({ reason: cause instanceof Error ? cause.message : `${entry} could not be bundled`, cause })
  })

const unchanged = Effect.fnUntraced(function* (modules: Kept["modules"]) {
  const fs = yield* FileSystem.FileSystem
  const same = yield* Effect.forEach(
    Object.entries(modules),
    ([path, digest]) =>
      fs.readFile(path).pipe(
        Effect.map((bytes) => sha256(bytes) === digest),
        Effect.orElseSucceed(() => false)
      ),
    { concurrency: 16 }
  )
  return same.every((is) => is)
})

/** The cache file of a bundle; none without a cache folder. */
const keptAt = Effect.fnUntraced(function* (files: string) {
  const folder = yield* Effect.orElseSucceed(cacheFolder, () => undefined)
  const { join } = yield* Path.Path
  return folder === undefined ? Option.none() : Option.some(join(folder, "page", `${sha256(files).slice(0, 12)}.json`))
})

/** Bundles of this process, by entry. */
const known = new Map<string, string>()

/** A script that is built already, after the file that it brings along. */
const built = (entry: string, attachment: Attachment | undefined) =>
  Effect.tryPromise({
    try: async () => (attachment === undefined ? "" : await attached(attachment)) + (await readFile(entry, "utf8")),
    catch: (cause) => new ReportError({ reason: `${entry} could not be read; install effect-vae again`, cause })
  })

/** What is made of an entry module (TypeScript), or the script (JavaScript) that was made of it: one for a browser. */
export const script = Effect.fn("Bundle.script")(function* (
  entry: string,
  attachment?: Attachment
): Effect.fn.Return<string, ReportError, FileSystem.FileSystem | Path.Path> {
  const present = known.get(entry)
  if (present !== undefined) return present
  if (entry.endsWith(".js")) {
    const code = yield* built(entry, attachment)
    known.set(entry, code)
    return code
  }
  const path = yield* keptAt(`${entry}+${attachment?.path ?? ""}`)
  const kept = Option.isNone(path)
    ? Option.none<Kept>()
    : yield* Effect.orElseSucceed(JsonFile.read(Kept, path.value), () => Option.none<Kept>())
  if (Option.isSome(kept) && (yield* unchanged(kept.value.modules))) {
    known.set(entry, kept.value.code)
    return kept.value.code
  }
  const { code, modules } = yield* build(entry, attachment)
  known.set(entry, code)
  // Without a cache folder, the next process bundles it again.
  if (Option.isSome(path)) yield* Effect.ignore(AtomicFile.write(path.value, JSON.stringify({ code, modules })))
  return code
})
