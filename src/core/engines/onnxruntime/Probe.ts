/**
 * Whether one of onnxruntime's devices computes rightly, tried in another process.
 */
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import type { EngineError } from "../../Engine.ts"
import { engineError, failIf } from "../DeviceTensors.ts"
import * as Probe from "../probe/Probe.ts"
import { absence, hardwareAbsence } from "./Hardware.ts"
import { type Device, engine } from "./Session.ts"

export type ProbeOptions = Partial<Probe.ProbeOptions>

/** What the device's trial says. Errors: `EngineError` with the reason why it is not to be used. */
export const probe = (
  device: Device,
  options: ProbeOptions = {}
): Effect.Effect<Probe.Works, EngineError, ChildProcessSpawner.ChildProcessSpawner> =>
  Probe.probe({
    engine,
    device,
    script: fileURLToPath(import.meta.resolve("./ProbeProcess.ts")),
    args: [device],
    ...options
  })

/**
 * Whether the device is there and works. Nothing is tried where it is plainly not there. Where `hardware` is asked for, a
 * driver that computes on the CPU is refused. Errors: `EngineError` with the reason why it is not to be used.
 */
export const find = Effect.fn("Probe.find")(function* (device: Device, options: { readonly hardware: boolean }) {
  const program = `a trial on ${device}`
  const looked = options.hardware ? hardwareAbsence(device) : absence(device)
  yield* failIf(engine, program, yield* looked)
  const works = yield* probe(device)
  if (works.software === undefined || !options.hardware) return works
  return yield* engineError(engine, program, `its driver, ${works.software}, computes on the CPU`)
})
