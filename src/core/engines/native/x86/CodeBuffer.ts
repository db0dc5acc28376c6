/** A buffer of x86-64 instructions. */
import * as CodeBuffers from "../CodeBuffer.ts"
import type { Label } from "./Operands.ts"

export interface CodeBuffer extends CodeBuffers.CodeBuffer {
  /** Four bytes: the distance to a label from the end of the instruction, which is `bytesAfter` bytes after these. */
  readonly refer: (label: Label, bytesAfter?: number, displacement?: number) => void
}

/** No-ops of 1 to 9 bytes: one long no-op decodes faster than several short ones. */
const fillers: ReadonlyArray<ReadonlyArray<number>> = [
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00]
]

const padding = (bytes: number): ReadonlyArray<number> =>
  bytes <= 0 ? [] : [...fillers[Math.min(9, bytes) - 1]!, ...padding(bytes - 9)]

export const make = (): CodeBuffer => {
  const buffer = CodeBuffers.make(padding)
  return {
    ...buffer,
    refer: (label, bytesAfter = 0, displacement = 0) => {
      const position = buffer.size()
      buffer.put32(0)
      const from = position + 4 + bytesAfter - displacement
      buffer.later((code, offsetOf) => code.setInt32(position, offsetOf(label) - from, true))
    }
  }
}
