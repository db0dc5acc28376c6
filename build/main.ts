/**
 * `pnpm run build`: makes the package that people install, in `dist/`, from the same sources that run here.
 *
 *     dist/package.json    what npm reads: run-time dependencies alone, the command `effect-vae`, exports
 *     dist/lib/            JavaScript, declarations and source maps of `src/`
 *     dist/vendor/         what is made of packages that are then needed no more, with their licences
 *
 * `npm pack ./dist` makes the file that is published. About 15 s.
 *
 *     pnpm run build FOLDER    in another folder, whose content is replaced
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

/** Addresses of modules that are no imports, such as a child process's script, which tsc leaves as they are. */
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
  yield* Console.log(
    `built ${packageJson.name} ${packageJson.version} in ${dist}; npm pack ${dist} makes one file of it`
  )
})

NodeRuntime.runMain(program.pipe(Effect.provide(NodeServices.layer)))
