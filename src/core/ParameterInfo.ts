/**
 * The shape and the initial distribution of a trainable parameter.
 */
import type { Initializer } from "./Initializer.ts"
import type { Optimizer } from "./Optimizer.ts"
import type { Shape } from "./Tensors.ts"

export interface ParameterInfo {
  readonly shape: Shape
  readonly initializer: Initializer
  /** The optimiser of this parameter alone; default: that of the training. */
  readonly optimizer?: Optimizer
}
