/** Threads that run compiled phases together: the caller's own and native ones, which wait between runs. */
import { Effect, type Scope } from "effect"
import * as Assembler from "./Assembler.ts"
import * as Choice from "./Choice.ts"
import { layoutOf, release } from "./Meetings.ts"
import { type Address, type Memory, type NativeUnavailable, processorsBytes } from "./Memory.ts"
import { type Phase, scratchBytes } from "./Phase.ts"
import { streamOf, workerCode } from "./Streams.ts"

/** Phases made ready to run. */
export interface Compiled {
  /**
   * Runs all phases on the table of pointers at this address: by all threads, or by the caller's alone where that takes
   * less time of late. One run at a time for one crew.
   */
  readonly run: (table: Address) => void
  /** The time stamp counter before the first phase and after the last, of the last run; where asked for, after each. */
  readonly stamps: BigUint64Array
}

/** Ticks of the time stamp counter in which a way of running has shown how fast it is: about a tenth of a second. */
const enoughTicks = 3e8

/** A fixed number of threads, the caller's among them. */
export interface Crew {
  readonly threads: number
  readonly compile: (
    phases: ReadonlyArray<Phase>,
    /** `stamped`: each phase, and by all threads always. */
    options?: { readonly stamped?: boolean }
  ) => Effect.Effect<Compiled, NativeUnavailable, Scope.Scope>
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
  const offsets = layoutOf(0n, threads)
  const controlBytes = 4096 * Math.ceil((Number(offsets.others) + processorsBytes * others.length) / 4096)
  const { address, buffer } = yield* memory.reserve(controlBytes + threads * scratchBytes)
  const layout = layoutOf(address, threads)
  const control = new DataView(buffer)
  const setTable = (table: Address): void => control.setBigUint64(Number(offsets.table), table, true)
  const entries = Array.from({ length: threads }, (_, thread) => Number(offsets.entryOf(thread)))
  others.forEach((set, index) => new Uint8Array(buffer).set(set, Number(offsets.others) + processorsBytes * index))
  // No thread avoids any processor yet.
  for (let thread = 0; thread < threads; thread++) control.setInt32(Number(offsets.avoidedBy(thread)), -1)

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

  const scratchOf = (thread: number): Address => address + BigInt(controlBytes + thread * scratchBytes)

  const compile: Crew["compile"] = Effect.fnUntraced(function* (phases, { stamped = false } = {}) {
    const stamps = new BigUint64Array(phases.length + 1)
    const stamping = { address: memory.addressOf(stamps), ofPhases: stamped }
    const loadFor = Effect.fnUntraced(function* (threads: number) {
      const streams = yield* Effect.forEach(Array.from({ length: threads }).keys(), (thread) => {
        const share = { thread, threads, scratch: scratchOf(thread) }
        return memory.load(streamOf(phases, layout, share, stamping).finish().bytes)
      })
      const start = memory.callable(streams[0]!)
      return (table: Address): void => {
        setTable(table)
        streams.forEach((stream, thread) => control.setBigUint64(entries[thread]!, stream, true))
        start(table)
      }
    })
    const together = yield* loadFor(threads)
    if (threads === 1 || stamped) return { run: together, stamps }
    const ways = [together, yield* loadFor(1)] as const
    const choice = Choice.make(enoughTicks)
    return {
      run: (table) => {
        ways[choice.next()](table)
        choice.record(Number(stamps.at(-1)! - stamps[0]!))
      },
      stamps
    }
  })
  return { threads, compile } satisfies Crew as Crew
})
