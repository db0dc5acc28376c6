import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { probe, type ProbeOptions } from "../../../../src/core/engines/onnxruntime/Probe.ts"
import { assertRefused } from "../../../../src/testing/EngineAgreement.ts"
import { needs } from "../../../machine/Capability.ts"
import { linux } from "../../../machine/Linux.ts"

const works = `console.log("a word of the driver's"); console.log('{"_tag":"Works","software":"SwiftShader"}')`

/** Tries `webgpu` with a script of these lines. */
const probing = Effect.fnUntraced(function* (script: string, options: ProbeOptions = {}) {
  const fs = yield* FileSystem.FileSystem
  const file = `${yield* Effect.orDie(fs.makeTempDirectoryScoped())}/script.mjs`
  yield* Effect.orDie(fs.writeFileString(file, script))
  return yield* probe("webgpu", { script: file, ...options })
})

describe("the probe of a device", () => {
  it.live("reports whether the device works, and whether it is software", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* probing(works), { _tag: "Works", software: "SwiftShader" })
      assert.deepStrictEqual(yield* probing(`console.log('{"_tag":"Works"}')`), { _tag: "Works" })
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("reports why a device does not work, without waiting for a hanging process", () =>
    assertRefused(
      probing(`console.log('{"_tag":"Fails","reason":"No supported adapters"}'); setInterval(() => {}, 1000)`, {
        endLimit: "1 hour"
      }),
      "a test of webgpu",
      "No supported adapters"
    ).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("survives a crash of the process, at once or at its exit", () =>
    Effect.gen(function* () {
      yield* assertRefused(
        probing(`console.error("lost the device"); process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000)`),
        "was ended by SIGSEGV (lost the device)"
      )
      yield* assertRefused(probing(`process.exitCode = 3`), "ended with exit code 3")
      yield* assertRefused(probing(``), "ended without a message")
      yield* assertRefused(
        probing(`${works}; process.on("exit", () => process.kill(process.pid, "SIGKILL"))`),
        "it computes, but",
        "SIGKILL"
      )
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("ends a process that hangs, at once or at its exit", () =>
    Effect.gen(function* () {
      const hangs = `setInterval(() => {}, 1000)`
      yield* assertRefused(probing(hangs, { limit: "300 millis" }), "computed nothing within 300ms")
      yield* assertRefused(
        probing(`${works}; ${hangs}`, { endLimit: "300 millis" }),
        "prevents the process from ending"
      )
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("names a process that cannot be started", () =>
    assertRefused(probe("webgpu", { script: "/nowhere/script.mjs" }), "ended with exit code 1").pipe(
      Effect.provide(NodeServices.layer)
    )
  )

  it.live("tests the real CPU", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* probe("cpu"), { _tag: "Works" })
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live(
    "tests the real machine: no adapter without drivers",
    () =>
      Effect.gen(function* () {
        const env = { VK_ICD_FILENAMES: "/nowhere/driver.json", VK_DRIVER_FILES: "/nowhere/driver.json" }
        yield* assertRefused(probe("webgpu", { env }), "a test of webgpu", "adapter")
      }).pipe(Effect.provide(NodeServices.layer)),
    needs(linux)
  )
})
