import { Effect, Result } from "effect"
import type { InstructionSet } from "../../src/core/engines/native/InstructionSet.ts"
import { instructionSets } from "../../src/core/engines/native/InstructionSets.ts"
import * as Libc from "../../src/core/engines/native/Libc.ts"
import * as Processor from "../../src/core/engines/native/Processor.ts"
import * as Capability from "./Capability.ts"

/** What machine code is compiled for and runs with. */
export interface MachineCode {
  readonly libc: Libc.Libc
  readonly set: InstructionSet
}

const opened = await Effect.gen(function* () {
  const libc = yield* Libc.open
  return { libc, features: yield* Processor.features(libc) }
}).pipe(Effect.result, Effect.runPromise)

/** Each instruction set that the native engine has, if this processor has it too. */
export const machineCodes: ReadonlyArray<readonly [name: string, Capability.Capability<MachineCode>]> =
  instructionSets.map((set) => {
    const found = Result.flatMap(
      Result.mapError(opened, ({ reason }) => reason),
      ({ features, libc }): Result.Result<MachineCode, string> => {
        const missing = set.features.filter((feature) => !features.has(feature))
        return missing.length === 0
          ? Result.succeed({ libc, set })
          : Result.fail(`the processor has no ${missing.join(", ")}`)
      }
    )
    const remedy =
      set.architecture === "arm64"
        ? "run the tests on Linux on arm64, or with the arm64 build of Node under qemu-user"
        : `run the tests on Linux on x86-64 with ${set.features.join(", ")}`
    return [set.name, Capability.make({ name: `instruction set ${set.name}`, remedy }, found)]
  })

/** The native engine on its widest instruction set here. */
export const machineCode: Capability.Capability<MachineCode> =
  machineCodes.map(([, capability]) => capability).find(({ value }) => value !== undefined) ?? machineCodes.at(-1)![1]
