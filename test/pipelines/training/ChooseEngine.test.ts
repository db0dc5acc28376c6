import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Result } from "effect"
import { Engine } from "../../../src/core/Engine.ts"
import * as Native from "../../../src/core/engines/Native.ts"
import { Progress } from "../../../src/pipelines/console/Progress.ts"
import * as ChooseEngine from "../../../src/pipelines/training/ChooseEngine.ts"
import { needs } from "../../machine/Capability.ts"
import { noGpu } from "../../machine/NoGpu.ts"

/** What is picked, or why nothing is, and what is said. */
const pick = Effect.fnUntraced(function* (asked: ChooseEngine.EngineRequest, threads?: number) {
  const lines: Array<string> = []
  const nothing = () => Effect.void
  const lane = {
    update: nothing,
    epoch: nothing,
    note: nothing,
    line: (text: string) => Effect.sync(() => void lines.push(text))
  }
  const progress = Layer.succeed(Progress, { ...lane, bar: Effect.succeed(lane) })
  const layer = ChooseEngine.layer(asked, threads).pipe(Layer.provide([progress, NodeServices.layer]))
  const exit = yield* Effect.exit(Effect.provide(Engine, layer))
  return Exit.isSuccess(exit)
    ? { spec: exit.value.spec, error: undefined, lines }
    : { spec: undefined, error: String(exit.cause), lines }
})

/** `engine: A on cpu; not b, c: no b or c here; not d: no d here`, taken apart. */
const announced = (line: string) => {
  const [engine, ...refused] = line.split("; not ")
  const reasons = refused.flatMap((text) => {
    const end = text.indexOf(": ")
    return text
      .slice(0, end)
      .split(", ")
      .map((name) => [name, text.slice(end + 2)])
  })
  return { engine, refused: Object.fromEntries(reasons) }
}

describe("the choice of an engine", () => {
  it("refuses an engine on an unsupported device, and lists the allowed ones", () => {
    const reason = ChooseEngine.unsupportedReason({ engine: "reference", device: "webgpu" })
    assert.include(reason, "--engine reference --device webgpu")
    assert.include(reason, "reference computes on cpu")
    assert.match(reason!, /onnxruntime computes on .*webgpu/)
    assert.isDefined(ChooseEngine.unsupportedReason({ engine: "tensorflow", device: "webgpu" }))
    for (const engine of ChooseEngine.names) {
      assert.isUndefined(ChooseEngine.unsupportedReason({ engine, device: "auto" }))
      assert.isUndefined(ChooseEngine.unsupportedReason({ engine, device: "cpu" }))
    }
    for (const device of ChooseEngine.devices) {
      assert.isUndefined(ChooseEngine.unsupportedReason({ engine: "auto", device }))
    }
  })

  it.live("is the requested one, with the requested threads", () =>
    Effect.gen(function* () {
      const { lines, spec } = yield* pick({ engine: "onnxruntime", device: "cpu" }, 1)
      assert.strictEqual(spec?._tag, "OnnxRuntime")
      assert.strictEqual(spec?.device, "cpu")
      assert.strictEqual(spec?.["threads"], 1)
      assert.deepStrictEqual(lines, ["engine: OnnxRuntime on cpu"])
      const reference = yield* pick({ engine: "reference", device: "auto" })
      assert.deepStrictEqual(reference.lines, ["engine: Reference on cpu (slow)"])
    })
  )

  it.live(
    "is the CPU without other devices, with the reason in one line",
    () =>
      Effect.gen(function* () {
        const { cuda, webgpu, xla } = noGpu.value!
        const accelerators = { "xla on cuda": xla, "xla on rocm": xla, "xla on tpu": xla }
        const auto = yield* pick({ engine: "auto", device: "auto" })
        assert.strictEqual(auto.spec?.device, "cpu")
        assert.strictEqual(auto.lines.length, 1)
        // The processor decides whether the native engine runs; its own layer says so.
        const native = yield* Effect.result(Effect.provide(Engine, Native.layer()))
        assert.deepStrictEqual(
          announced(auto.lines[0]!),
          Result.isSuccess(native)
            ? { engine: "engine: Native on cpu", refused: { ...accelerators, cuda } }
            : {
                engine: "engine: OnnxRuntime on cpu",
                refused: { ...accelerators, cuda, "native on cpu": native.failure.reason, webgpu }
              }
        )
        const onnxruntime = yield* pick({ engine: "onnxruntime", device: "auto" })
        assert.strictEqual(onnxruntime.spec?.device, "cpu")
        assert.strictEqual(onnxruntime.lines.length, 1)
        assert.deepStrictEqual(announced(onnxruntime.lines[0]!), {
          engine: "engine: OnnxRuntime on cpu",
          refused: { cuda, webgpu }
        })
      }),
    needs(noGpu)
  )

  it.live(
    "fails if no candidate works, with the reason of each",
    () =>
      Effect.gen(function* () {
        const { error, lines } = yield* pick({ engine: "auto", device: "cuda" })
        assert.match(error!, /this machine cannot run "programs on cuda": .*cuda: .*; tensorflow on cuda: /)
        assert.deepStrictEqual(lines, [])
      }),
    needs(noGpu)
  )
})
