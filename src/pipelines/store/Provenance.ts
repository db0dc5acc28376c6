/**
 * Provenance of a run: package versions, git state and machine, recorded in the manifest beside the run's specs.
 */
import { createHash } from "node:crypto"
import { arch, availableParallelism, cpus, hostname, platform } from "node:os"
import { Effect, FileSystem, Option, Path, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

export const Provenance = Schema.Struct({
  /** Versions of the packages that affect results; `node` is the runtime. */
  versions: Schema.Record(Schema.String, Schema.String),
  /** The git checkout that the code ran from; absent without a checkout or without `git`. */
  git: Schema.optionalKey(
    Schema.Struct({
      commit: Schema.String,
      /** Whether files differed from the commit. */
      dirty: Schema.Boolean,
      /** SHA-256 of `git diff HEAD`; absent if no tracked file differed. */
      diff: Schema.optionalKey(Schema.String)
    })
  ),
  host: Schema.Struct({
    /** Absent in manifests of version 1. */
    name: Schema.optionalKey(Schema.String),
    platform: Schema.String,
    arch: Schema.String,
    cpu: Schema.String,
    cores: Schema.Int
  })
})
export type Provenance = typeof Provenance.Type

/** Dependencies that do not compute, read data or draw; their versions are not recorded. */
export const unrelatedPackages: ReadonlyArray<string> = [
  "@effect/platform-node",
  "@effect/sql-pg",
  "@effect/vitest",
  "fastest-levenshtein",
  "vega-interpreter",
  "vitest"
]

const Dependencies = Schema.optionalKey(Schema.Record(Schema.String, Schema.String))

const PackageJson = Schema.fromJsonString(
  Schema.Struct({
    name: Schema.String,
    version: Schema.String,
    dependencies: Dependencies,
    optionalDependencies: Dependencies,
    peerDependencies: Dependencies
  })
)

/** What a package.json states; none if there is no such file. */
const packageAt = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  return yield* fs
    .readFileString(join(folder, "package.json"))
    .pipe(Effect.flatMap(Schema.decodeEffect(PackageJson)), Effect.option)
})

/** This file's folder and all above it, nearest first. */
const ancestors = Effect.gen(function* () {
  const path = yield* Path.Path
  const folders: Array<string> = []
  let folder = path.dirname(yield* path.fromFileUrl(new URL(import.meta.url)))
  while (folders.at(-1) !== folder) {
    folders.push(folder)
    folder = path.dirname(folder)
  }
  return folders
}).pipe(Effect.orDie)

/** The folder of this package, with its version. */
const own = Effect.gen(function* () {
  for (const folder of yield* ancestors) {
    const found = yield* packageAt(folder)
    if (Option.isSome(found) && found.value.name === "effect-vae") return Option.some({ folder, ...found.value })
  }
  return Option.none()
})

/** The version of a package, resolved from this file. */
const installed = Effect.fnUntraced(function* (name: string) {
  const { join } = yield* Path.Path
  for (const folder of yield* ancestors) {
    const found = yield* packageAt(join(folder, "node_modules", name))
    if (Option.isSome(found)) return Option.some([name, found.value.version] as const)
  }
  return Option.none()
})

/** Result of `read` on git's output; none if git is missing, fails or times out. */
const git = <A>(
  folder: string,
  args: ReadonlyArray<string>,
  read: (output: Stream.Stream<Uint8Array, unknown>) => Effect.Effect<A, unknown>
) =>
  Effect.gen(function* () {
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const child = yield* spawner.spawn(
      ChildProcess.make("git", ["--no-optional-locks", "-C", folder, ...args], { stdin: "ignore", stderr: "ignore" })
    )
    const found = yield* read(child.stdout)
    return (yield* child.exitCode) === 0 ? Option.some(found) : Option.none<A>()
  }).pipe(
    Effect.scoped,
    Effect.timeout("10 seconds"),
    Effect.orElseSucceed(() => Option.none<A>())
  )

const text = (output: Stream.Stream<Uint8Array, unknown>) =>
  Effect.map(Stream.mkString(Stream.decodeText(output)), (found) => found.trim())

/** SHA-256 of the output; undefined if it is empty. */
const digest = (output: Stream.Stream<Uint8Array, unknown>) =>
  Effect.map(
    Stream.runFold(
      output,
      () => ({ hash: createHash("sha256"), bytes: 0 }),
      ({ bytes, hash }, piece) => ({ hash: hash.update(piece), bytes: bytes + piece.length })
    ),
    ({ bytes, hash }) => (bytes === 0 ? undefined : hash.digest("hex"))
  )

// Independent of the user's git settings.
const diff = [
  "-c",
  "core.quotePath=true",
  "diff",
  "HEAD",
  "-O/dev/null",
  "--binary",
  "--full-index",
  "--no-color",
  "--no-ext-diff",
  "--no-textconv",
  "--no-renames",
  "--diff-algorithm=myers",
  "--unified=3",
  "--inter-hunk-context=0",
  "--no-indent-heuristic",
  "--src-prefix=a/",
  "--dst-prefix=b/",
  "--submodule=short"
]

/** Commit of the checkout whose root is `folder`, whether files differ from it, and the digest of the differences. */
export const gitState = Effect.fnUntraced(function* (folder: string) {
  const prefix = yield* git(folder, ["rev-parse", "--show-prefix"], text)
  // A prefix means that the folder is inside another project's checkout.
  if (Option.isNone(prefix) || prefix.value !== "") return Option.none()
  const commit = yield* git(folder, ["rev-parse", "HEAD"], text)
  const changes = yield* git(folder, ["status", "--porcelain"], text)
  const differs = yield* git(folder, diff, digest)
  return Option.map(Option.all([commit, changes]), ([commit, changes]) => ({
    commit,
    dirty: changes !== "",
    ...(Option.isSome(differs) && differs.value !== undefined && { diff: differs.value })
  }))
})

/** Collects the provenance of this process. Never fails: what cannot be determined is absent. */
export const collect: Effect.Effect<
  Provenance,
  never,
  FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner
> = Effect.gen(function* () {
  const self = yield* own
  const stated = Option.getOrUndefined(self)
  const names = Object.keys({
    ...stated?.dependencies,
    ...stated?.optionalDependencies,
    ...stated?.peerDependencies
  }).filter((name) => !unrelatedPackages.includes(name))
  const found = yield* Effect.forEach(names.sort(), installed)
  const state = Option.isSome(self) ? yield* gitState(self.value.folder) : Option.none()
  return {
    versions: {
      ...(Option.isSome(self) ? { "effect-vae": self.value.version } : {}),
      ...Object.fromEntries(found.flatMap(Option.toArray)),
      node: process.versions.node
    },
    ...(Option.isSome(state) ? { git: state.value } : {}),
    host: {
      name: hostname(),
      platform: platform(),
      arch: arch(),
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism()
    }
  }
})
