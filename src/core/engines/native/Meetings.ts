/**
 * How threads wait for each other, as machine code.
 *
 * Each thread counts the meetings it has come to in a word of its own; the others look at it. So nothing that is waited
 * for is written by two threads, and a meeting costs one transfer of a cache line. Who waits spins for a while, because
 * the others are mostly there within a microsecond; then it lets others have the processor, who may be what is waited
 * for. Between runs a thread sleeps in the kernel (futex) after the spinning.
 *
 * Source: Linux manual pages futex(2) and sched_yield(2); Intel manual, volume 3A, 9.2.2: stores are seen in order, so
 * that a word that counts needs no fence, but for the one place where a thread reads after it has written.
 */
import type { Assembler } from "./Assembler.ts"
import type { Address } from "./Memory.ts"
import { at, lower, r10, rax, rbx, rcx, rdi, rdx, rsi } from "./Operands.ts"
import type { Share } from "./Phase.ts"

const lineBytes = 64
export const systemCall = { schedYield: 24, futex: 202, schedSetaffinity: 203 } as const
/** Only this process's threads. */
const futex = { wait: 128, wake: 129 } as const
/** Some 20 microseconds of `pause`, which takes 40 to 140 cycles. */
const spins = 500

/**
 * What all threads see. For all: the table of this run (0: go home), how many threads sleep, which processor the caller
 * is on. For each: how often it came, which processor it keeps away from, what it runs. Then the sets of processors
 * without each one of them.
 */
export const layoutOf = (control: Address, threads: number) => {
  const lineOf = (thread: number): Address => control + BigInt(lineBytes * (1 + thread))
  return {
    table: control,
    sleepers: control + 8n,
    callerAt: control + 12n,
    countOf: lineOf,
    avoidedBy: (thread: number) => lineOf(thread) + 4n,
    entryOf: (thread: number) => lineOf(thread) + 8n,
    others: lineOf(threads)
  }
}
export type Layout = ReturnType<typeof layoutOf>

const callFutex = (code: Assembler, word: Address, operation: number): void => {
  code.mov(rdi, word)
  code.mov(rsi, operation)
  code.mov(r10, 0)
  code.mov(rax, systemCall.futex)
  code.syscall()
}

/** The caller's count goes up, which all wait for between runs; those who sleep are woken. */
export const release = (code: Assembler, layout: Layout): void => {
  const awake = code.label()
  code.rdtscp()
  code.mov(rdi, layout.callerAt)
  code.mov(at(rdi), lower(rcx))
  code.mov(rdi, layout.countOf(0))
  code.mov(rax, 1)
  // Locked, so that the sleepers are counted after it: who goes to sleep counts itself first and looks here again.
  code.lockXadd(at(rdi), lower(rax))
  code.mov(rdi, layout.sleepers)
  code.cmp(at(rdi), 0)
  code.je(awake)
  code.mov(rdx, 0x7fffffff)
  callFutex(code, layout.countOf(0), futex.wake)
  code.bind(awake)
}

/** Counts this thread's coming; its new count is in `ebx`. */
export const arrive = (code: Assembler, layout: Layout, thread: number): void => {
  code.mov(rdi, layout.countOf(thread))
  code.mov(lower(rbx), at(rdi))
  code.inc(lower(rbx))
  code.mov(at(rdi), lower(rbx))
}

/** Waits until `thread`'s count is `ebx` at least; `onPatienceLost` is run after each long spin, `eax` as it was seen. */
const awaitCount = (code: Assembler, layout: Layout, thread: number, onPatienceLost: () => void): void => {
  const [again, look, met] = [code.label(), code.label(), code.label()]
  code.bind(again)
  code.mov(rcx, spins)
  code.mov(rdi, layout.countOf(thread))
  code.bind(look)
  code.mov(lower(rax), at(rdi))
  code.mov(rdx, rax)
  // Of the difference, so that counts may run over.
  code.sub(lower(rdx), lower(rbx))
  code.jns(met)
  code.pause()
  code.dec(rcx)
  code.jne(look)
  onPatienceLost()
  code.jmp(again)
  code.bind(met)
}

const yieldProcessor = (code: Assembler): void => {
  code.mov(rax, systemCall.schedYield)
  code.syscall()
}

/** Waits until all others' counts are `ebx` at least. */
export const awaitOthers = (code: Assembler, layout: Layout, { thread, threads }: Share): void => {
  for (let other = 0; other < threads; other++) {
    if (other !== thread) awaitCount(code, layout, other, () => yieldProcessor(code))
  }
}

/** Waits until the caller's count is `ebx` at least; after a long spin, asleep. */
export const awaitCaller = (code: Assembler, layout: Layout): void => {
  const countSleepers = (change: number) => {
    code.mov(rdi, layout.sleepers)
    code.mov(rcx, change)
    code.lockXadd(at(rdi), lower(rcx))
  }
  awaitCount(code, layout, 0, () => {
    countSleepers(1)
    // The kernel lets it sleep only if the count still is what was seen.
    code.mov(rdx, rax)
    callFutex(code, layout.countOf(0), futex.wait)
    countSleepers(-1)
  })
}
