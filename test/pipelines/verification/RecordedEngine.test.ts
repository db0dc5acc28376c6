import { assert, describe, it } from "@effect/vitest"
import { engineFor } from "../../../src/pipelines/verification/RecordedEngine.ts"

const auto = { engine: "auto", device: "auto" } as const
const made = (_tag: string, device: string) => ({ engine: { _tag, device, threads: 1 } })

describe("the engine for recomputing a run", () => {
  it("is the recorded one on the recorded device", () => {
    assert.deepStrictEqual(engineFor(auto, made("OnnxRuntime", "webgpu")), { engine: "onnxruntime", device: "webgpu" })
    assert.deepStrictEqual(engineFor(auto, made("Reference", "cpu")), { engine: "reference", device: "cpu" })
    assert.deepStrictEqual(engineFor(auto, made("TensorFlow", "gpu")), { engine: "tensorflow", device: "cuda" })
    assert.deepStrictEqual(engineFor(auto, undefined), auto)
    assert.deepStrictEqual(engineFor(auto, made("Abacus", "beads")), auto)
  })

  it("is the requested one, and the rest as recorded if compatible", () => {
    const webgpu = made("OnnxRuntime", "webgpu")
    assert.deepStrictEqual(engineFor({ engine: "auto", device: "cpu" }, webgpu), {
      engine: "onnxruntime",
      device: "cpu"
    })
    assert.deepStrictEqual(engineFor({ engine: "onnxruntime", device: "auto" }, webgpu), {
      engine: "onnxruntime",
      device: "webgpu"
    })
    for (const asked of [
      { engine: "reference", device: "auto" },
      { engine: "tensorflow", device: "auto" }
    ] as const) {
      assert.deepStrictEqual(engineFor(asked, webgpu), asked)
    }
    const onGpu = { engine: "auto", device: "webgpu" } as const
    assert.deepStrictEqual(engineFor(onGpu, made("Reference", "cpu")), onGpu)
  })
})
