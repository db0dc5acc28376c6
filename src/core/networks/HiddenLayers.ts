/**
 * Fully connected hidden layers.
 */
import type { Module } from "../Network.ts"
import { activation, type ActivationName } from "./Activation.ts"
import { dense, type DenseOptions } from "./Dense.ts"

/** A fully connected layer with an activation for each number of units, in order. */
export const hiddenLayers = (
  units: ReadonlyArray<number>,
  name: ActivationName,
  options?: DenseOptions
): ReadonlyArray<Module> => units.flatMap((count) => [dense(count, options), activation(name)])
