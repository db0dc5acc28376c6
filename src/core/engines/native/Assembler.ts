/**
 * What every assembler provides: instructions on general registers, and what threads need of the operating system.
 *
 * Registers and instructions have their names on x86-64; on another architecture, each register is one of its own, and an
 * instruction may become several. The arguments of system calls are in `rdi`, `rsi`, `rdx` and `r10`, and that of a
 * function in `rdi`.
 */
import type { Layout } from "./CodeBuffer.ts"
import type { GeneralInstructions } from "./x86/GeneralInstructions.ts"
import type { General, Memory } from "./x86/Operands.ts"

export type SystemCall = "futex" | "schedSetaffinity" | "schedYield"

export interface System {
  /** Saves what the C calling convention asks a function to save. */
  readonly enter: () => void
  /** Restores it and returns. */
  readonly leave: () => void
  /** Between vector operations and a return to other code. */
  readonly endVectors: () => void
  /** Changes `rax`, `rcx`, `rdi` and `r11`. */
  readonly systemCall: (name: SystemCall) => void
  /** Reads 32 bits; what follows is not read before. */
  readonly loadAcquire: (to: General, from: Memory) => void
  /** Writes 32 bits; what came before is seen by threads that read them by {@link loadAcquire}. */
  readonly storeRelease: (to: Memory, from: General) => void
  /** Stores a time stamp of 64 bits, at about 3 GHz. Changes `rax`, `rdx` and `rdi`. */
  readonly storeTime: (address: bigint) => void
  /** Stores the processor's number in the lowest 12 bits of 32. Changes `rax`, `rcx`, `rdx`, `rsi` and `rdi`. */
  readonly storeProcessor: (address: bigint) => void
}

/** The instructions in use outside of instruction sets. `lockXadd` is a full memory barrier. */
export type Instructions = Pick<
  GeneralInstructions,
  | "add"
  | "and"
  | "call"
  | "cmp"
  | "dec"
  | "imul"
  | "inc"
  | "jae"
  | "jb"
  | "je"
  | "jmp"
  | "jne"
  | "jns"
  | "lea"
  | "lockXadd"
  | "mov"
  | "pause"
  | "pop"
  | "prefetcht0"
  | "prefetcht1"
  | "prefetchw"
  | "push"
  | "ret"
  | "sub"
  | "test"
>

export interface Assembler extends Layout, Instructions, System {}
