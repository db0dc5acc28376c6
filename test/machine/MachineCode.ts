import { Effect, Result } from "effect"
import * as Memory from "../../src/core/engines/native/Memory.ts"
import * as Capability from "./Capability.ts"

const opened = await Effect.runPromise(Effect.result(Memory.open))

/** Memory for machine code of the instruction sets that the native engine has. */
export const machineCode: Capability.Capability<Memory.Memory> = Capability.make(
  { name: "native engine", remedy: "run the tests on x64 Linux with AVX-512" },
  Result.mapError(opened, ({ reason }) => reason)
)
