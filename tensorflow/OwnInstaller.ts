/**
 * Runs the installer of `@tensorflow/tfjs-node`, which downloads libtensorflow and a prebuilt binding.
 */
import { Effect, FileSystem, Path } from "effect"
import * as Commands from "./Commands.ts"
import * as Packages from "./Packages.ts"
import { SetupError } from "./SetupError.ts"

/** Maximum time without progress of the download. */
const patience = "20 seconds"

/** Maximum total time. */
const limit = "10 minutes"

/** Fails after a period without progress; otherwise never returns. */
const unreached = Effect.fnUntraced(function* (downloads: string) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.sleep(patience)
  const arrived = yield* Effect.orElseSucceed(fs.readDirectory(downloads), () => [])
  if (arrived.length > 0) return yield* Effect.never
  return yield* new SetupError({ reason: `its download is unreachable: no data for ${patience}` })
})

/** Runs the installer and removes incomplete downloads. */
export const run = Effect.fn("OwnInstaller.run")(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const cwd = yield* Packages.packageFolder
  const downloads = path.join(cwd, "deps")
  const programs = path.join(Packages.folder, "node_modules", ".bin")
  const env = { PATH: `${programs}${path.sep === "\\" ? ";" : ":"}${process.env["PATH"] ?? ""}` }
  yield* Commands.run(process.execPath, [path.join("scripts", "install.js")], { cwd, env }).pipe(
    Effect.raceFirst(unreached(downloads)),
    Effect.timeoutOrElse({
      duration: limit,
      orElse: () => Effect.fail(new SetupError({ reason: `it took more than ${limit}` }))
    }),
    Effect.tapError(() => Effect.ignore(fs.remove(downloads, { recursive: true, force: true })))
  )
})
