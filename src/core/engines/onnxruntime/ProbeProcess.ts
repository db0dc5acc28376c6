/**
 * The child process that tests a device and may crash. Run: node ProbeProcess.ts DEVICE
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { Console, Effect, Schema } from "effect"
import * as OnnxRuntime from "../OnnxRuntime.ts"
import * as SelfTest from "../probe/SelfTest.ts"
import { ProbeResult, ProbeResultLine } from "../probe/ProbeResult.ts"

/** onnxruntime's message without the source location. */
const essence = (reason: string): string =>
  reason
    .replace(/^\/\S+ .* was false\. /s, "")
    .replaceAll(/\s+/g, " ")
    .trim()

/**
 * Name of a driver that computes on the CPU, recognised because it has no graphics device open. Linux only.
 */
const softwareDriver = (): string | undefined => {
  const open = readdirSync("/proc/self/fd").flatMap((file) => {
    try {
      return [readlinkSync(`/proc/self/fd/${file}`)]
    } catch {
      // The descriptor of the folder itself, which is closed by now.
      return []
    }
  })
  if (open.some((path) => /^\/dev\/(dri|nvidia|dxg|kfd|mali|kgsl)/.test(path))) return undefined
  const libraries = readFileSync("/proc/self/maps", "utf8")
  return libraries.includes("swiftshader")
    ? "SwiftShader"
    : libraries.includes("libvulkan_lvp")
      ? "llvmpipe"
      : "unknown"
}

const device = OnnxRuntime.devices.find((name) => name === process.argv[2]) ?? "cpu"

const trial = Effect.gen(function* () {
  const reason = yield* SelfTest.run
  if (reason !== undefined) return ProbeResult.make({ _tag: "Fails", reason })
  const software = device === "webgpu" && process.platform === "linux" ? softwareDriver() : undefined
  return ProbeResult.make({ _tag: "Works", ...(software !== undefined && { software }) })
}).pipe(
  Effect.provide(OnnxRuntime.layer({ device, threads: 1 })),
  Effect.scoped,
  Effect.catch(({ reason }) => Effect.succeed(ProbeResult.make({ _tag: "Fails", reason: essence(reason) }))),
  Effect.flatMap(Schema.encodeEffect(ProbeResultLine)),
  Effect.flatMap(Console.log)
)

Effect.runFork(trial)
