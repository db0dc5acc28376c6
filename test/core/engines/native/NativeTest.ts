/** Tests that run machine code, for each instruction set that this machine has. */
import { assert, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { type ThreadPool, make } from "../../../../src/core/engines/native/ThreadPool.ts"
import { needs } from "../../../machine/Capability.ts"
import { type MachineCode, machineCodes } from "../../../machine/MachineCode.ts"

/** A test for each instruction set. */
export const nativeTest = <E>(
  name: string,
  test: (machine: MachineCode) => Effect.Effect<void, E, Scope.Scope>
): void => {
  for (const [set, capability] of machineCodes)
    it.effect(`${name} (${set})`, () => Effect.scoped(test(capability.value!)), needs(capability))
}

/** Runs a test with pools of 1, 2 and 3 threads. */
export const withPools = <E>(
  { libc, set }: MachineCode,
  test: (pool: ThreadPool) => Effect.Effect<void, E, Scope.Scope>
) =>
  Effect.forEach([1, 2, 3], (threads) => Effect.scoped(Effect.flatMap(make(libc, set, threads), test)), {
    discard: true
  })

/** Memory for `length` floats that ends at an inaccessible page; the page before it is inaccessible too. */
export const fenced = Effect.fnUntraced(function* ({ libc }: MachineCode, length: number, alignment = 64) {
  const page = 4096
  const bytes = Math.ceil((length * 4) / alignment) * alignment
  const inner = Math.ceil(bytes / page) * page
  const { address, buffer } = yield* libc.reserve(inner + 2 * page)
  yield* libc.forbid(address, page)
  yield* libc.forbid(address + BigInt(page + inner), page)
  const offset = page + inner - bytes
  return { address: address + BigInt(offset), values: new Float32Array(buffer, offset, length) }
})

/** The address of a table of pointers. */
export const tableOf = Effect.fnUntraced(function* ({ libc }: MachineCode, addresses: ReadonlyArray<bigint>) {
  const { address, buffer } = yield* libc.reserve(8 * addresses.length)
  new BigUint64Array(buffer).set(addresses)
  return address
})

/** That each is near the other, relative to the largest of what was expected. */
export const assertNear = (actual: Float32Array, expected: Float64Array, tolerance: number, name: string): void => {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(actual[index]! - expected[index]!)
    if (!(difference <= tolerance * scale))
      assert.fail(`${name}: [${index}] is ${actual[index]}, not ${expected[index]}`)
  }
}
