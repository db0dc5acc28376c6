/**
 * Archives of libtensorflow for Linux x64 from package registries, downloaded with the registries' clients.
 *
 * Law: an archive with another SHA-256 than the pinned one is refused, with both digests.
 */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { createRequire } from "node:module"
import { pipeline } from "node:stream/promises"
import { Effect, FileSystem, Path } from "effect"
import * as Commands from "./Commands.ts"
import { SetupError } from "./SetupError.ts"

/** A registry's archive. */
export interface Archive {
  /** Name of the client, for messages. */
  readonly client: string
  /** A command that succeeds if the client is installed. */
  readonly probe: readonly [command: string, args: ReadonlyArray<string>]
  /** The command that downloads the archive into a folder. */
  readonly fetch: (folder: string) => readonly [command: string, args: ReadonlyArray<string>]
  readonly megabytes: number
  readonly sha256: string
  /** Version of libtensorflow. */
  readonly version: string
  /** Folder of the libraries in the archive. */
  readonly libraries: string
}

export const archives: Readonly<Record<"pip" | "maven", Archive>> = {
  pip: {
    client: "pip",
    probe: ["python3", ["-m", "pip", "--version"]],
    fetch: (folder) => [
      "python3",
      [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--python-version=3.11",
        "--platform=manylinux_2_17_x86_64",
        `--dest=${folder}`,
        "tensorflow-cpu==2.13.1"
      ]
    ],
    megabytes: 187,
    sha256: "87be6e61314b2c0fa062f71e26e41d6a17e162ffe4da72c820fe8f1fc94d97fe",
    version: "2.13.1",
    libraries: "tensorflow"
  },
  maven: {
    client: "Maven",
    probe: ["mvn", ["--version"]],
    fetch: (folder) => [
      "mvn",
      [
        "--quiet",
        "--batch-mode",
        "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
        "-Dartifact=org.tensorflow:tensorflow-core-api:0.5.0:jar:linux-x86_64",
        `-DoutputDirectory=${folder}`
      ]
    ],
    megabytes: 117,
    sha256: "f394c5be26c8f3b644cdc77e6741b2cfe774caa8aedeb969c50e074444feac55",
    version: "2.10.1",
    libraries: "org/tensorflow/internal/c_api/linux-x86_64"
  }
}

/** Names of the libraries, as they refer to each other. */
export const libraries: ReadonlyArray<string> = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]

const sha256 = (file: string): Effect.Effect<string, SetupError> =>
  Effect.tryPromise({
    try: async () => {
      const hash = createHash("sha256")
      await pipeline(createReadStream(file), hash)
      return hash.digest("hex")
    },
    catch: (cause) => new SetupError({ reason: `${file} cannot be read: ${String(cause)}` })
  })

/** The used part of the package `adm-zip`, which has no types. */
type Zip = new (file: string) => { readonly readFile: (name: string) => Buffer | null }

const unpack = (archive: string, names: ReadonlyArray<string>) =>
  Effect.try({
    try: () => {
      const zip = new (createRequire(import.meta.url)("adm-zip") as Zip)(archive)
      return names.map((name) => {
        const bytes = zip.readFile(name)
        if (bytes === null) throw new Error(`it has no ${name}`)
        return bytes
      })
    },
    catch: (cause) => new SetupError({ reason: `${archive} cannot be unpacked: ${String(cause)}` })
  })

/** Downloads an archive and installs its libraries into a folder. */
export const install = Effect.fn("Archives.install")(
  function* (archive: Archive, folder: string) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const downloads = yield* fs.makeTempDirectoryScoped()
    yield* Commands.run(...archive.fetch(downloads))
    const [name] = yield* fs.readDirectory(downloads)
    if (name === undefined) return yield* new SetupError({ reason: `${archive.client} fetched nothing` })
    const file = path.join(downloads, name)
    const digest = yield* sha256(file)
    if (digest !== archive.sha256) {
      return yield* new SetupError({
        reason: `${name} has SHA-256 ${digest}, not ${archive.sha256}: it differs from the published one and is refused`
      })
    }
    const unpacked = yield* unpack(
      file,
      libraries.map((library) => `${archive.libraries}/${library}`)
    )
    yield* fs.makeDirectory(folder, { recursive: true })
    for (const [index, bytes] of unpacked.entries()) {
      const target = path.join(folder, libraries[index]!)
      // Not overwritten, because a process may have it open.
      yield* fs.remove(target, { force: true })
      yield* fs.writeFile(target, bytes)
    }
  },
  Effect.scoped,
  Effect.catchTag("PlatformError", ({ message }) => Effect.fail(new SetupError({ reason: message })))
)
