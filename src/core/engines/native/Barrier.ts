/**
 * A barrier for threads, as machine code.
 *
 * Each thread counts the barriers it has reached in a word of its own, which the others poll. So no word is written by two
 * threads, and a barrier costs one transfer of a cache line. A waiting thread spins for a while, because the others mostly
 * arrive within a microsecond; then it yields the processor, which the others may need. Between runs, threads sleep in
 * the kernel (futex) once that has taken longer than the caller takes to prepare a training step: to wake one takes up to
 * half a millisecond on a virtual machine.
 *
 * Source: Linux manual pages futex(2) and sched_yield(2).
 */
import type { Address } from "./Libc.ts"
import type { Assembler } from "./Assembler.ts"
import type { Share } from "./Phase.ts"
import { at, lower, r10, rax, rbx, rcx, rdi, rdx, rsi } from "./x86/Operands.ts"

const lineBytes = 64
/** Private to the process. */
const futex = { wait: 128, wake: 129 } as const
/** Up to 20 microseconds of `pause`, which takes 40 to 140 cycles. */
const spins = 500
/** So often a thread spins and yields before it sleeps: for up to 0.4 milliseconds. */
const spinsBeforeSleep = 20

/**
 * Memory that all threads share. Common: the table of pointers of this run (0: exit), the number of sleeping threads, the
 * processor of the caller. Per thread: its count of barriers, the processor that it avoids, the code that it runs. Then
 * for each processor, the set of all others.
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
  code.systemCall("futex")
}

/** Increments the caller's count, which all threads await between runs, and wakes those that sleep. */
export const release = (code: Assembler, layout: Layout): void => {
  const awake = code.label()
  code.storeProcessor(layout.callerAt)
  code.mov(rdi, layout.countOf(0))
  code.mov(rax, 1)
  // Locked, so that sleepers are read after it: a thread that goes to sleep counts itself first and then checks this.
  code.lockXadd(at(rdi), lower(rax))
  code.mov(rdi, layout.sleepers)
  code.cmp(at(rdi), 0)
  code.je(awake)
  code.mov(rdx, 0x7fffffff)
  callFutex(code, layout.countOf(0), futex.wake)
  code.bind(awake)
}

/** Increments this thread's count, which is then in `ebx`. */
export const arrive = (code: Assembler, layout: Layout, thread: number): void => {
  code.mov(rdi, layout.countOf(thread))
  code.mov(lower(rbx), at(rdi))
  code.inc(lower(rbx))
  code.storeRelease(at(rdi), lower(rbx))
}

/** Waits until `thread`'s count is at least `ebx`. `afterSpinning` runs after each long spin, with the count in `eax`. */
const awaitCount = (code: Assembler, layout: Layout, thread: number, afterSpinning: () => void): void => {
  const [again, poll, done] = [code.label(), code.label(), code.label()]
  code.bind(again)
  code.mov(rcx, spins)
  code.mov(rdi, layout.countOf(thread))
  code.bind(poll)
  code.loadAcquire(lower(rax), at(rdi))
  code.mov(rdx, rax)
  // The sign of the difference, so that counts may wrap around.
  code.sub(lower(rdx), lower(rbx))
  code.jns(done)
  code.pause()
  code.dec(rcx)
  code.jne(poll)
  afterSpinning()
  code.jmp(again)
  code.bind(done)
}

const yieldProcessor = (code: Assembler): void => {
  code.systemCall("schedYield")
}

/** Waits until the counts of all others are at least `ebx`. */
export const awaitOthers = (code: Assembler, layout: Layout, { thread, threads }: Share): void => {
  for (let other = 0; other < threads; other++) {
    if (other !== thread) awaitCount(code, layout, other, () => yieldProcessor(code))
  }
}

/** Waits until the caller's count is at least `ebx`; after {@link spinsBeforeSleep}, asleep. */
export const awaitCaller = (code: Assembler, layout: Layout): void => {
  const countSleepers = (change: number) => {
    code.mov(rdi, layout.sleepers)
    code.mov(rcx, change)
    code.lockXadd(at(rdi), lower(rcx))
  }
  code.mov(rsi, spinsBeforeSleep)
  awaitCount(code, layout, 0, () => {
    const [sleep, awake] = [code.label(), code.label()]
    code.dec(rsi)
    code.je(sleep)
    yieldProcessor(code)
    code.jmp(awake)
    code.bind(sleep)
    countSleepers(1)
    // The kernel puts it to sleep only if the count is unchanged.
    code.mov(rdx, rax)
    callFutex(code, layout.countOf(0), futex.wait)
    countSleepers(-1)
    code.mov(rsi, spinsBeforeSleep)
    code.bind(awake)
  })
}
