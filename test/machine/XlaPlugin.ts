import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Result } from "effect"
import { find } from "../../src/core/engines/xla/Plugin.ts"
import * as Capability from "./Capability.ts"

const found = await Effect.runPromise(Effect.result(find("cpu")).pipe(Effect.provide(NodeServices.layer)))

/** XLA's plugin for the CPU; its path. */
export const xlaPlugin: Capability.Capability<string> = Capability.make(
  { name: "XLA plugin" },
  Result.mapError(found, ({ reason }) => reason)
)
