/**
 * The contract of schedules as tests: `scheduleContract("Mine", mine({ epochs: 3 }))`.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Schedule } from "../core/Schedule.ts"
import { canonicalJson } from "../core/Spec.ts"
import { assertFinite, integers, read, type Reading, timeAt } from "./TensorProbe.ts"

/** The value at a step, 1 for the first, of a training with 10 steps per epoch. */
export const scheduleAt = (schedule: Schedule, step: number): number => valueOf(schedule, step).values[0]!

const valueOf = (schedule: Schedule, step: number): Reading => read(() => ({ value: schedule.at(timeAt(step)) })).value

/** Registers the contract's tests. */
export const scheduleContract = (name: string, schedule: Schedule): void => {
  describe(`${name}, a schedule`, () => {
    it("describes itself", () => {
      assert.isString(schedule.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(schedule.spec)), schedule.spec)
      assert.isUndefined(schedule.problem)
    })

    it.prop(
      "is one finite number between its bounds, a function of the step",
      { step: integers(1, 16_000_000) },
      ({ step }) => {
        const value = valueOf(schedule, step)
        assert.deepStrictEqual(value.shape, [])
        assertFinite({ value })
        const slack = 1e-6 * Math.max(Math.abs(schedule.minimum), Math.abs(schedule.maximum))
        assert.isAtLeast(value.values[0]!, schedule.minimum - slack)
        assert.isAtMost(value.values[0]!, schedule.maximum + slack)
        assert.deepStrictEqual(valueOf(schedule, step), value)
      }
    )

    it("approaches both bounds at some step", () => {
      const values = Array.from({ length: 400 }, (_, index) => scheduleAt(schedule, index + 1))
      const slack = 0.05 * (schedule.maximum - schedule.minimum) + 1e-6
      assert.closeTo(Math.min(...values), schedule.minimum, slack)
      assert.closeTo(Math.max(...values), schedule.maximum, slack)
    })
  })
}
