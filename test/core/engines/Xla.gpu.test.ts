/**
 * The engine contract on an accelerator: `VAE_XLA_DEVICE=cuda vitest run --project gpu test/core/engines/Xla.gpu.test.ts`.
 * With `cpu` it runs on the plugin for the CPU, which `Xla.test.ts` does anyway.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, beforeAll, describe } from "@effect/vitest"
import { Effect, Exit, Layer, Result, Scope } from "effect"
import * as Probe from "../../../src/core/engines/xla/Probe.ts"
import * as Xla from "../../../src/core/engines/Xla.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"
import { stackContract } from "../../../src/testing/StackContract.ts"
import * as Capability from "../../machine/Capability.ts"

const device = Xla.devices.find((name) => name === process.env["VAE_XLA_DEVICE"]) ?? "cuda"
const found = await Effect.runPromise(Effect.result(Probe.find(device)).pipe(Effect.provide(NodeServices.layer)))
const accelerator = Capability.make(
  { name: `XLA on ${device}` },
  Result.mapError(found, ({ reason }) => reason)
)

/** On a CPU, code is compiled quickly instead of to be fast. */
const flags = device === "cpu" ? { xla_backend_optimization_level: 0, xla_llvm_disable_expensive_passes: true } : {}

describe(`XLA on ${device}`, Capability.needs(accelerator), () => {
  const layer = Xla.layer({ device, plugin: accelerator.value ?? "", flags })
  const scope = Effect.runSync(Scope.make())
  beforeAll(async () => void (await Effect.runPromise(Layer.buildWithScope(layer, scope))))
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  engineContract("xla", layer)
  stackContract("xla", layer)
})
