/**
 * The namespace `Schedule` with all schedules: `Schedule.linear({ from: 0, to: 1, epochs: 10 })`.
 */
export * from "./Schedule.ts"
export { constant } from "./schedules/Constant.ts"
export { cosine } from "./schedules/Cosine.ts"
export { cyclical, type CyclicalOptions } from "./schedules/Cyclical.ts"
export { exponential } from "./schedules/Exponential.ts"
export { linear } from "./schedules/Linear.ts"
export { piecewise, type PiecewiseOptions } from "./schedules/Piecewise.ts"
export type { TransitionOptions } from "./schedules/Transition.ts"
export { warmUp, type WarmUpOptions } from "./schedules/WarmUp.ts"
