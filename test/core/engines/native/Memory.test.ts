import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Assembler from "../../../../src/core/engines/native/Assembler.ts"
import * as Memory from "../../../../src/core/engines/native/Memory.ts"
import { at, broadcast, rdi, zmm } from "../../../../src/core/engines/native/Operands.ts"
import { nativeTest } from "./NativeTest.ts"

/** Adds 1 to 16 floats. */
const addOne = (): Uint8Array => {
  const code = Assembler.make()
  code.vmovups(zmm(0), at(rdi))
  code.vaddps(zmm(0), zmm(0), broadcast(code.constant(Float32Array.of(1))))
  code.vmovups(at(rdi), zmm(0))
  code.vzeroupper()
  code.ret()
  return code.finish().bytes
}

describe("Memory", () => {
  nativeTest("runs code on an array and on memory outside JavaScript's", (memory) =>
    Effect.gen(function* () {
      const run = memory.callable(yield* memory.load(addOne()))
      const block = yield* memory.reserve(100)
      const arrays = [Float32Array.from({ length: 16 }, (_, index) => index), new Float32Array(block.buffer, 0, 16)]
      run(memory.addressOf(arrays[0]!))
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

  nativeTest("knows where a part of an array lies", (memory) =>
    Effect.sync(() => {
      const whole = new Float32Array(64)
      assert.strictEqual(memory.addressOf(whole.subarray(16)), memory.addressOf(whole) + 64n)
      assert.strictEqual(memory.addressOf(whole), memory.addressOf(whole))
    })
  )

  nativeTest("gives memory and code back with the scope", (memory) =>
    Effect.gen(function* () {
      const isMapped = (address: bigint) => readFileSync("/proc/self/maps", "utf8").includes(address.toString(16))
      const both = Effect.all([memory.reserve(100).pipe(Effect.map(({ address }) => address)), memory.load(addOne())])
      const held = yield* Effect.scoped(
        Effect.tap(both, ([, code]) => Effect.sync(() => assert.isTrue(isMapped(code))))
      )
      assert.deepStrictEqual(held.map(isMapped), [false, false])
    })
  )

  nativeTest("fails where the system gives no memory", (memory) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(memory.reserve(2 ** 52))
      assert.instanceOf(error, Memory.NativeUnavailable)
      assert.include(error.message, "memory")
    })
  )
})
