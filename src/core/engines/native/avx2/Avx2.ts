/** AVX2 with FMA: Intel since Haswell (2013), AMD since Zen (2017). */
import { scaled, split } from "../ExponentBits.ts"
import type { InstructionSet } from "../InstructionSet.ts"
import * as Avx2Assembler from "./Avx2Assembler.ts"
import * as Simd from "./Simd.ts"

export const avx2: InstructionSet = {
  name: "avx2",
  architecture: "x64",
  features: ["avx2", "fma", "rdtscp"],
  registers: Simd.registers,
  primitives: { scaled, split },
  assembler: () => {
    const code = Avx2Assembler.make()
    return { ...code, simd: Simd.make(code) }
  }
}
