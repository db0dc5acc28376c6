/**
 * An assembler for x86-64 with AVX-512, one call per instruction: `code.vaddps(zmm(1), zmm(2), at(rax, 64), k(1))`.
 *
 * Laws: each call emits its instruction and nothing else, in order. The destination comes first. The code is
 * position-independent; its constants follow it.
 */
import * as Assembler from "../x86/Assembler.ts"
import * as Evex from "./Evex.ts"
import * as MaskInstructions from "./MaskInstructions.ts"
import * as VectorInstructions from "./VectorInstructions.ts"

export type Avx512Assembler = Assembler.Assembler &
  MaskInstructions.MaskInstructions &
  VectorInstructions.VectorInstructions

/** An empty buffer of code. */
export const make = (): Avx512Assembler => {
  const { assembler, buffer, encoder } = Assembler.makeParts()
  return {
    ...assembler,
    ...MaskInstructions.make(encoder),
    ...VectorInstructions.make(Evex.make(encoder, buffer))
  }
}
