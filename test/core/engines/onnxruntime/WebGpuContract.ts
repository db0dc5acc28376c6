import * as OnnxRuntime from "../../../../src/core/engines/OnnxRuntime.ts"
import { engineContract } from "../../../../src/testing/EngineContract.ts"

engineContract("onnxruntime on webgpu", OnnxRuntime.layer({ device: "webgpu" }))
