/** AVX-512 with the foundation, DQ, BW and VL extensions: Intel servers since 2017, AMD since Zen 4. */
import type { InstructionSet } from "../InstructionSet.ts"
import * as Avx512Assembler from "./Avx512Assembler.ts"
import * as Simd from "./Simd.ts"

/** The mantissa in [1, 2), NaN for negative numbers. */
const mantissaMode = 0b1000

export const avx512: InstructionSet = {
  name: "avx512",
  architecture: "x64",
  features: ["avx512f", "avx512dq", "avx512bw", "avx512vl", "fma", "rdtscp"],
  registers: Simd.registers,
  primitives: {
    scaled: (formula, x, n) => formula.lanes("scale", [x, n]),
    split: (formula, x) => ({
      m: formula.lanes("mantissa", [x], mantissaMode),
      e: formula.lanes("exponent", [x])
    })
  },
  assembler: () => {
    const code = Avx512Assembler.make()
    return { ...code, simd: Simd.make(code) }
  }
}
