/**
 * Which code on which machine: what a manifest says beyond the run's own description.
 */
import { arch, availableParallelism, cpus, platform } from "node:os"
import { Effect, FileSystem, Option, Path, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

export const Provenance = Schema.Struct({
  /** Versions of what shapes the numbers, by package; `node` is the runtime. */
  versions: Schema.Record(Schema.String, Schema.String),
  /** The checkout that the code ran from; absent where it is not one or there is no `git`. */
  git: Schema.optionalKey(
    Schema.Struct({
      commit: Schema.String,
      /** Whether files differed from the commit. */
      dirty: Schema.Boolean
    })
  ),
  host: Schema.Struct({
    platform: Schema.String,
    arch: Schema.String,
    cpu: Schema.String,
    cores: Schema.Int
  })
})
export type Provenance = typeof Provenance.Type

const packages = ["effect", "@tensorflow/tfjs", "onnxruntime-node"]

const PackageJson = Schema.fromJsonString(Schema.Struct({ name: Schema.String, version: Schema.String }))

/** Name and version that a package.json states; none where there is no such file. */
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

/** The version of a package as Node.js finds it from here. */
const installed = Effect.fnUntraced(function* (name: string) {
  const { join } = yield* Path.Path
  for (const folder of yield* ancestors) {
    const found = yield* packageAt(join(folder, "node_modules", name))
    if (Option.isSome(found)) return Option.some([name, found.value.version] as const)
  }
  return Option.none()
})

const git = Effect.fnUntraced(
  function* (folder: string, args: ReadonlyArray<string>) {
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const child = yield* spawner.spawn(
      ChildProcess.make("git", ["--no-optional-locks", "-C", folder, ...args], { stdin: "ignore", stderr: "ignore" })
    )
    const output = yield* Stream.mkString(Stream.decodeText(child.stdout))
    return (yield* child.exitCode) === 0 ? Option.some(output.trim()) : Option.none<string>()
  },
  Effect.scoped,
  Effect.timeout("10 seconds"),
  Effect.orElseSucceed(() => Option.none<string>())
)

/** Commit and dirtiness of the checkout that `folder` is the root of. */
export const gitState = Effect.fnUntraced(function* (folder: string) {
  const prefix = yield* git(folder, ["rev-parse", "--show-prefix"])
  // A prefix means that the folder lies within somebody else's checkout.
  if (Option.isNone(prefix) || prefix.value !== "") return Option.none()
  const commit = yield* git(folder, ["rev-parse", "HEAD"])
  const changes = yield* git(folder, ["status", "--porcelain"])
  return Option.map(Option.all([commit, changes]), ([commit, changes]) => ({ commit, dirty: changes !== "" }))
})

/** Looks at the installed packages, the checkout and the machine. Never fails: what cannot be found out is absent. */
export const gather: Effect.Effect<
  Provenance,
  never,
  FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner
> = Effect.gen(function* () {
  const found = yield* Effect.forEach(packages, installed)
  const self = yield* own
  const state = Option.isSome(self) ? yield* gitState(self.value.folder) : Option.none()
  return {
    versions: {
      ...(Option.isSome(self) ? { "effect-vae": self.value.version } : {}),
      ...Object.fromEntries(found.flatMap(Option.toArray)),
      node: process.versions.node
    },
    ...(Option.isSome(state) ? { git: state.value } : {}),
    host: { platform: platform(), arch: arch(), cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism() }
  }
})
