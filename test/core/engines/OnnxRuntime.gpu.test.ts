import { afterAll, beforeAll, describe } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import * as OnnxRuntime from "../../../src/core/engines/OnnxRuntime.ts"
import { webGpu } from "../../../src/testing/Accuracy.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"

const layer = OnnxRuntime.layer({ device: "webgpu" })

// See vitest.config.ts.
const isThere = process.env["VAE_GPU_TESTS"] === "1" || process.env["VK_ICD_FILENAMES"] !== undefined

describe.skipIf(!isThere)(
  `webgpu${isThere ? "" : " (skipped: Debian's chromium, with its Vulkan driver, is not here)"}`,
  () => {
    // With one engine open all the time, shaders are compiled once for all tests.
    const scope = Effect.runSync(Scope.make())
    beforeAll(async () => void (await Effect.runPromise(Layer.buildWithScope(layer, scope))))
    afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

    engineContract("onnxruntime on webgpu", layer, webGpu)
  }
)
