/**
 * Linear interpolation between two values, as for KL warm-up.
 *
 * Source: Bowman et al. 2016, section 3.1, https://arxiv.org/abs/1511.06349; Sønderby et al. 2016,
 * https://arxiv.org/abs/1602.02282
 */
import type { Schedule } from "../Schedule.ts"
import { between, transition, type TransitionOptions } from "./Transition.ts"

/** `from + (to - from) t`, where `t` is the elapsed fraction of the span. */
export const linear = (options: TransitionOptions): Schedule =>
  transition("Linear", options, (fraction) => between(options.from, options.to, fraction))
