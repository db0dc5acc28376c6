import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import { rolldown } from "rolldown"
import { needs } from "../../machine/Capability.ts"
import { memoryDenyWriteExecute } from "../../machine/Linux.ts"
import { machineCode } from "../../machine/MachineCode.ts"

const script = fileURLToPath(new URL("RestrictedProcess.ts", import.meta.url))
const packages = fileURLToPath(new URL("../../../node_modules", import.meta.url))

const outputOf = (args: ReadonlyArray<string>) =>
  Effect.promise(
    () =>
      new Promise<string>((resolve) => {
        const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
        let output = ""
        child.stdout.on("data", (chunk) => (output += chunk))
        child.stderr.on("data", (chunk) => (output += chunk))
        child.on("close", () => resolve(output))
      })
  )

describe("a process in which machine code cannot run", needs(machineCode), () => {
  it.live("computes on onnxruntime where the package koffi is missing, and says so", () =>
    Effect.gen(function* () {
      const output = yield* outputOf([script, "koffi"])
      assert.include(output, "engine: OnnxRuntime on cpu; not native on cpu: the package koffi")
      assert.include(output, "\n2 3\n")
    })
  )

  it.live(
    "takes onnxruntime where the system forbids executable memory, and says so",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { join } = yield* Path.Path
        // Node.js needs executable memory of its own to read TypeScript, and has none with --jitless.
        const folder = yield* fs.makeTempDirectoryScoped({ directory: packages, prefix: ".restricted-" })
        const file = join(folder, "restricted.mjs")
        const bundle = yield* Effect.promise(() => rolldown({ input: script, platform: "node", external: /^[^./#]/ }))
        yield* Effect.promise(() => bundle.write({ file, codeSplitting: false }))
        const output = yield* outputOf(["--jitless", file, "memory"])
        assert.include(output, "engine: OnnxRuntime on cpu; not native on cpu: the system forbids executable memory")
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    needs(memoryDenyWriteExecute)
  )
})
