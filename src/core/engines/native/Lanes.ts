/** What vectors have room for. */
import type { Assembler } from "./Assembler.ts"
import { lower, type Mask, rax } from "./Operands.ts"

/** Floats, and their bytes. */
export const lanes = 16
export const vectorBytes = 64

/** Registers for results or sums; the others are for what they are made of. */
export const tileSize = 28

/** The first lanes of a vector. Changes `rax`. */
export const firstLanes = (code: Assembler, mask: Mask, count: number): void => {
  code.mov(lower(rax), 2 ** count - 1)
  code.kmovw(mask, lower(rax))
}
