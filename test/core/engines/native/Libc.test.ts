import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import type { InstructionSet } from "../../../../src/core/engines/native/InstructionSet.ts"
import * as Libc from "../../../../src/core/engines/native/Libc.ts"
import { at, rdi } from "../../../../src/core/engines/native/x86/Operands.ts"
import { nativeTest } from "./NativeTest.ts"

/** Adds 1 to each of 16 floats. */
const addOne = ({ assembler }: InstructionSet): Uint8Array => {
  const code = assembler()
  const { simd } = code
  const one = simd.constant(new Int32Array(Float32Array.of(1).buffer)[0]!)
  for (let offset = 0; offset < 64; offset += simd.bytes) {
    simd.load(0, at(rdi, offset))
    simd.add(0, 0, one)
    simd.store(at(rdi, offset), 0)
  }
  code.endVectors()
  code.ret()
  return code.finish().bytes
}

describe("Libc", () => {
  nativeTest("runs code on an array and on memory outside JavaScript's", (machine) =>
    Effect.gen(function* () {
      const run = machine.libc.callable(yield* machine.libc.load(addOne(machine.set)))
      const block = yield* machine.libc.reserve(100)
      const arrays = [Float32Array.from({ length: 16 }, (_, index) => index), new Float32Array(block.buffer, 0, 16)]
      run(machine.libc.addressOf(arrays[0]!))
      run(block.address)
      assert.deepStrictEqual([...arrays[0]!], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
      assert.deepStrictEqual(
        [...arrays[1]!],
        Array.from({ length: 16 }, () => 1)
      )
      assert.strictEqual(block.buffer.byteLength, 100)
      assert.strictEqual(block.address % 2n ** 21n, 0n)
    })
  )

  nativeTest("knows where a part of an array lies", (machine) =>
    Effect.sync(() => {
      const whole = new Float32Array(64)
      assert.strictEqual(machine.libc.addressOf(whole.subarray(16)), machine.libc.addressOf(whole) + 64n)
      assert.strictEqual(machine.libc.addressOf(whole), machine.libc.addressOf(whole))
    })
  )

  nativeTest("gives memory and code back with the scope", (machine) =>
    Effect.gen(function* () {
      // Another mapping may end where this one began, and a later one may begin there.
      const isMapped = (address: bigint) =>
        new RegExp(`^${address.toString(16)}-`, "m").test(readFileSync("/proc/self/maps", "utf8"))
      const both = Effect.all([
        machine.libc.reserve(100).pipe(Effect.map(({ address }) => address)),
        machine.libc.load(addOne(machine.set))
      ])
      const held = yield* Effect.scoped(
        Effect.tap(both, ([, code]) => Effect.sync(() => assert.isTrue(isMapped(code))))
      )
      assert.deepStrictEqual(held.map(isMapped), [false, false])
    })
  )

  nativeTest("fails where the system gives no memory", (machine) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(machine.libc.reserve(2 ** 52))
      assert.instanceOf(error, Libc.NativeUnavailable)
      assert.include(error.message, "memory")
    })
  )
})
