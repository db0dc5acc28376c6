/**
 * The contract of optimisers: pure functions from gradients to new parameters, with explicit state.
 *
 * Laws: `update` is a function of its arguments alone; state has the names and shapes that `state` gives it and starts
 * as zeros, so that it can be stored and resumed.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import {
  type GradientTransformation,
  type LearningRate,
  type Slots,
  unscaled,
  type Updates
} from "./GradientTransformation.ts"
import type { Schedule, Time } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import { prefixed, type Tensors, type TensorTypes, under } from "./Tensors.ts"

export interface OptimizerUpdate {
  readonly parameters: Tensors
  readonly state: Tensors
}

export interface Optimizer {
  readonly spec: Spec
  /** The error of its options, as a sentence with the value and what is allowed; undefined if they are valid. */
  readonly problem?: string | undefined
  /** Options that change during training, by name; the history shows their values. */
  readonly schedules?: Readonly<Record<string, Schedule>>
  /** Types of the state for these parameters; it starts as zeros. */
  readonly state: (parameters: TensorTypes) => TensorTypes
  /** One step; gradients have the names of their parameters. */
  readonly update: (
    args: Time & { readonly parameters: Tensors; readonly gradients: Tensors; readonly state: Tensors }
  ) => OptimizerUpdate
}

/** The transformations of a chain; the last is the learning rate. */
export type Links = readonly [...ReadonlyArray<GradientTransformation>, LearningRate]

/**
 * Prefixes of the transformations' state: empty, or the number if an earlier transformation has a slot of that name.
 */
const prefixesOf = (links: ReadonlyArray<GradientTransformation>): ReadonlyArray<string> =>
  links.map(({ slots }, index) => {
    const taken = links.slice(0, index).flatMap((earlier) => earlier.slots)
    return slots.some((slot) => taken.includes(slot)) ? `${index}/` : ""
  })

/** The optimiser of a chain with its own spec. Errors of its options do not name the transformations. */
export const named = (spec: Spec, ...links: Links): Optimizer => {
  const prefixes = prefixesOf(links)
  return {
    spec,
    problem: links.find(({ problem }) => problem !== undefined)?.problem,
    schedules: Object.assign({}, ...links.map(({ schedules }) => schedules)),
    state: (parameters) =>
      Object.assign(
        {},
        ...links.flatMap(({ appliesTo, slots }, index) => {
          const own = appliesTo === undefined ? parameters : Record.filter(parameters, (_, name) => appliesTo(name))
          return slots.map((slot) => prefixed(`${prefixes[index]}${slot}/`, own))
        })
      ),
    update: ({ gradients, parameters, state, ...time }) => {
      let updates: Updates = unscaled(gradients)
      const next: Record<string, tf.Tensor> = {}
      for (const [index, link] of links.entries()) {
        const prefix = prefixes[index]!
        const held: Slots = Object.fromEntries(link.slots.map((slot) => [slot, under(`${prefix}${slot}/`, state)]))
        const result = link.update({ updates, parameters, state: held, ...time })
        updates = result.updates
        for (const [slot, tensors] of Object.entries(result.state)) {
          Object.assign(next, prefixed(`${prefix}${slot}/`, tensors))
        }
      }
      const { directions, scaled } = updates
      const factor = scaled(1)
      return {
        parameters: Record.map(parameters, (parameter, name) => tf.sub(parameter, tf.mul(directions[name]!, factor))),
        state: next
      }
    }
  }
}

/** The error of a chain whose type was not checked; undefined if it is valid. */
const chainProblem = (links: Links): string | undefined => {
  const wrong = links.find(({ problem }) => problem !== undefined)
  if (wrong !== undefined) return `${wrong.spec._tag}: ${wrong.problem}`
  return links.at(-1)?.spec._tag === "ScaleByLearningRate"
    ? undefined
    : "the chain has no learning rate; its last transformation must be scaleByLearningRate(RATE)"
}

/**
 * Composes transformations; the learning rate is the last:
 * `chain(clipByGlobalNorm(5), scaleByAdam(), scaleByLearningRate(1e-3))`.
 */
export const chain = (...links: Links): Optimizer => ({
  ...named({ _tag: "Chain", links: links.map(({ spec }) => spec) }, ...links),
  problem: chainProblem(links)
})
