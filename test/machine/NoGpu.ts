import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { hardwareAbsence } from "../../src/core/engines/onnxruntime/Hardware.ts"
import { absence } from "../../src/core/engines/xla/Hardware.ts"
import * as Capability from "./Capability.ts"

const [cuda, webgpu, xla] = await Effect.runPromise(
  Effect.all([hardwareAbsence("cuda"), hardwareAbsence("webgpu"), absence("cuda")]).pipe(
    Effect.provide(NodeServices.layer)
  )
)

interface Reasons {
  readonly cuda: string
  readonly webgpu: string
  /** Of XLA's accelerators. */
  readonly xla: string
}

/** A machine without a GPU; why each device is absent. */
export const noGpu: Capability.Capability<Reasons> = Capability.make(
  { name: "no GPU", remedy: "run the tests on a machine without a GPU" },
  cuda === undefined || webgpu === undefined || xla === undefined
    ? Result.fail("this machine has a GPU")
    : Result.succeed({ cuda, webgpu, xla })
)
