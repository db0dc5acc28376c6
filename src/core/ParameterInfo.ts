/**
 * A trainable parameter before it has values: its shape and its initial distribution.
 */
import type { Initializer } from "./Initializer.ts"
import type { Shape } from "./Tensors.ts"

export interface ParameterInfo {
  readonly shape: Shape
  readonly initializer: Initializer
}
