/**
 * `effect-vae init my-lab`: creates a folder with a working experiment. Never overwrites files.
 */
import { createRequire } from "node:module"
import { Console, Effect, FileSystem, Option, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { UsageError } from "../console/UsageError.ts"
import * as Lab from "../lab/Lab.ts"
import * as ChooseEngine from "../training/ChooseEngine.ts"
import { isBuilt } from "./Doctor.ts"

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

const manifest = createRequire(import.meta.url)("../../../package.json") as Manifest

/** A package name that npm allows, without a scope. */
const isName = (name: string): boolean => /^[a-z0-9][a-z0-9._-]{0,213}$/.test(name) && name !== "node_modules"

/** Writes the lab into a new or empty folder. Errors: `UsageError`. */
const write = Effect.fnUntraced(function* (folder: string, files: Readonly<Record<string, string>>) {
  const fs = yield* FileSystem.FileSystem
  const { dirname, join } = yield* Path.Path
  const present = yield* Effect.orElseSucceed(fs.readDirectory(folder), (): Array<string> => [])
  const [first] = present.filter((name) => name !== ".git")
  if (first !== undefined || ((yield* fs.exists(folder)) && (yield* fs.stat(folder)).type !== "Directory")) {
    const what = first === undefined ? "is a file" : `is not empty (it has ${first})`
    return yield* new UsageError({ reason: `${folder} ${what}; give the name of a folder that does not exist yet` })
  }
  for (const [file, text] of Object.entries(files)) {
    yield* fs.makeDirectory(dirname(join(folder, file)), { recursive: true })
    yield* fs.writeFileString(join(folder, file), text, { flag: "wx" })
  }
})

export const command = Command.make(
  "init",
  {
    folder: Argument.String("folder").pipe(Argument.withDescription("The new folder, and the lab's name")),
    package: Flag.String("package").pipe(
      Flag.withMetavar("VERSION|FILE"),
      Flag.withDescription("The lab's dependency on effect-vae (default: this version)"),
      Flag.optional
    )
  },
  Effect.fn("Init.command")(function* (given) {
    const { basename, resolve } = yield* Path.Path
    // Package managers run commands in the package's folder and pass the user's working directory in INIT_CWD.
    const folder = resolve(process.env["INIT_CWD"] ?? ".", given.folder)
    const name = basename(folder)
    if (!isName(name)) {
      return yield* new UsageError({
        reason: `"${name}" is not a valid lab name: use lower-case letters, digits, ".", "_" and "-", starting with a letter or digit`
      })
    }
    const native = yield* isBuilt({ engine: "native", device: "cpu" } satisfies ChooseEngine.EngineRequest)
    yield* write(
      folder,
      Lab.files({
        name,
        effectVae: Option.getOrElse(given.package, () => manifest.version),
        versions: manifest.dependencies
      })
    )
    yield* Console.log(`${folder} is ready:

  cd ${given.folder}
  npm install
  npm run exp capacity      three VAEs, their numbers, and a report to open in a browser
  npm test                  the properties of the loss in src/Capacity.ts`)
    if (!native) {
      const faster = `npm install onnxruntime-node@${manifest.peerDependencies["onnxruntime-node"]} --ignore-scripts`
      yield* Console.log(`\nThe native engine does not run on this machine; training is faster after: ${faster}`)
    }
  })
).pipe(Command.withDescription("Creates a folder with an experiment, a loss of your own and its test"))
