/** A part of a compiled program that all threads do at once, each its share. */
import type { Assembler } from "./InstructionSet.ts"
import { type Memory, r15, at } from "./x86/Operands.ts"

/** Which part of the work a stream of code does. */
export interface Share {
  readonly thread: number
  readonly threads: number
  /** Memory that only this thread uses, `scratchBytes` long, at a multiple of 4096. Holds nothing on entry. */
  readonly scratch: bigint
}

export const scratchBytes: number = 1 << 22

/**
 * Before the next phase the threads wait for each other.
 *
 * On entry `r15` holds the address of the table of pointers (see {@link slot}). A phase may change every register but
 * `rsp` and `r15`; nothing but `r15` is handed on to the next. Buffers begin at multiples of 64 bytes and have room up
 * to the next multiple of 64.
 */
export interface Phase {
  /** For profiles: `product 128x784x512`. */
  readonly name: string
  readonly emit: (code: Assembler, share: Share) => void
}

/** Where the address of a tensor stands: `code.mov(rax, slot(3))`. */
export const slot = (index: number): Memory => at(r15, 8 * index)

/** What each thread does of `count` pieces: neighbours, as many as the others or one less. */
export const rangeOf = (
  { thread, threads }: Pick<Share, "thread" | "threads">,
  count: number
): readonly [from: number, to: number] => [
  Math.floor((thread * count) / threads),
  Math.floor(((thread + 1) * count) / threads)
]
