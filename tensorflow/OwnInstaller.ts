/**
 * The installer of `@tensorflow/tfjs-node` itself, which downloads libtensorflow and a binding that is built already.
 */
import { Effect, FileSystem, Path } from "effect"
import * as Commands from "./Commands.ts"
import * as Packages from "./Packages.ts"
import { SetupError } from "./SetupError.ts"

/** How long nothing may arrive before its download counts as out of reach. */
const patience = "20 seconds"

/** How long it may take in all. */
const limit = "10 minutes"

/** Fails after a while in which nothing has been downloaded; else never ends. */
const unreached = Effect.fnUntraced(function* (downloads: string) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.sleep(patience)
  const arrived = yield* Effect.orElseSucceed(fs.readDirectory(downloads), () => [])
  if (arrived.length > 0) return yield* Effect.never
  return yield* new SetupError({ reason: `its download cannot be reached: nothing came for ${patience}` })
})

/** Runs it; leaves nothing of a download that did not end. */
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
