import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { needs } from "../../machine/Capability.ts"
import { softwareWebGpu, webGpu } from "../../machine/WebGpu.ts"
import { temporaryFolder } from "../Sandbox.ts"
import { exp, file, json } from "./Calls.ts"

describe("exp NAME --device webgpu", needs(webGpu), () => {
  it.live(
    "trains like the CPU, records the device, and replays on it bit for bit",
    () =>
      Effect.gen(function* () {
        const [onGpu, onCpu] = [`${yield* temporaryFolder}/gpu`, `${yield* temporaryFolder}/cpu`]
        const run = (results: string, device: string) =>
          exp(file, "--beta", "4", "--device", device, "--results", results)
        const gpu = yield* run(onGpu, "webgpu")
        assert.strictEqual(gpu.code, 0, gpu.output)
        assert.match(gpu.output, /^engine: OnnxRuntime on webgpu/m)
        const cpu = yield* run(onCpu, "cpu")
        assert.strictEqual(cpu.code, 0, cpu.output)
        const [one, other] = [yield* json(`${onGpu}/small/summary.json`), yield* json(`${onCpu}/small/summary.json`)]
        const [made, expected] = [one.runs[0], other.runs[0]]
        assert.strictEqual(made.id, expected.id)
        for (const [name, value] of Object.entries<number>(expected.metrics)) {
          assert.approximately(made.metrics[name], value, 1e-3 * Math.abs(value), name)
        }
        const { engine } = yield* json(`${onGpu}/small/${made.id}/manifest.json`)
        assert.strictEqual(engine.device, "webgpu")
        const replayed = yield* exp("replay", made.id, "--results", onGpu, "--experiment", file)
        assert.strictEqual(replayed.code, 0, replayed.output)
        assert.match(replayed.output, /^engine: OnnxRuntime on webgpu/m)
        assert.include(replayed.output, "identical bits")
        const elsewhere = yield* exp("replay", made.id, "--results", onGpu, "--experiment", file, "--device", "cpu")
        assert.match(elsewhere.output, /engine\.device is webgpu before, cpu now/)
        assert.strictEqual(elsewhere.code, 0, elsewhere.output)
      }).pipe(Effect.orDie),
    180_000
  )

  it.live(
    "is not picked automatically if it is software",
    () =>
      Effect.gen(function* () {
        const { output } = yield* exp(
          file,
          "--plan",
          "--engine",
          "onnxruntime",
          "--results",
          `${yield* temporaryFolder}/plan`
        )
        assert.match(output, /^engine: OnnxRuntime on cpu; not .*webgpu/m)
      }).pipe(Effect.orDie),
    needs(softwareWebGpu)
  )
})
