import { assert, describe, it } from "@effect/vitest"
import { askedFor } from "../../../src/pipelines/verification/RecordedEngine.ts"

const auto = { engine: "auto", device: "auto" } as const
const made = (_tag: string, device: string) => ({ engine: { _tag, device, threads: 1 } })

describe("the engine that a run is computed again with", () => {
  it("is the recorded one on the recorded device", () => {
    assert.deepStrictEqual(askedFor(auto, made("OnnxRuntime", "webgpu")), { engine: "onnxruntime", device: "webgpu" })
    assert.deepStrictEqual(askedFor(auto, made("Reference", "cpu")), { engine: "reference", device: "cpu" })
    assert.deepStrictEqual(askedFor(auto, made("TensorFlow", "gpu")), { engine: "tensorflow", device: "cuda" })
    assert.deepStrictEqual(askedFor(auto, undefined), auto)
    assert.deepStrictEqual(askedFor(auto, made("Abacus", "beads")), auto)
  })

  it("is what is asked for, and the rest as it was where both go together", () => {
    const webgpu = made("OnnxRuntime", "webgpu")
    assert.deepStrictEqual(askedFor({ engine: "auto", device: "cpu" }, webgpu), {
      engine: "onnxruntime",
      device: "cpu"
    })
    assert.deepStrictEqual(askedFor({ engine: "onnxruntime", device: "auto" }, webgpu), {
      engine: "onnxruntime",
      device: "webgpu"
    })
    for (const asked of [
      { engine: "reference", device: "auto" },
      { engine: "tensorflow", device: "auto" }
    ] as const) {
      assert.deepStrictEqual(askedFor(asked, webgpu), asked)
    }
    const onGpu = { engine: "auto", device: "webgpu" } as const
    assert.deepStrictEqual(askedFor(onGpu, made("Reference", "cpu")), onGpu)
  })
})
