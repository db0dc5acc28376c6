/**
 * The contract of gradient transformations, the elements of `Optimizer.chain`. Each transforms gradients, or the result
 * of the previous transformation, into the updates that an optimiser subtracts from the parameters.
 *
 * Laws: `update` is a function of its arguments alone; state has the names and shapes that `slots` gives it and starts
 * as zeros. Arithmetic on tensors is element by element, with operators that the engines fuse into one loop in place
 * (sum, product, quotient, root, minimum, maximum); anything else belongs in scalars.
 *
 * Source: the design of optax, https://optax.readthedocs.io/en/latest/api/transformations.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Schedule, Time } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors } from "./Tensors.ts"

/** A factor of a tensor: a constant, or a scalar computed in each step. */
export type Factor = number | tf.Scalar

/** `a b`. */
export const times = (a: Factor, b: Factor): Factor => {
  if (typeof a === "number" && typeof b === "number") return a * b
  if (a === 1) return b
  return b === 1 ? a : (tf.mul(a, b) as tf.Scalar)
}

/** The updates to subtract from the parameters: `scaled(1)` times each direction. */
export interface Updates {
  /** Tensors with the parameters' names and shapes. */
  readonly directions: Tensors
  /**
   * The common factor of all directions, times `by`. It is kept separate, so that several factors cost one
   * multiplication per element.
   */
  readonly scaled: (by: Factor) => Factor
}

/** State by slot and by the parameter's name. */
export type Slots = Readonly<Record<string, Tensors>>

export interface GradientTransformation {
  readonly spec: Spec
  /** The error of its options, as a sentence with the value and what is allowed; undefined if they are valid. */
  readonly problem?: string | undefined
  /** Options that change during training, by name; the history shows their values. */
  readonly schedules?: Readonly<Record<string, Schedule>>
  /** Names of its state. Each slot has one tensor per parameter, with the parameter's shape. */
  readonly slots: ReadonlyArray<string>
  /** Whether it applies to the parameter of this name; to every parameter if absent. */
  readonly appliesTo?: (name: string) => boolean
  readonly update: (
    args: Time & { readonly updates: Updates; readonly parameters: Tensors; readonly state: Slots }
  ) => {
    readonly updates: Updates
    readonly state: Slots
  }
}

/** The learning rate has its own type, so that a chain without one does not compile. */
export interface LearningRate extends GradientTransformation {
  readonly isLearningRate: true
}

/** Directions without a factor. */
export const unscaled = (directions: Tensors): Updates => ({ directions, scaled: (by) => by })

/** The directions times their factor, for transformations that are not linear. */
export const valuesOf = ({ directions, scaled }: Updates): Tensors => {
  const factor = scaled(1)
  return factor === 1 ? directions : Record.map(directions, (direction) => tf.mul(direction, factor))
}
