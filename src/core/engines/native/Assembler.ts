/**
 * Machine code for x86-64 with AVX-512, an instruction a call: `code.vaddps(zmm(0), zmm(1), at(rax, 64), k(1))`.
 *
 * Laws: what is asked for is what is written, in order; nothing is chosen, moved or left out. The operand that is
 * written comes first. The code can lie anywhere; its constants lie behind it.
 */
import * as Bytes from "./Bytes.ts"
import * as Encoder from "./Encoder.ts"
import * as GeneralInstructions from "./GeneralInstructions.ts"
import * as MaskInstructions from "./MaskInstructions.ts"
import * as VectorInstructions from "./VectorInstructions.ts"

export type Assembler = Bytes.Places &
  GeneralInstructions.GeneralInstructions &
  MaskInstructions.MaskInstructions &
  VectorInstructions.VectorInstructions

/** An empty piece of code. */
export const make = (): Assembler => {
  const bytes = Bytes.make()
  const encoder = Encoder.make(bytes)
  const { put: _put, put32: _put32, refer: _refer, ...places } = bytes
  return {
    ...places,
    ...GeneralInstructions.make(encoder, bytes),
    ...MaskInstructions.make(encoder),
    ...VectorInstructions.make(encoder, bytes)
  }
}
