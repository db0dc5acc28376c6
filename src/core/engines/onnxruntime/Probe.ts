/**
 * Tests in a child process whether one of onnxruntime's devices computes correctly.
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

/** The result of testing a device. Errors: `EngineError` with the reason why it cannot be used. */
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
 * Checks that the device exists and works. A device that is obviously missing is not tested. With `hardware`, a driver
 * that computes on the CPU is an error. Errors: `EngineError` with the reason why the device cannot be used.
 */
export const find = Effect.fn("Probe.find")(function* (device: Device, options: { readonly hardware: boolean }) {
  const program = `a test of ${device}`
  const looked = options.hardware ? hardwareAbsence(device) : absence(device)
  yield* failIf(engine, program, yield* looked)
  const works = yield* probe(device)
  if (works.software === undefined || !options.hardware) return works
  return yield* engineError(engine, program, `its driver, ${works.software}, computes on the CPU`)
})
