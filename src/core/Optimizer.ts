/**
 * An optimiser turns gradients into new parameters: a pure transform with explicit state.
 *
 * Laws: `update` is a function of its arguments alone; state has the names and shapes that `init` gave it, so that it can
 * be stored and resumed.
 */
import type { Schedule, Time } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors, TensorTypes } from "./Tensors.ts"

export interface OptimizerUpdate {
  readonly parameters: Tensors
  readonly state: Tensors
}

export interface Optimizer {
  readonly spec: Spec
  /** What is wrong with its options, in one sentence with the value and what is allowed; training refuses it. */
  readonly problem?: string | undefined
  /** Options that change during training, by name; the history shows their values. */
  readonly schedules?: Readonly<Record<string, Schedule>>
  /** Types of the state for these parameters; it starts as zeros. */
  readonly state: (parameters: TensorTypes) => TensorTypes
  /** One step; gradients bear their parameters' names. */
  readonly update: (
    args: Time & { readonly parameters: Tensors; readonly gradients: Tensors; readonly state: Tensors }
  ) => OptimizerUpdate
}
