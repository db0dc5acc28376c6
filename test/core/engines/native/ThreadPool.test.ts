import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { at, lower, r8, r9, rax, rbx, rcx } from "../../../../src/core/engines/native/x86/Operands.ts"
import { type Phase, scratchBytes, slot } from "../../../../src/core/engines/native/Phase.ts"
import { trialRuns } from "../../../../src/core/engines/native/ThreadCountTuner.ts"
import * as ThreadPool from "../../../../src/core/engines/native/ThreadPool.ts"
import { nativeTest, tableOf, withPools } from "./NativeTest.ts"

/** Each thread writes the sum of all threads' numbers in the last column, plus its own number, into the next. */
const sumOfAll = (step: number): Phase => ({
  name: "sum of all",
  emit: (code, { thread, threads }) => {
    code.mov(r8, slot(0))
    code.mov(rax, thread)
    for (let other = 0; other < threads; other++) code.add(lower(rax), at(r8, 4 * (step * threads + other)))
    code.mov(at(r8, 4 * ((step + 1) * threads + thread)), lower(rax))
  }
})

const expectedSums = (threads: number, steps: number): Array<number> => {
  let row = Array.from({ length: threads }, () => 0)
  const rows = [...row]
  for (let step = 0; step < steps; step++) {
    const sum = row.reduce((total, value) => total + value, 0)
    row = row.map((_, thread) => (sum + thread) | 0)
    rows.push(...row)
  }
  return rows
}

describe("ThreadPool", () => {
  nativeTest("begins a phase when all threads have ended the last", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        const steps = 20
        const compiled = yield* pool.compile(
          Array.from({ length: steps }, (_, step) => sumOfAll(step)),
          { stamped: true }
        )
        const values = new Int32Array((steps + 1) * pool.threads)
        const table = yield* tableOf(machine, [machine.libc.addressOf(values)])
        const expected = expectedSums(pool.threads, steps)
        for (let run = 0; run < 100; run++) {
          values.fill(0)
          compiled.run(table)
          assert.deepStrictEqual([...values], expected)
        }
      })
    )
  )

  nativeTest(
    "runs again after its threads have gone to sleep, and another program's phases on the same threads",
    (machine) =>
      withPools(
        machine,
        Effect.fnUntraced(function* (pool) {
          const programs = yield* Effect.forEach([1, 3], (steps) =>
            pool.compile(
              Array.from({ length: steps }, (_, step) => sumOfAll(step)),
              { stamped: true }
            )
          )
          for (const pause of [0, 5, 1, 20]) {
            for (const [index, steps] of [1, 3].entries()) {
              yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, pause)))
              const values = new Int32Array((steps + 1) * pool.threads)
              programs[index]!.run(yield* tableOf(machine, [machine.libc.addressOf(values)]))
              assert.deepStrictEqual([...values], expectedSums(pool.threads, steps))
            }
          }
        })
      )
  )

  nativeTest("keeps the caller's registers, and lets a phase change all but two", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        const spoiled: Phase = {
          name: "spoiled",
          emit: (code) => [rax, rbx, rcx, r9].forEach((register) => code.mov(register, -1))
        }
        const compiled = yield* pool.compile([spoiled, sumOfAll(0), spoiled, sumOfAll(1), spoiled], { stamped: true })
        const values = new Int32Array(3 * pool.threads)
        compiled.run(yield* tableOf(machine, [machine.libc.addressOf(values)]))
        assert.deepStrictEqual([...values], expectedSums(pool.threads, 2))
      })
    )
  )

  nativeTest("gives each thread memory of its own", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        const scratches: Array<bigint> = []
        const mark: Phase = {
          name: "mark",
          emit: (code, { scratch, thread }) => {
            scratches[thread] = scratch
            code.mov(rax, scratch)
            for (const offset of [0, scratchBytes - 4]) code.mov(at(rax, offset), thread + 7)
          }
        }
        const copy: Phase = {
          name: "copy",
          emit: (code, { scratch, thread }) => {
            code.mov(r8, slot(0))
            code.mov(rax, scratch)
            for (const [index, offset] of [0, scratchBytes - 4].entries()) {
              code.mov(lower(rcx), at(rax, offset))
              code.mov(at(r8, 8 * thread + 4 * index), lower(rcx))
            }
          }
        }
        const compiled = yield* pool.compile([mark, copy], { stamped: true })
        const values = new Int32Array(2 * pool.threads)
        compiled.run(yield* tableOf(machine, [machine.libc.addressOf(values)]))
        assert.deepStrictEqual(
          [...values],
          Array.from({ length: pool.threads }, (_, thread) => [thread + 7, thread + 7]).flat()
        )
        assert.isTrue(scratches.every((scratch) => scratch % 4096n === 0n))
      })
    )
  )

  nativeTest("stamps the times of phases", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        /** Longer than the ticks of any time stamp counter, of which some have 40 ns. */
        const long: Phase = {
          name: "long",
          emit: (code) => {
            const again = code.label()
            code.mov(rcx, 10_000)
            code.bind(again)
            code.dec(rcx)
            code.jne(again)
          }
        }
        const phases = [long, long]
        const [stamped, silent] = [yield* pool.compile(phases, { stamped: true }), yield* pool.compile(phases)]
        const table = yield* tableOf(machine, [machine.libc.addressOf(new Int32Array(1))])
        for (const compiled of [stamped, silent]) compiled.run(table)
        const [first, second, third] = stamped.stamps
        assert.isTrue(0n < first! && first! < second! && second! < third!)
        const [begin, between, end] = silent.stamps
        assert.isTrue(0n < begin! && between === 0n && begin! < end!)
      })
    )
  )

  nativeTest("ends its threads with the scope, whether they ran or not", (machine) =>
    Effect.gen(function* () {
      for (let count = 0; count < 50; count++) yield* Effect.scoped(ThreadPool.make(machine.libc, machine.set, 3))
    })
  )

  nativeTest("runs by all threads or by one, whichever takes less time, on the same table", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        /** Counts runs by the number of threads that take part; those of several wait longer. */
        const counting: Phase = {
          name: "counting",
          emit: (code, { thread, threads }) => {
            if (thread > 0) return
            code.mov(r8, slot(0))
            code.inc(at(r8, 4 * threads))
            if (threads === 1) return
            const again = code.label()
            code.mov(rcx, 1_000_000)
            code.bind(again)
            code.dec(rcx)
            code.jne(again)
          }
        }
        const compiled = yield* pool.compile([counting])
        const counts = new Int32Array(4)
        const table = yield* tableOf(machine, [machine.libc.addressOf(counts)])
        for (let run = 0; run < 30; run++) compiled.run(table)
        const [together, alone] = [pool.threads === 1 ? 0 : counts[pool.threads]!, counts[1]!]
        assert.strictEqual(together + alone, 30)
        // On a busy machine a trial ends early.
        assert.isAtMost(together, trialRuns)
        assert.strictEqual(together > 0, pool.threads > 1)
      })
    )
  )
})
