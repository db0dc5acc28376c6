/**
 * Compares an engine's results and errors with the reference engine's.
 *
 * Two tensors agree if their types are equal and each element `a` differs from the reference's `b` by at most
 * `1e-4 |b| + floor`, where the default floor is 1e-37 (about the smallest normal float32); NaN agrees with NaN, and an
 * infinity with itself. Subnormal arguments, below 2^-126, are not tested: an engine may flush them to 0.
 */
import { assert } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { type Engine, EngineError } from "../core/Engine.ts"
import * as Reference from "../core/engines/Reference.ts"
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

const bytesOf = ({ values: { buffer, byteLength, byteOffset } }: HostTensors[string]): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Asserts that both records have the same bits. */
export const assertSameBits = (actual: HostTensors, expected: HostTensors, title: string): void => {
  assert.deepStrictEqual(typesOf(actual), typesOf(expected), title)
  for (const [name, tensor] of Object.entries(expected))
    assert.strictEqual(Buffer.compare(bytesOf(actual[name]!), bytesOf(tensor)), 0, `${title}: "${name}"`)
}

const references = new Map<string, HostTensors>()

/** The reference engine's results of a run, computed once per name, for all engines that are compared with them. */
export const referenceOf = <E>(
  name: string,
  run: Effect.Effect<HostTensors, E, Engine>
): Effect.Effect<HostTensors, E> =>
  Effect.suspend(() => {
    const known = references.get(name)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.tap(Effect.provide(run, Reference.layer), (results) =>
      Effect.sync(() => references.set(name, results))
    )
  })

/** Asserts that the effect fails with an `EngineError` whose message contains all parts. */
export const assertRefused = <A, R>(effect: Effect.Effect<A, EngineError, R>, ...parts: ReadonlyArray<string>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    const error = Exit.isFailure(exit)
      ? exit.cause.reasons.flatMap((reason) => ("error" in reason ? [reason.error] : []))[0]
      : undefined
    assert.instanceOf(error, EngineError, "the run was not refused")
    for (const part of parts) assert.include(error?.message, part)
  })
