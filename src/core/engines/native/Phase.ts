/** A part of a compiled program that all threads run at the same time, each its share. */
import type { Assembler } from "./InstructionSet.ts"
import { type Memory, r15, at } from "./x86/Operands.ts"

/** The share of one thread. */
export interface Share {
  readonly thread: number
  readonly threads: number
  /** Scratch memory of this thread, `scratchBytes` long, aligned to 4096 bytes. Undefined on entry. */
  readonly scratch: bigint
}

export const scratchBytes: number = 1 << 22

/**
 * Threads wait at a barrier between phases.
 *
 * On entry `r15` holds the address of the table of pointers (see {@link slot}). A phase may change every register but
 * `rsp` and `r15`; only `r15` is preserved between phases. Buffers are aligned and padded to 64 bytes.
 */
export interface Phase {
  /** For profiles: `product 128x784x512`. */
  readonly name: string
  readonly emit: (code: Assembler, share: Share) => void
}

/** The address of a tensor in the table of pointers: `code.mov(rax, slot(3))`. */
export const slot = (index: number): Memory => at(r15, 8 * index)

/** The range of `count` pieces that a thread does; ranges differ by at most one piece. */
export const rangeOf = (
  { thread, threads }: Pick<Share, "thread" | "threads">,
  count: number
): readonly [from: number, to: number] => [
  Math.floor((thread * count) / threads),
  Math.floor(((thread + 1) * count) / threads)
]
