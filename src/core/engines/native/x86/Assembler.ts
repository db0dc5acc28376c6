/** An assembler for general registers, the part that all instruction sets of x86-64 share. */
import * as CodeBuffer from "./CodeBuffer.ts"
import * as Encoder from "./Encoder.ts"
import * as GeneralInstructions from "./GeneralInstructions.ts"

export interface Assembler extends CodeBuffer.Layout, GeneralInstructions.GeneralInstructions {}

/** What the assembler of an instruction set is built from. */
export interface Parts {
  readonly buffer: CodeBuffer.CodeBuffer
  readonly encoder: Encoder.Encoder
  readonly assembler: Assembler
}

export const makeParts = (): Parts => {
  const buffer = CodeBuffer.make()
  const encoder = Encoder.make(buffer)
  const { put: _put, put32: _put32, refer: _refer, ...layout } = buffer
  return { buffer, encoder, assembler: { ...layout, ...GeneralInstructions.make(encoder, buffer) } }
}

/** An empty buffer of code. */
export const make = (): Assembler => makeParts().assembler
