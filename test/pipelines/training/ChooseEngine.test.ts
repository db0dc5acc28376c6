import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { Engine } from "../../../src/core/Engine.ts"
import { hardwareAbsence } from "../../../src/core/engines/onnxruntime/Hardware.ts"
import { Progress } from "../../../src/pipelines/console/Progress.ts"
import * as ChooseEngine from "../../../src/pipelines/training/ChooseEngine.ts"

/** What is picked, or why nothing is, and what is said. */
const pick = Effect.fnUntraced(function* (asked: ChooseEngine.Asked, threads?: number) {
  const lines: Array<string> = []
  const nothing = () => Effect.void
  const lane = {
    update: nothing,
    epoch: nothing,
    note: nothing,
    line: (text: string) => Effect.sync(() => void lines.push(text))
  }
  const progress = Layer.succeed(Progress, { ...lane, lane: Effect.succeed(lane) })
  const layer = ChooseEngine.layer(asked, threads).pipe(Layer.provide([progress, NodeServices.layer]))
  const exit = yield* Effect.exit(Effect.provide(Engine, layer))
  return Exit.isSuccess(exit)
    ? { spec: exit.value.spec, error: undefined, lines }
    : { spec: undefined, error: String(exit.cause), lines }
})

describe("the choice of an engine", () => {
  it("refuses an engine on what it does not compute on, and says what there is", () => {
    const reason = ChooseEngine.refusal({ engine: "reference", device: "webgpu" })
    assert.include(reason, "--engine reference --device webgpu")
    assert.include(reason, "reference computes on cpu")
    assert.match(reason!, /onnxruntime computes on .*webgpu/)
    assert.isDefined(ChooseEngine.refusal({ engine: "tensorflow", device: "webgpu" }))
    for (const engine of ChooseEngine.names) {
      assert.isUndefined(ChooseEngine.refusal({ engine, device: "auto" }))
      assert.isUndefined(ChooseEngine.refusal({ engine, device: "cpu" }))
    }
    for (const device of ChooseEngine.devices) {
      assert.isUndefined(ChooseEngine.refusal({ engine: "auto", device }))
      assert.isUndefined(ChooseEngine.refusal({ engine: "onnxruntime", device }))
    }
  })

  it.live("is the one that is asked for, with so many threads", () =>
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

  it.live("is the CPU where there is plainly nothing else, and says in one line why", () =>
    Effect.gen(function* () {
      if ((yield* hardwareAbsence("webgpu").pipe(Effect.provide(NodeServices.layer))) === undefined) return
      for (const engine of ["auto", "onnxruntime"] as const) {
        const { lines, spec } = yield* pick({ engine, device: "auto" })
        assert.strictEqual(spec?.device, "cpu")
        assert.strictEqual(lines.length, 1)
        const others =
          engine === "auto" ? /^engine: Native on cpu; not cuda|native on cpu: .*not webgpu/ : /cuda, webgpu/
        assert.match(lines[0]!, others)
      }
    })
  )

  it.live("is none where all that might serve do not, and says why of each", () =>
    Effect.gen(function* () {
      if ((yield* hardwareAbsence("cuda").pipe(Effect.provide(NodeServices.layer))) === undefined) return
      const { error, lines } = yield* pick({ engine: "auto", device: "cuda" })
      assert.match(error!, /this machine cannot run "programs on cuda": .*cuda: .*; tensorflow on cuda: /)
      assert.deepStrictEqual(lines, [])
    })
  )
})
