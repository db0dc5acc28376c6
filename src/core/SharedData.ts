/**
 * Data that several runs have in common, placed on an engine once.
 */
import { Effect, Scope } from "effect"
import type { Engine, Placed } from "./Engine.ts"
import type { HostTensors } from "./Tensors.ts"

/** Tensors that may be on the host. */
interface OnHost {
  readonly host: HostTensors | undefined
}

/** Data of all lanes, placed once. Arrays are compared by identity: lanes share one reading of a dataset. */
export const make = (engine: Engine["Service"], scope: Scope.Scope) => {
  const arrays = new Map<object, number>()
  const placed = new Map<string, Placed>()
  const numberOf = (array: object) => {
    if (!arrays.has(array)) arrays.set(array, arrays.size)
    return arrays.get(array)
  }
  const keyOf = ({ host = {} }: OnHost) =>
    Object.entries(host)
      .map(([name, { values }]) => `${name} ${numberOf(values)}`)
      .join()
  return {
    areEqual: (one: OnHost, other: OnHost) => keyOf(one) === keyOf(other),
    place: Effect.fnUntraced(function* (data: OnHost) {
      const key = keyOf(data)
      const found = placed.get(key) ?? (yield* Scope.provide(engine.place(data.host ?? {}), scope))
      placed.set(key, found)
      return found
    })
  }
}
