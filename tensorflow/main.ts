/**
 * `pnpm run setup:tensorflow`: sets up the TensorFlow engine. Installs `@tensorflow/tfjs-node` in this folder, without
 * changing the project's packages and lockfile, and libtensorflow: by the package's installer if its download is
 * reachable, otherwise from a package registry with pip or Maven, for which the binding is compiled. About 600 MB on
 * disk; one or two minutes. Repeated calls install only what is missing.
 *
 *     pnpm run setup:tensorflow --from maven    one source only: installer, pip or maven
 *     pnpm run setup:tensorflow --force         reinstall
 */
import { arch, platform } from "node:process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Option, Path, Result, Stdio } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import packageJson from "./package.json" with { type: "json" }
import { archives, install, type Archive } from "./Archives.ts"
import * as Binding from "./Binding.ts"
import * as Commands from "./Commands.ts"
import * as OwnInstaller from "./OwnInstaller.ts"
import * as Packages from "./Packages.ts"
import { SetupError } from "./SetupError.ts"

/** Tests the engine and returns its description. Fails if it does not work. */
const tried = Path.Path.use((path) => Commands.run(process.execPath, [path.join(Packages.folder, "Try.ts")]))

const fromArchive = Effect.fnUntraced(function* (archive: Archive) {
  const path = yield* Path.Path
  if (`${platform} ${arch}` !== "linux x64") {
    return yield* new SetupError({ reason: `its libtensorflow is for linux x64, and this is ${platform} ${arch}` })
  }
  if (!(yield* Commands.answers(...archive.probe))) {
    return yield* new SetupError({
      reason: `\`${archive.probe[0]} ${archive.probe[1].join(" ")}\` fails on this machine`
    })
  }
  yield* Binding.checkCompiler
  yield* Console.log(`  fetching libtensorflow ${archive.version}, ${archive.megabytes} MB`)
  yield* install(archive, path.join(yield* Packages.packageFolder, "deps", "lib"))
  yield* Console.log("  compiling the binding")
  yield* Binding.compile()
})

const ways = [
  { name: "installer", title: "the package's own installer", run: OwnInstaller.run() },
  { name: "pip", title: "the wheel that pip downloads", run: fromArchive(archives.pip) },
  { name: "maven", title: "the archive that Maven downloads", run: fromArchive(archives.maven) }
] as const

const setUp = Effect.fn("setUp")(function* (options: {
  readonly from: Option.Option<string>
  readonly force: boolean
}) {
  if (!options.force) {
    const works = yield* Effect.result(tried)
    if (Result.isSuccess(works)) return yield* Console.log(`the TensorFlow engine already works: ${works.success}`)
  }
  yield* Console.log(`installing the package into ${Packages.folder}`)
  yield* Packages.install()
  const failures: Array<string> = []
  for (const { name, run, title } of ways) {
    if (Option.isSome(options.from) && options.from.value !== name) continue
    yield* Console.log(`trying ${title}`)
    const result = yield* Effect.result(Effect.andThen(run, tried))
    if (Result.isSuccess(result)) return yield* Console.log(`the TensorFlow engine works: ${result.success}`)
    failures.push(`${title}: ${result.failure.message}`)
    yield* Console.log(`  ${result.failure.message}`)
  }
  return yield* new SetupError({
    reason: [
      "the TensorFlow engine could not be set up:",
      ...failures.map((failure) => `  ${failure}`),
      "On Linux x64 it needs a C++ compiler and python3 with pip, or Maven, and their registries: with Debian,",
      "  apt-get install g++ python3-pip",
      "The other engines work without it."
    ].join("\n")
  })
})

const command = Command.make(
  "setup:tensorflow",
  {
    from: Flag.Literals("from", ["installer", "pip", "maven"]).pipe(
      Flag.withDescription("Source of libtensorflow; default: the first reachable one"),
      Flag.optional
    ),
    force: Flag.Boolean("force").pipe(Flag.withDescription("Reinstall a working engine"), Flag.withDefault(false))
  },
  setUp
).pipe(Command.withDescription("Sets up the TensorFlow engine: libtensorflow and its binding"))

const program = Stdio.Stdio.use((stdio) => stdio.args).pipe(
  Effect.flatMap(Command.runWith(command, { version: packageJson.dependencies["@tensorflow/tfjs-node"] })),
  Effect.tapError((error) => (CliError.isCliError(error) ? Effect.void : Console.error(`error: ${error.message}`))),
  Effect.provide(NodeServices.layer)
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
