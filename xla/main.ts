/**
 * `pnpm run setup:xla`: sets up the XLA engine. Installs the XLA plugin for this machine into the cache folder, and
 * tests it in a child process. A working plugin is kept. For CUDA, NVIDIA's libraries are installed beside it; ROCm's are
 * not: the plugin uses those of the system.
 *
 *     pnpm run setup:xla --device cuda12    another plugin: cpu, cuda12, cuda13, rocm or tpu
 *     pnpm run setup:xla --force            reinstall
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Option, Result, Stdio } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import packageJson from "../package.json" with { type: "json" }
import { setupFolder } from "../src/core/engines/xla/Plugin.ts"
import * as Probe from "../src/core/engines/xla/Probe.ts"
import { SetupError } from "../tensorflow/SetupError.ts"
import * as Machine from "./Machine.ts"
import * as Wheels from "./Wheels.ts"

const setUp = Effect.fn("setUp")(function* (options: {
  readonly device: Option.Option<Wheels.WheelName>
  readonly force: boolean
}) {
  const name = Option.isSome(options.device) ? options.device.value : yield* Machine.fitting
  const wheel: Wheels.Wheel = Wheels.wheels[name]
  const tried = Probe.find(wheel.device)
  if (!options.force) {
    const works = yield* Effect.result(tried)
    if (Result.isSuccess(works)) return yield* Console.log(`XLA already works on ${wheel.device}: ${works.success}`)
  }
  const folder = yield* setupFolder
  if (folder === undefined) {
    return yield* new SetupError({ reason: "there is no cache folder: set HOME or XDG_CACHE_HOME" })
  }
  const count = wheel.libraries?.length ?? 0
  const libraries = count === 0 ? "" : ` and ${count} wheels of NVIDIA's libraries (4 GB)`
  yield* Console.log(`installing ${wheel.requirement}${libraries} into ${folder}`)
  if (wheel.needs !== undefined) yield* Console.log(`it needs ${wheel.needs}`)
  yield* Wheels.install(wheel, folder)
  const plugin = yield* tried
  yield* Console.log(`XLA works on ${wheel.device}: ${plugin}`)
})

const command = Command.make(
  "setup:xla",
  {
    device: Flag.Literals("device", Wheels.names).pipe(
      Flag.withDescription("The plugin to install; default: the one for this machine"),
      Flag.optional
    ),
    force: Flag.Boolean("force").pipe(Flag.withDescription("Reinstall a working plugin"), Flag.withDefault(false))
  },
  setUp
).pipe(Command.withDescription("Sets up the XLA engine: installs the plugin for this machine"))

const program = Stdio.Stdio.use((stdio) => stdio.args).pipe(
  Effect.flatMap(Command.runWith(command, { version: packageJson.version })),
  Effect.tapError((error) => (CliError.isCliError(error) ? Effect.void : Console.error(`error: ${error.message}`))),
  Effect.provide(NodeServices.layer)
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
