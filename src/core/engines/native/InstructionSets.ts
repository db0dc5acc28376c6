/** The instruction sets that there is code for, the widest of each architecture first. Another one is a folder and a line here. */
import { avx2 } from "./avx2/Avx2.ts"
import { avx512 } from "./avx512/Avx512.ts"
import type { InstructionSet } from "./InstructionSet.ts"
import { neon } from "./neon/Neon.ts"

export const instructionSets: ReadonlyArray<InstructionSet> = [avx512, avx2, neon]

export const byName = (name: string): InstructionSet | undefined => instructionSets.find((set) => set.name === name)
