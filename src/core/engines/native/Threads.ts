/**
 * Threads that run compiled phases together: the caller's own and native ones, which wait between runs.
 *
 * Each thread counts the meetings it has come to in a word of its own; the others look at it. So nothing that is waited
 * for is written by two threads, and a meeting costs one transfer of a cache line. Who waits spins for a while, because
 * the others are mostly there within a microsecond; then it lets others have the processor, who may be what is waited
 * for. Between runs a thread sleeps in the kernel (futex) after the spinning.
 *
 * Source: Linux manual pages futex(2) and sched_yield(2); Intel manual, volume 3A, 9.2.2: stores are seen in order, so
 * that a word that counts needs no fence, but for the one place where a thread reads after it has written.
 */
import { Effect, type Scope } from "effect"
import * as Assembler from "./Assembler.ts"
import { type Address, type Memory, type NativeUnavailable, processorsBytes } from "./Memory.ts"
import { at, lower, r10, r12, r13, r14, r15, rax, rbp, rbx, rcx, rdi, rdx, rsi } from "./Operands.ts"
import { type Phase, scratchBytes, type Share } from "./Phase.ts"

/** Phases made ready to run. */
export interface Compiled {
  /** Runs all phases on the table of pointers at this address. One run at a time for one crew. */
  readonly run: (table: Address) => void
  /** Where asked for: the time stamp counter before the first phase and after each, of the last run. */
  readonly stamps: BigUint64Array
}

/** A fixed number of threads, the caller's among them. */
export interface Crew {
  readonly threads: number
  readonly compile: (
    phases: ReadonlyArray<Phase>,
    options?: { readonly stamped?: boolean }
  ) => Effect.Effect<Compiled, NativeUnavailable, Scope.Scope>
}

type Code = Assembler.Assembler

const lineBytes = 64
const systemCall = { schedYield: 24, futex: 202, schedSetaffinity: 203 } as const
/** Only this process's threads. */
const futex = { wait: 128, wake: 129 } as const
/** Some 20 microseconds of `pause`, which takes 40 to 140 cycles. */
const spins = 500
const calleeSaved = [rbx, rbp, r12, r13, r14, r15]

/**
 * What all threads see. For all: the table of this run (0: go home), how many threads sleep, which processor the caller
 * is on. For each: how often it came, which processor it keeps away from, what it runs. Then the sets of processors
 * without each one of them.
 */
const layoutOf = (control: Address, threads: number) => {
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
type Layout = ReturnType<typeof layoutOf>

const enter = (code: Code): void => calleeSaved.forEach((register) => code.push(register))
const leave = (code: Code): void => {
  code.vzeroupper()
  calleeSaved.toReversed().forEach((register) => code.pop(register))
  code.ret()
}

const callFutex = (code: Code, word: Address, operation: number): void => {
  code.mov(rdi, word)
  code.mov(rsi, operation)
  code.mov(r10, 0)
  code.mov(rax, systemCall.futex)
  code.syscall()
}

/** The caller's count goes up, which all wait for between runs; those who sleep are woken. */
const release = (code: Code, layout: Layout): void => {
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
const arrive = (code: Code, layout: Layout, thread: number): void => {
  code.mov(rdi, layout.countOf(thread))
  code.mov(lower(rbx), at(rdi))
  code.inc(lower(rbx))
  code.mov(at(rdi), lower(rbx))
}

/** Waits until `thread`'s count is `ebx` at least; `onPatienceLost` is run after each long spin, `eax` as it was seen. */
const awaitCount = (code: Code, layout: Layout, thread: number, onPatienceLost: () => void): void => {
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

const yieldProcessor = (code: Code): void => {
  code.mov(rax, systemCall.schedYield)
  code.syscall()
}

/** Waits until all others' counts are `ebx` at least. */
const awaitOthers = (code: Code, layout: Layout, { thread, threads }: Share): void => {
  for (let other = 0; other < threads; other++) {
    if (other !== thread) awaitCount(code, layout, other, () => yieldProcessor(code))
  }
}

/**
 * A native thread leaves the caller's processor to it. On a busy machine both can come to be on one; there they take
 * turns by yielding, which to the system looks like two contented threads, and it leaves them there.
 */
const avoidCaller = (code: Code, layout: Layout, thread: number, processors: number): void => {
  const apart = code.label()
  code.mov(rdi, layout.callerAt)
  code.mov(lower(rdx), at(rdi))
  code.mov(rdi, layout.avoidedBy(thread))
  code.cmp(lower(rdx), at(rdi))
  code.je(apart)
  code.mov(at(rdi), lower(rdx))
  code.and(lower(rdx), 0xfff)
  code.cmp(rdx, processors)
  code.jae(apart)
  code.imul(rdx, rdx, processorsBytes)
  code.mov(rax, layout.others)
  code.add(rdx, rax)
  code.mov(rdi, 0)
  code.mov(rsi, processorsBytes)
  code.mov(rax, systemCall.schedSetaffinity)
  code.syscall()
  code.bind(apart)
}

/** A native thread's life: it waits for the caller's count, runs its part, and waits again. */
const workerCode = (layout: Layout, thread: number, processors: number): Code => {
  const code = Assembler.make()
  const [idle, home] = [code.label(), code.label()]
  const countSleepers = (change: number) => {
    code.mov(rdi, layout.sleepers)
    code.mov(rcx, change)
    code.lockXadd(at(rdi), lower(rcx))
  }
  enter(code)
  code.bind(idle)
  arrive(code, layout, thread)
  awaitCount(code, layout, 0, () => {
    countSleepers(1)
    // The kernel lets it sleep only if the count still is what was seen.
    code.mov(rdx, rax)
    callFutex(code, layout.countOf(0), futex.wait)
    countSleepers(-1)
  })
  code.mov(rax, layout.table)
  code.mov(r15, at(rax))
  code.test(r15, r15)
  code.je(home)
  avoidCaller(code, layout, thread, processors)
  code.mov(rax, layout.entryOf(thread))
  code.mov(rax, at(rax))
  code.call(rax)
  code.jmp(idle)
  code.bind(home)
  leave(code)
  return code
}

/**
 * One thread's part of all phases. The caller's begins with a release, keeps the C calling convention, and ends when the
 * others wait for the next release: only then none of them is in this code any more, which may be given back.
 */
const streamOf = (phases: ReadonlyArray<Phase>, layout: Layout, share: Share, stamps: Address | undefined): Code => {
  const { thread, threads } = share
  const code = Assembler.make()
  const meeting = code.label()
  const stamp = (index: number): void => {
    if (stamps === undefined || thread > 0) return
    code.rdtsc()
    code.mov(rdi, stamps + 8n * BigInt(index))
    code.mov(at(rdi), lower(rax))
    code.mov(at(rdi, 4), lower(rdx))
  }
  if (thread === 0) {
    enter(code)
    code.mov(r15, rdi)
    if (threads > 1) release(code, layout)
  }
  phases.forEach((phase, index) => {
    if (threads > 1 && index > 0) code.call(meeting)
    stamp(index)
    phase.emit(code, share)
  })
  if (thread === 0) {
    if (threads > 1) {
      code.mov(rdi, layout.countOf(0))
      code.mov(lower(rbx), at(rdi))
      code.inc(lower(rbx))
      awaitOthers(code, layout, share)
    }
    stamp(phases.length)
    leave(code)
  } else {
    code.vzeroupper()
    code.ret()
  }
  code.bind(meeting)
  arrive(code, layout, thread)
  awaitOthers(code, layout, share)
  code.ret()
  return code
}

/** For each processor of a set up to the last: the set without it, or with it where there is no other. */
const setsWithoutEach = (processors: Uint8Array): ReadonlyArray<Uint8Array> => {
  const count = 8 * (processors.findLastIndex((byte) => byte !== 0) + 1)
  return Array.from({ length: count }, (_, processor) => {
    const rest = processors.map((byte, index) => (index === processor >> 3 ? byte & ~(1 << (processor & 7)) : byte))
    return rest.some((byte) => byte !== 0) ? rest : processors
  })
}

/** Starts the threads beside the caller's; they end with the scope. */
export const make = Effect.fnUntraced(function* (memory: Memory, threads: number) {
  const others = setsWithoutEach(yield* memory.processors)
  const controlBytes = 4096 * Math.ceil((lineBytes * (1 + threads) + processorsBytes * others.length) / 4096)
  const { address, buffer } = yield* memory.reserve(controlBytes + threads * scratchBytes)
  const layout = layoutOf(address, threads)
  const offsetOf = (place: Address): number => Number(place - address)
  others.forEach((set, index) => new Uint8Array(buffer).set(set, offsetOf(layout.others) + processorsBytes * index))
  const words = new BigUint64Array(buffer, 0, controlBytes / 8)
  const setTable = (table: Address): void => void (words[0] = table)
  const entryIndices = Array.from({ length: threads }, (_, thread) => offsetOf(layout.entryOf(thread)) / 8)

  if (threads > 1) {
    const releasing = Assembler.make()
    release(releasing, layout)
    releasing.ret()
    const releaseAll = memory.callable(yield* memory.load(releasing.finish().bytes))
    const sendHome = Effect.sync(() => {
      setTable(0n)
      releaseAll(0n)
    })
    for (let thread = 1; thread < threads; thread++) {
      const code = yield* memory.load(workerCode(layout, thread, others.length).finish().bytes)
      yield* memory.startThread(code, 0n)
      // After each, not only after the last: should the next one not start, the scope ends with these running.
      yield* Effect.addFinalizer(() => sendHome)
    }
  }

  const compile: Crew["compile"] = Effect.fnUntraced(function* (phases, { stamped = false } = {}) {
    const stamps = new BigUint64Array(phases.length + 1)
    const streams = yield* Effect.forEach(Array.from({ length: threads }).keys(), (thread) => {
      const scratch = address + BigInt(controlBytes + thread * scratchBytes)
      const code = streamOf(
        phases,
        layout,
        { thread, threads, scratch },
        stamped ? memory.addressOf(stamps) : undefined
      )
      return memory.load(code.finish().bytes)
    })
    const start = memory.callable(streams[0]!)
    return {
      run: (table) => {
        setTable(table)
        streams.forEach((stream, thread) => (words[entryIndices[thread]!] = stream))
        start(table)
      },
      stamps
    }
  })
  return { threads, compile } satisfies Crew as Crew
})
