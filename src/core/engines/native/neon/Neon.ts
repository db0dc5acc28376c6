/** NEON, which every 64-bit Arm processor has that Linux runs on. */
import type { InstructionSet } from "../InstructionSet.ts"
import { scaled, split } from "../ExponentBits.ts"
import * as NeonAssembler from "./NeonAssembler.ts"
import * as Simd from "./Simd.ts"

export const neon: InstructionSet = {
  name: "neon",
  architecture: "arm64",
  features: ["asimd"],
  registers: Simd.registers,
  primitives: { scaled, split },
  assembler: () => {
    const { code, words } = NeonAssembler.make()
    return { ...code, simd: Simd.make(code, words) }
  }
}
