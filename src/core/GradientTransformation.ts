/**
 * A gradient transformation turns gradients, or what another transformation made of them, into the updates that an
 * optimiser subtracts from the parameters: the links of `Optimizer.chain`.
 *
 * Laws: `update` is a function of its arguments alone; state has the names and shapes that `slots` gives it and starts as
 * zeros. Arithmetic on tensors is element by element, with operators that the engines fuse into one loop in place
 * (sum, product, quotient, root, minimum, maximum); anything else belongs in scalars.
 *
 * Source: the design of optax, https://optax.readthedocs.io/en/latest/api/transformations.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Schedule, Time } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors } from "./Tensors.ts"

/** A number that multiplies a tensor: known beforehand, or computed at each step. */
export type Factor = number | tf.Scalar

/** `a b`. */
export const times = (a: Factor, b: Factor): Factor => {
  if (typeof a === "number" && typeof b === "number") return a * b
  if (a === 1) return b
  return b === 1 ? a : (tf.mul(a, b) as tf.Scalar)
}

/** What is subtracted from the parameters: `scaled(1)` times each direction. */
export interface Updates {
  /** By the parameters' names, of their shapes. */
  readonly directions: Tensors
  /**
   * The factor of all directions, times another. It is kept apart from them, so that several factors cost one
   * multiplication per element.
   */
  readonly scaled: (by: Factor) => Factor
}

/** State by slot and by the parameter's name. */
export type Slots = Readonly<Record<string, Tensors>>

export interface GradientTransformation {
  readonly spec: Spec
  /** What is wrong with its options, in one sentence with the value and what is allowed; training refuses it. */
  readonly problem?: string | undefined
  /** Options that change during training, by name; the history shows their values. */
  readonly schedules?: Readonly<Record<string, Schedule>>
  /** Names of its state: each slot has one tensor for each parameter, of the parameter's shape. */
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

/** Told apart by its type from other transformations, so that a chain without a learning rate does not compile. */
export interface LearningRate extends GradientTransformation {
  readonly isLearningRate: true
}

/** Directions without a factor. */
export const unscaled = (directions: Tensors): Updates => ({ directions, scaled: (by) => by })

/** The directions times their factor: what a transformation that is not linear works on. */
export const valuesOf = ({ directions, scaled }: Updates): Tensors => {
  const factor = scaled(1)
  return factor === 1 ? directions : Record.map(directions, (direction) => tf.mul(direction, factor))
}

/** What is wrong with a decay per step, if anything. */
export const decayProblem = (name: string, decay: number): string | undefined =>
  decay >= 0 && decay < 1 ? undefined : `${name} is ${decay}; it must be from 0 and below 1`

/** What is wrong with a number that must be above 0, if anything. */
export const positiveProblem = (name: string, value: number): string | undefined =>
  value > 0 && Number.isFinite(value) ? undefined : `${name} is ${value}; it must be above 0`
