/** Tests that run machine code, where this machine can; elsewhere they are skipped. */
import { assert, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type * as Memory from "../../../../src/core/engines/native/Memory.ts"
import { type Crew, make } from "../../../../src/core/engines/native/Threads.ts"
import { needs } from "../../../machine/Capability.ts"
import { machineCode } from "../../../machine/MachineCode.ts"

/** A test that is given what machine code needs. */
export const nativeTest = <E>(
  name: string,
  test: (memory: Memory.Memory) => Effect.Effect<void, E, Scope.Scope>
): void => {
  it.effect(name, () => Effect.scoped(test(machineCode.value!)), needs(machineCode))
}

/** Runs a test with crews of 1, 2 and 3 threads. */
export const withCrews = <E>(memory: Memory.Memory, test: (crew: Crew) => Effect.Effect<void, E, Scope.Scope>) =>
  Effect.forEach([1, 2, 3], (threads) => Effect.scoped(Effect.flatMap(make(memory, threads), test)), { discard: true })

/** Room for `length` floats that ends right before memory that may not be touched; what lies before it may not either. */
export const fenced = Effect.fnUntraced(function* (memory: Memory.Memory, length: number, alignment = 64) {
  const page = 4096
  const bytes = Math.ceil((length * 4) / alignment) * alignment
  const inner = Math.ceil(bytes / page) * page
  const { address, buffer } = yield* memory.reserve(inner + 2 * page)
  yield* memory.forbid(address, page)
  yield* memory.forbid(address + BigInt(page + inner), page)
  const offset = page + inner - bytes
  return { address: address + BigInt(offset), values: new Float32Array(buffer, offset, length) }
})

/** The address of a table of pointers. */
export const tableOf = Effect.fnUntraced(function* (memory: Memory.Memory, addresses: ReadonlyArray<bigint>) {
  const { address, buffer } = yield* memory.reserve(8 * addresses.length)
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
