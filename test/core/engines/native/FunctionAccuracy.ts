/** Checks elementary functions in machine code against those of float64. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import type { Access } from "../../../../src/core/engines/native/Access.ts"
import * as Formula from "../../../../src/core/engines/native/Formula.ts"
import * as Loop from "../../../../src/core/engines/native/Loop.ts"
import * as ThreadPool from "../../../../src/core/engines/native/ThreadPool.ts"
import type { MachineCode } from "../../../machine/MachineCode.ts"
import { nativeTest, tableOf } from "./NativeTest.ts"

/** `f` of each number, by machine code. */
const evaluate = Effect.fnUntraced(function* (
  machine: MachineCode,
  f: (formula: Formula.Formula, x: Formula.Lanes) => Formula.Lanes,
  xs: Float32Array
) {
  const bytes = 4 * Math.ceil(xs.length / 16) * 16
  const { address, buffer } = yield* machine.libc.reserve(2 * bytes)
  new Float32Array(buffer).set(xs)
  const formula = Formula.make(machine.set.primitives)
  const access = (slot: number): Access => ({ slot, width: 4, offset: 0, strides: [1] })
  const loop: Loop.Loop = {
    name: "test",
    axes: [xs.length],
    leaves: [access(0)],
    stores: [{ item: f(formula, formula.load(0)), to: access(1) }],
    reductions: []
  }
  const pool = yield* ThreadPool.make(machine.libc, machine.set, 1)
  const compiled = yield* pool.compile([{ name: "test", emit: (code, share) => Loop.emit(loop, code, share) }])
  compiled.run(yield* tableOf(machine, [address, address + BigInt(bytes)]))
  return new Float32Array(buffer, bytes, xs.length).slice()
})

/** The distance of neighbouring floats at a number. */
const unitAt = (value: number): number => 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(value))) - 23)

const special: ReadonlyArray<number> = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
/** Every exponent, with many mantissas. */
export const allSizes = (): ReadonlyArray<number> =>
  Array.from({ length: 1 << 17 }, (_, index) => {
    const bits = Int32Array.of(Math.floor(((index + 0.37) * 0x7f800000) / (1 << 17)))
    return new Float32Array(bits.buffer)[0]!
  })
export const between = (low: number, high: number): ReadonlyArray<number> =>
  Array.from({ length: 1 << 17 }, (_, index) => low + ((high - low) * index) / (1 << 17))

export const withNegatives = (xs: ReadonlyArray<number>): ReadonlyArray<number> => xs.flatMap((x) => [x, -x])

export interface Case {
  readonly f: (formula: Formula.Formula, x: Formula.Lanes) => Formula.Lanes
  readonly expected: (x: number) => number
  /** Beside infinities, NaN and zeros. */
  readonly xs: ReadonlyArray<number>
  /** The largest error in units in the last place. */
  readonly units: number
  /** An error that is allowed where it is less: rounding of a result near 0. */
  readonly absolute?: number
}

/** Each function within its error, everywhere. */
export const checkAccuracy = (title: string, cases: Readonly<Record<string, Case>>): void => {
  describe(title, () => {
    for (const [name, { absolute = 0, expected, f, units, xs }] of Object.entries(cases)) {
      nativeTest(`${name} is within ${units} units in the last place of the true value`, (machine) =>
        Effect.gen(function* () {
          const given = Float32Array.from([...special, ...xs])
          const results = yield* evaluate(machine, f, given)
          let worst = { error: 0, text: "" }
          given.forEach((x, index) => {
            const [actual, wanted] = [results[index]!, expected(x)]
            const rounded = Math.fround(wanted)
            if (Object.is(actual, rounded) || (actual === 0 && rounded === 0)) return
            if (Math.abs(actual - wanted) <= absolute) return
            const error = Math.abs(actual - wanted) / unitAt(wanted)
            if (!(error <= worst.error)) worst = { error, text: `${name}(${x}) is ${actual}, not ${rounded}` }
          })
          assert.isAtMost(worst.error, units, worst.text)
        })
      )
    }
  })
}
