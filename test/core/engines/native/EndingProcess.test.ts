import { type ChildProcess, spawn } from "node:child_process"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { needs } from "../../../machine/Capability.ts"
import { cpuLimits } from "../../../machine/Linux.ts"
import { machineCode } from "../../../machine/MachineCode.ts"

const script = fileURLToPath(new URL("EndingProcess.ts", import.meta.url))

/** Stops a process for a while, again and again. */
const suspend = async (child: ChildProcess) => {
  for (let time = 0; time < 5 && child.exitCode === null; time++) {
    child.kill("SIGSTOP")
    await setTimeout(100)
    child.kill("SIGCONT")
    await setTimeout(50)
  }
}

/** What a process that ends in this way prints, its exit code and the signal that ended it. */
const endOf = (way: string, group?: string) =>
  Effect.promise(
    () =>
      new Promise<{ readonly code: number | null; readonly signal: string | null; readonly output: string }>(
        (resolve) => {
          const join = group === undefined ? "" : `echo $$ > ${group}/cgroup.procs && `
          const child = spawn("sh", ["-c", `${join}exec "$0" "$@"`, process.execPath, script, way], {
            stdio: ["ignore", "pipe", "pipe"]
          })
          let output = ""
          child.stdout.on("data", (chunk) => {
            output += chunk
            if (way === "suspend" && output === "begins\n") void suspend(child)
          })
          child.stderr.on("data", (chunk) => (output += chunk))
          child.on("close", (code, signal) => resolve({ code, signal, output }))
        }
      )
  )

describe("a process with threads of the native engine", needs(machineCode), () => {
  it.live("exits with its own code while they wait", () =>
    Effect.gen(function* () {
      const { code, output, signal } = yield* endOf("exit")
      assert.strictEqual(signal, null, output)
      assert.strictEqual(code, 7, output)
      assert.include(output, "51 52")
    })
  )

  it.live(
    "computes with half a processor for its three threads",
    () =>
      Effect.acquireUseRelease(
        Effect.sync(() => cpuLimits.value!(0.5)),
        ({ folder }) =>
          Effect.gen(function* () {
            const { code, output } = yield* endOf("exit", folder)
            assert.strictEqual(code, 7, output)
            assert.include(output, "51 52")
          }),
        ({ end }) => Effect.sync(end)
      ),
    needs(cpuLimits)
  )

  it.live("goes on where it was when it is suspended in the middle of its work", () =>
    Effect.gen(function* () {
      const { code, output } = yield* endOf("suspend")
      assert.strictEqual(code, 7, output)
      assert.include(output, "51 52")
    })
  )

  it.live("ends by an uncaught exception as any other", () =>
    Effect.gen(function* () {
      const { code, output, signal } = yield* endOf("throw")
      assert.strictEqual(signal, null, output)
      assert.strictEqual(code, 1, output)
      assert.include(output, "51 52")
      assert.include(output, "uncaught")
    })
  )

  it.live("runs it in workers, of which one is terminated", () =>
    Effect.gen(function* () {
      const { code, output, signal } = yield* endOf("worker")
      assert.strictEqual(signal, null, output)
      assert.strictEqual(code, 0, output)
      assert.include(output, "51 52")
      assert.include(output, "terminated")
    })
  )
})
