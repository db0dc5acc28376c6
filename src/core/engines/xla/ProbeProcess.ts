/**
 * Tries a device in a process that may come to grief. Run: node ProbeProcess.ts DEVICE PLUGIN
 */
import { Console, Effect, Schema } from "effect"
import * as SelfTest from "../probe/SelfTest.ts"
import { ProbeResult, ProbeResultLine } from "../probe/ProbeResult.ts"
import * as Xla from "../Xla.ts"

const device = Xla.devices.find((name) => name === process.argv[2]) ?? "cpu"

const trial = SelfTest.run.pipe(
  Effect.map((reason) =>
    reason === undefined ? ProbeResult.make({ _tag: "Works" }) : ProbeResult.make({ _tag: "Fails", reason })
  ),
  Effect.provide(Xla.layer({ device, plugin: process.argv[3] ?? "" })),
  Effect.scoped,
  Effect.catch(({ reason }) => Effect.succeed(ProbeResult.make({ _tag: "Fails", reason }))),
  Effect.flatMap(Schema.encodeEffect(ProbeResultLine)),
  Effect.flatMap(Console.log)
)

Effect.runFork(trial)
