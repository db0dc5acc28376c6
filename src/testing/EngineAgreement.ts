/**
 * Compares an engine's results and errors with the reference engine's.
 *
 * Two tensors agree if their types are equal and each element `a` differs from the reference's `b` by at most
 * `1e-4 |b| + floor`, where the default floor is 1e-37 (about the smallest normal float32); NaN agrees with NaN, and an
 * infinity with itself. Subnormal arguments, below 2^-126, are not tested: an engine may flush them to 0.
 */
import { assert } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { EngineError } from "../core/Engine.ts"
import { type HostTensors, typesOf } from "../core/Tensors.ts"

/** Asserts that both records have tensors of equal types whose elements agree. */
export const assertAgree = (actual: HostTensors, expected: HostTensors, floor: (name: string) => number): void => {
  assert.deepStrictEqual(typesOf(actual), typesOf(expected))
  for (const [name, { values }] of Object.entries(expected)) {
    values.forEach((b, index) => {
      const a = actual[name]!.values[index]!
      const agree = Object.is(a, b) || Math.abs(a - b) <= 1e-4 * Math.abs(b) + floor(name)
      if (!agree) assert.fail(`${name}, element ${index} of ${values.length}: ${a}, the reference engine gives ${b}`)
    })
  }
}

/** Asserts that the effect fails with an `EngineError` whose message contains all parts. */
export const assertRefused = <A, R>(effect: Effect.Effect<A, EngineError, R>, ...parts: ReadonlyArray<string>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    const error = Exit.isFailure(exit)
      ? exit.cause.reasons.flatMap((reason) => ("error" in reason ? [reason.error] : []))[0]
      : undefined
    assert.instanceOf(error, EngineError, "the run was not refused")
    for (const part of parts) assert.include(error?.message, part)
  })
