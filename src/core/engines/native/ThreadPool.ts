/** A pool of threads that run compiled phases: the caller's own, and native ones that wait between runs. */
import { Effect, type Scope } from "effect"
import * as ThreadCountTuner from "./ThreadCountTuner.ts"
import { layoutOf, release } from "./Barrier.ts"
import type { InstructionSet } from "./InstructionSet.ts"
import { type Address, type Libc, type NativeUnavailable, processorsBytes } from "./Libc.ts"
import { type Phase, scratchBytes } from "./Phase.ts"
import { streamOf, workerCode } from "./InstructionStream.ts"

/** Compiled phases, ready to run. */
export interface Compiled {
  /**
   * Runs all phases on the table of pointers at an address: with all threads, or with the caller's alone if that was
   * faster recently. One run at a time per pool.
   */
  readonly run: (table: Address) => void
  /** The time stamp counter before the first phase and after the last, of the last run; after each if asked for. */
  readonly stamps: BigUint64Array
}

/** Ticks of the time stamp counter after which a trial of a thread count ends: about a tenth of a second. */
const enoughTicks = 3e8

/** A fixed number of threads, including the caller's. */
export interface ThreadPool {
  readonly threads: number
  readonly compile: (
    phases: ReadonlyArray<Phase>,
    /** `stamped`: time each phase, and always use all threads. */
    options?: { readonly stamped?: boolean }
  ) => Effect.Effect<Compiled, NativeUnavailable, Scope.Scope>
}

/** For each processor of a set: the set without it, or the whole set if there is no other. */
const setsWithoutEach = (processors: Uint8Array): ReadonlyArray<Uint8Array> => {
  const count = 8 * (processors.findLastIndex((byte) => byte !== 0) + 1)
  return Array.from({ length: count }, (_, processor) => {
    const rest = processors.map((byte, index) => (index === processor >> 3 ? byte & ~(1 << (processor & 7)) : byte))
    return rest.some((byte) => byte !== 0) ? rest : processors
  })
}

/** Starts the threads other than the caller's; they exit when the scope closes. */
export const make = Effect.fnUntraced(function* (libc: Libc, set: InstructionSet, threads: number) {
  const others = setsWithoutEach(yield* libc.processors)
  const offsets = layoutOf(0n, threads)
  const controlBytes = 4096 * Math.ceil((Number(offsets.others) + processorsBytes * others.length) / 4096)
  const { address, buffer } = yield* libc.reserve(controlBytes + threads * scratchBytes)
  const layout = layoutOf(address, threads)
  const control = new DataView(buffer)
  const setTable = (table: Address): void => control.setBigUint64(Number(offsets.table), table, true)
  const entries = Array.from({ length: threads }, (_, thread) => Number(offsets.entryOf(thread)))
  others.forEach((set, index) => new Uint8Array(buffer).set(set, Number(offsets.others) + processorsBytes * index))
  // No thread avoids any processor yet.
  for (let thread = 0; thread < threads; thread++) control.setInt32(Number(offsets.avoidedBy(thread)), -1)

  if (threads > 1) {
    const releasing = set.assembler()
    release(releasing, layout)
    releasing.ret()
    const releaseAll = libc.callable(yield* libc.load(releasing.finish().bytes))
    const dismiss = Effect.sync(() => {
      setTable(0n)
      releaseAll(0n)
    })
    for (let thread = 1; thread < threads; thread++) {
      const code = yield* libc.load(workerCode(layout, thread, others.length, set).finish().bytes)
      yield* libc.startThread(code, 0n)
      // After each, not only after the last: if the next one does not start, these must still exit.
      yield* Effect.addFinalizer(() => dismiss)
    }
  }

  const scratchOf = (thread: number): Address => address + BigInt(controlBytes + thread * scratchBytes)

  const compile: ThreadPool["compile"] = Effect.fnUntraced(function* (phases, { stamped = false } = {}) {
    const stamps = new BigUint64Array(phases.length + 1)
    const stamping = { address: libc.addressOf(stamps), ofPhases: stamped }
    const loadFor = Effect.fnUntraced(function* (threads: number) {
      const streams = yield* Effect.forEach(Array.from({ length: threads }).keys(), (thread) => {
        const share = { thread, threads, scratch: scratchOf(thread) }
        return libc.load(streamOf(phases, layout, share, stamping, set).finish().bytes)
      })
      const start = libc.callable(streams[0]!)
      return (table: Address): void => {
        setTable(table)
        streams.forEach((stream, thread) => control.setBigUint64(entries[thread]!, stream, true))
        start(table)
      }
    })
    const together = yield* loadFor(threads)
    if (threads === 1 || stamped) return { run: together, stamps }
    const ways = [together, yield* loadFor(1)] as const
    const tuner = ThreadCountTuner.make(enoughTicks)
    return {
      run: (table) => {
        ways[tuner.next()](table)
        tuner.record(Number(stamps.at(-1)! - stamps[0]!))
      },
      stamps
    }
  })
  return { threads, compile } satisfies ThreadPool as ThreadPool
})
