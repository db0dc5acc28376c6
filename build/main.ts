/**
 * `pnpm run build`: builds the npm package in `dist/`.
 *
 *     dist/package.json    runtime dependencies, the command `effect-vae`, exports
 *     dist/lib/            JavaScript, declarations and source maps of `src/`
 *     dist/vendor/         bundled files of development dependencies, with their licences
 *
 * `npm pack ./dist` creates the file to publish. About 15 s.
 *
 *     pnpm run build FOLDER    in another folder, whose contents are replaced
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem, Path, Stdio } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import packageJson from "../package.json" with { type: "json" }
import { BuildError } from "./BuildError.ts"
import { published } from "./Published.ts"
import * as Vendor from "./Vendor.ts"

const compile = Effect.fnUntraced(function* (project: string, ...options: ReadonlyArray<string>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const code = yield* spawner.exitCode(
    ChildProcess.make(process.execPath, ["node_modules/typescript/bin/tsc", "--project", project, ...options], {
      stdout: "inherit",
      stderr: "inherit"
    })
  )
  if (code !== 0) return yield* new BuildError({ reason: `tsc --project ${project} ended with exit code ${code}` })
})

/** Module URLs outside imports, such as a child process's script, which tsc does not rewrite. */
const renameScripts = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const modules = (yield* fs.readDirectory(folder, { recursive: true })).filter((name) => name.endsWith(".js"))
  for (const name of modules) {
    const code = yield* fs.readFileString(join(folder, name))
    const renamed = code.replace(/((?:import\.meta\.resolve|new URL)\("\.[^"]+)\.ts"/g, '$1.js"')
    if (renamed !== code) yield* fs.writeFileString(join(folder, name), renamed)
  }
})

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { join, resolve } = yield* Path.Path
  const [folder = "dist"] = yield* Stdio.Stdio.use((stdio) => stdio.args)
  const dist = resolve(folder)
  yield* fs.remove(dist, { recursive: true, force: true })
  yield* compile("build", "--outDir", join(dist, "lib"))
  yield* renameScripts(join(dist, "lib"))
  const imports = yield* Vendor.make(packageJson.imports, join(dist, "vendor"))
  yield* fs.writeFileString(join(dist, "package.json"), `${JSON.stringify(published(imports), undefined, 2)}\n`)
  yield* fs.copyFile("README.md", join(dist, "README.md"))
  yield* Console.log(`built ${packageJson.name} ${packageJson.version} in ${dist}; npm pack ${dist} packs it`)
})

NodeRuntime.runMain(program.pipe(Effect.provide(NodeServices.layer)))
