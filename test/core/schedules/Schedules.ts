/**
 * One schedule of each kind, for tests of what all have in common.
 */
import type { Schedule as AnySchedule } from "../../../src/core/Schedule.ts"
import * as Schedule from "../../../src/core/Schedules.ts"

export const schedules: Readonly<Record<string, AnySchedule>> = {
  constant: Schedule.constant(3),
  linear: Schedule.linear({ from: 0, to: 1, epochs: 10 }),
  falling: Schedule.linear({ from: 2, to: 0.5, steps: 33 }),
  cosine: Schedule.cosine({ from: 1e-3, to: 1e-5, epochs: 7 }),
  exponential: Schedule.exponential({ from: 1, to: 1e-4, epochs: 20 }),
  piecewise: Schedule.piecewise({ values: [1, 0.1, 0.01], epochs: [1, 4] }),
  cyclical: Schedule.cyclical({ from: 0, to: 1, cycles: 4, rising: 0.5, epochs: 20 }),
  warmUp: Schedule.warmUp({ epochs: 2, to: Schedule.cosine({ from: 1, to: 0, epochs: 18 }) })
}
