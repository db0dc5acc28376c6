/**
 * A digest of the code of a run: this package's sources, the versions of its dependencies, the runtime's major version,
 * the experiment's file and the files that it imports by relative paths.
 *
 * Law: machines with equal digests compute equal runs from equal specs, as far as their engines do.
 */
import { createHash } from "node:crypto"
import { Effect, FileSystem, Path } from "effect"
import * as FolderFiles from "../files/FolderFiles.ts"
import { fromPlatform, type StoreError } from "../files/StoreError.ts"

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex")

/** Specifiers of relative imports. */
const relativeImports = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g

const read = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.mapError(fs.readFileString(file), fromPlatform(file, "read"))
})

/** The digest of this package's sources, its dependencies' versions and the runtime. */
export const own: Effect.Effect<string, StoreError, FileSystem.FileSystem | Path.Path> = Effect.gen(function* () {
  const path = yield* Path.Path
  const sources = yield* Effect.orDie(path.fromFileUrl(new URL("../..", import.meta.url)))
  const files = (yield* FolderFiles.list(sources)).filter(
    ({ path, type }) => type === "File" && /\.[cm]?[jt]s$/.test(path)
  )
  const digests = yield* Effect.forEach(
    files,
    (file) => Effect.map(read(path.join(sources, file.path)), (text) => `${file.path} ${sha256(text)}`),
    { concurrency: 16 }
  )
  const packageJson = yield* read(path.join(sources, "..", "package.json"))
  return sha256([...digests, packageJson, process.versions.node.split(".")[0]].join("\n"))
})

/** Digests of a file and of its imports outside this package's sources. */
const reachable = Effect.fnUntraced(function* (first: string) {
  const path = yield* Path.Path
  const sources = yield* Effect.orDie(path.fromFileUrl(new URL("../..", import.meta.url)))
  const seen = new Map<string, string>()
  const waiting = [first]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file) || file.startsWith(sources)) continue
    const text = yield* read(file)
    seen.set(file, sha256(text))
    for (const [, specifier] of text.matchAll(relativeImports)) {
      waiting.push(path.resolve(path.dirname(file), specifier!))
    }
  }
  return [...seen.values()].sort()
})

/** Digests of code. */
export interface CodeDigest {
  /** Of this package's sources, its dependencies' versions and the runtime. */
  readonly own: string
  /** Of all code that the experiment's runs are computed with. */
  readonly whole: string
}

/** The digests for an experiment's file. Errors: `StoreError` where a file cannot be read. */
export const of: (file: string) => Effect.Effect<CodeDigest, StoreError, FileSystem.FileSystem | Path.Path> = Effect.fn(
  "CodeDigest.of"
)(function* (file) {
  const before = yield* own
  return { own: before, whole: sha256([before, ...(yield* reachable(file))].join("\n")) }
})
