/** An assembler for general registers, the part that all instruction sets of x86-64 share. */
import type * as Contract from "../Assembler.ts"
import type { Layout } from "../CodeBuffer.ts"
import * as CodeBuffer from "./CodeBuffer.ts"
import * as Encoder from "./Encoder.ts"
import * as GeneralInstructions from "./GeneralInstructions.ts"
import * as System from "./System.ts"

export interface Assembler extends Layout, GeneralInstructions.GeneralInstructions, Contract.System {}

/** What the assembler of an instruction set is built from. */
export interface Parts {
  readonly buffer: CodeBuffer.CodeBuffer
  readonly encoder: Encoder.Encoder
  readonly assembler: Assembler
}

export const makeParts = (): Parts => {
  const buffer = CodeBuffer.make()
  const encoder = Encoder.make(buffer)
  const { known: _known, later: _later, put: _put, put32: _put32, refer: _refer, ...layout } = buffer
  const instructions = GeneralInstructions.make(encoder, buffer)
  return { buffer, encoder, assembler: { ...layout, ...instructions, ...System.make(instructions) } }
}

/** An empty buffer of code. */
export const make = (): Assembler => makeParts().assembler
