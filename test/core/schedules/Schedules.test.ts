import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Engine } from "../../../src/core/Engine.ts"
import * as OnnxRuntime from "../../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import { scheduleValues } from "../../../src/core/ObjectivePrograms.ts"
import * as Schedule from "../../../src/core/Schedules.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { scheduleAt, scheduleContract } from "../../../src/testing/ScheduleContract.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { schedules } from "./Schedules.ts"

for (const [name, schedule] of Object.entries(schedules)) scheduleContract(name, schedule)

/** Values at these numbers of steps taken before; an epoch has 10 steps. */
const after = (schedule: Schedule.Schedule, ...taken: ReadonlyArray<number>): ReadonlyArray<number> =>
  taken.map((steps) => scheduleAt(schedule, steps + 1))

describe("schedules", () => {
  it("constant is the same at every step", () => {
    assertClose(after(Schedule.constant(0.25), 0, 5, 1e6), [0.25, 0.25, 0.25], 0)
  })

  it("linear goes from one value to the other in its span, in epochs or in steps, and stays there", () => {
    assert.deepStrictEqual(
      after(Schedule.linear({ from: 0, to: 1, epochs: 2 }), 0, 5, 10, 20, 1000),
      [0, 0.25, 0.5, 1, 1]
    )
    assert.deepStrictEqual(after(Schedule.linear({ from: 4, to: 0, steps: 4 }), 0, 1, 3, 4, 5), [4, 3, 1, 0, 0])
  })

  it("cosine is half a period", () => {
    const steps = Array.from({ length: 42 }, (_, step) => step)
    const expected = steps.map((step) => 3 + 0.5 * (7 - 3) * (1 + Math.cos((Math.PI * Math.min(step, 40)) / 40)))
    assertClose(after(Schedule.cosine({ from: 7, to: 3, epochs: 4 }), ...steps), expected, 1e-6)
  })

  it("exponential is a geometric sequence", () => {
    const steps = Array.from({ length: 42 }, (_, step) => step)
    for (const [from, to] of [
      [1e-2, 1e-5],
      [1e-5, 1e-2]
    ] as const) {
      const values = after(Schedule.exponential({ from, to, epochs: 4 }), ...steps)
      values.forEach((value, step) =>
        assert.closeTo(value / (from * (to / from) ** (Math.min(step, 40) / 40)), 1, 2e-6)
      )
    }
  })

  it("piecewise changes at its boundaries", () => {
    const inEpochs = Schedule.piecewise({ values: [3, 2, 1], epochs: [1, 2.5] })
    assert.deepStrictEqual(after(inEpochs, 0, 9, 10, 24, 25, 1e6), [3, 3, 2, 2, 1, 1])
    assert.deepStrictEqual(after(Schedule.piecewise({ values: [3, 2], steps: [7] }), 6, 7), [3, 2])
    assert.deepStrictEqual(after(Schedule.piecewise({ values: [3], steps: [] }), 0, 7), [3, 3])
  })

  it("cyclical ramps in the first part of each cycle, and is constant for the rest and after the last", () => {
    const schedule = Schedule.cyclical({ from: 0, to: 1, cycles: 2, rising: 0.5, epochs: 4 })
    assertClose(after(schedule, 0, 5, 10, 19, 20, 25, 30, 39, 40, 1e6), [0, 0.5, 1, 1, 0, 0.5, 1, 1, 1, 1], 0)
  })

  it("cyclical with one full ramp is linear", () => {
    const steps = [0, 3, 17, 29, 30, 31]
    assertClose(
      after(Schedule.cyclical({ from: 2, to: 5, cycles: 1, rising: 1, epochs: 3 }), ...steps),
      after(Schedule.linear({ from: 2, to: 5, epochs: 3 }), ...steps),
      1e-6
    )
  })

  it("warmUp rises to the first value of the next schedule, which starts there", () => {
    const to = Schedule.linear({ from: 1, to: 0, steps: 10 })
    assertClose(after(Schedule.warmUp({ steps: 4, to }), 0, 1, 4, 9, 14), [0, 0.25, 1, 0.5, 0], 1e-7)
    assertClose(after(Schedule.warmUp({ epochs: 1, from: 1, to: 3 }), 0, 5, 10, 99), [1, 2, 3, 3], 1e-7)
  })

  it.each<[Schedule.Schedule, string]>([
    [Schedule.constant(Number.NaN), "value is NaN; it must be a finite number"],
    [
      Schedule.linear({ from: Number.POSITIVE_INFINITY, to: 0, epochs: 1 }),
      "from is Infinity; it must be a finite number"
    ],
    [Schedule.linear({ from: 0, to: 1, steps: -1 }), "steps is -1; it must be above 0"],
    [Schedule.cosine({ from: 0, to: 1, epochs: 0 }), "epochs is 0; it must be above 0"],
    [Schedule.exponential({ from: 1, to: 0, epochs: 1 }), "to is 0; it must be above 0"],
    [
      Schedule.piecewise({ values: [1, 2], epochs: [] }),
      "there are 2 values for 0 epochs; there must be one more than epochs"
    ],
    [Schedule.piecewise({ values: [1, 2, 3], steps: [5, 5] }), "steps[1] is 5; steps must rise from above 0"],
    [Schedule.cyclical({ from: 0, to: 1, cycles: 1.5, epochs: 1 }), "cycles is 1.5; it must be a positive integer"],
    [Schedule.cyclical({ from: 0, to: 1, rising: 0, epochs: 1 }), "rising is 0; it must be above 0 and at most 1"],
    [
      Schedule.warmUp({ epochs: 1, to: Schedule.linear({ from: 0, to: 1, epochs: -2 }) }),
      "to: epochs is -2; it must be above 0"
    ]
  ])("reports the error of %j", (schedule, problem) => {
    assert.strictEqual(schedule.problem, problem)
  })

  it("accepts its length in epochs or in steps, not both", () => {
    // @ts-expect-error: two lengths
    Schedule.linear({ from: 0, to: 1, epochs: 1, steps: 1 })
    // @ts-expect-error: no length
    Schedule.linear({ from: 0, to: 1 })
  })

  it("must be above 0 somewhere as a learning rate, and nowhere negative", () => {
    const problem = (rate: Schedule.Numeric) => Schedule.rateProblem("learningRate", rate)
    assert.isUndefined(problem(1e-3))
    assert.isUndefined(problem(Schedule.linear({ from: 0, to: 1, epochs: 1 })))
    assert.strictEqual(problem(0), "learningRate is 0; it must be above 0")
    assert.strictEqual(problem(Schedule.constant(0)), "learningRate is 0 at every step; it must be above 0")
    assert.strictEqual(
      problem(Schedule.linear({ from: 1, to: -1, epochs: 1 })),
      "learningRate takes the value -1 in Linear; it must be a non-negative number"
    )
  })

  it.effect("has the same values on onnxruntime as on the reference engine", () =>
    Effect.gen(function* () {
      const valuesOn = Effect.fnUntraced(function* () {
        const engine = yield* Engine
        const nothing = yield* engine.place({})
        const { program, signature } = scheduleValues(schedules, { stepsPerEpoch: 10 })
        const executable = yield* engine.compile(program, signature)
        return yield* Effect.forEach([1, 2, 17, 50, 101, 5000], (step) =>
          executable.run({ state: nothing, data: nothing, inputs: { step: float32([], Float32Array.of(step)) } })
        )
      }, Effect.scoped)
      const expected = yield* Effect.provide(valuesOn(), Reference.layer)
      const actual = yield* Effect.provide(valuesOn(), OnnxRuntime.layer({ threads: 1 }))
      actual.forEach((values, index) => {
        for (const [name, { values: of }] of Object.entries(values)) {
          assertClose(of as Float32Array, expected[index]![name]!.values, 1e-6, name)
        }
      })
    })
  )
})
