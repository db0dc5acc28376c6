/**
 * When an engine's results count as the reference engine's, and its refusals as proper ones.
 *
 * Two tensors agree if their types are equal and each element `a` differs from the reference's `b` by at most
 * `1e-4 |b| + floor`, where the floor is 1e-37 (the end of float32's full precision) unless a case says otherwise;
 * what is not a number agrees with what is not a number, and an infinity with itself. Arguments nearer to 0 than 2^-126,
 * which have not float32's full precision, are not tried: an engine may take them for 0.
 */
import { assert } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { EngineError } from "../core/Engine.ts"
import { type HostTensors, typesOf } from "../core/Tensors.ts"

/** Fails unless both records hold tensors of equal types and elements that agree. */
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

/** Fails unless the effect fails with an `EngineError` whose message has all of the given parts. */
export const assertRefused = <A, R>(effect: Effect.Effect<A, EngineError, R>, ...parts: ReadonlyArray<string>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    const error = Exit.isFailure(exit)
      ? exit.cause.reasons.flatMap((reason) => ("error" in reason ? [reason.error] : []))[0]
      : undefined
    assert.instanceOf(error, EngineError, "the run was not refused")
    for (const part of parts) assert.include(error?.message, part)
  })
