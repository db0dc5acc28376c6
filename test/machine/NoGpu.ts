import { NodeServices } from "@effect/platform-node"
import { Effect, Result } from "effect"
import { hardwareAbsence } from "../../src/core/engines/onnxruntime/Hardware.ts"
import * as Capability from "./Capability.ts"

const [cuda, webgpu] = await Effect.runPromise(
  Effect.all([hardwareAbsence("cuda"), hardwareAbsence("webgpu")]).pipe(Effect.provide(NodeServices.layer))
)

/** A machine without a GPU; why each device is absent. */
export const noGpu: Capability.Capability<{ readonly cuda: string; readonly webgpu: string }> = Capability.make(
  { name: "no GPU", remedy: "run the tests on a machine without a GPU" },
  cuda === undefined || webgpu === undefined ? Result.fail("this machine has a GPU") : Result.succeed({ cuda, webgpu })
)
