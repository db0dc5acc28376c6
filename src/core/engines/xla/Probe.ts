/**
 * Whether XLA computes rightly on a device, tried in another process.
 */
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { failIf } from "../DeviceTensors.ts"
import * as Probe from "../probe/Probe.ts"
import { absence } from "./Hardware.ts"
import type { Device } from "./Platform.ts"
import * as Plugin from "./Plugin.ts"

/** The file of a plugin that computes rightly. Errors: `EngineError` with the reason why there is none. */
export const find = Effect.fn("Probe.find")(function* (device: Device) {
  yield* failIf("xla", `a test of ${device}`, yield* absence(device))
  const plugin = yield* Plugin.find(device)
  yield* Probe.probe({
    engine: "xla",
    device,
    script: fileURLToPath(import.meta.resolve("./ProbeProcess.ts")),
    args: [device, plugin],
    limit: "60 seconds"
  })
  return plugin
})
