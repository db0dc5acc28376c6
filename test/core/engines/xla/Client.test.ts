import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Client from "../../../../src/core/engines/xla/Client.ts"
import { encode } from "../../../../src/core/engines/xla/CompileOptions.ts"
import * as DeviceExecutable from "../../../../src/core/engines/xla/DeviceExecutable.ts"
import * as DeviceMemory from "../../../../src/core/engines/xla/DeviceMemory.ts"
import * as Pjrt from "../../../../src/core/engines/xla/Pjrt.ts"
import { float32 } from "../../../../src/core/Tensors.ts"
import * as DenseStep from "../../../../src/testing/DenseStep.ts"
import { assertRefused } from "../../../../src/testing/EngineAgreement.ts"
import { accumulate, accumulateSignature, vector } from "../../../../src/testing/EnginePrograms.ts"
import { needs } from "../../../machine/Capability.ts"
import { xlaPlugin } from "../../../machine/XlaPlugin.ts"

const flags = { xla_backend_optimization_level: 0, xla_llvm_disable_expensive_passes: true }

const open = Effect.flatMap(Pjrt.load(xlaPlugin.value ?? ""), (pjrt) => Client.open(pjrt, { options: {} }))

const machineOf = Effect.fnUntraced(function* (client: Client.Client) {
  const memory = yield* DeviceMemory.make("xla", client, DeviceExecutable.failed)
  return { client, memory, load: (text: string, results: number) => client.compile(text, encode(flags), results) }
})

/** Node's collector of garbage, which has to be asked for. */
const collect = (): void => {
  setFlagsFromString("--expose-gc")
  ;(runInNewContext("gc") as () => void)()
}

describe("A client of XLA's CPU plugin", needs(xlaPlugin), () => {
  it.live("needs nothing that is collected as garbage", () =>
    Effect.gen(function* () {
      const client = yield* open
      collect()
      yield* Effect.sleep("1 millis")
      collect()
      const executable = yield* Effect.promise(() =>
        client.compile(
          `module @m { func.func public @main(%x: tensor<1xf32>) -> tensor<1xf32> { return %x : tensor<1xf32> } }`,
          encode(flags),
          1
        )
      )
      const [result] = executable.execute([client.upload(vector(3))], [])
      assert.deepStrictEqual(yield* Effect.promise(() => client.download(result!, vector(3))), vector(3))
    })
  )

  it.effect("brings values of each type to the device and back", () =>
    Effect.gen(function* () {
      const client = yield* open
      const tensors = [
        float32([2, 1], Float32Array.of(-1.5, Number.POSITIVE_INFINITY)),
        { shape: [3], dtype: "int32", values: Int32Array.of(-1, 0, 2 ** 31 - 1) },
        // A part of an array, and fewer bytes than a word.
        { shape: [2], dtype: "uint8", values: Uint8Array.of(1, 2, 255, 4).subarray(1, 3) },
        float32([0, 4], new Float32Array(0)),
        float32([], Float32Array.of(7))
      ] as const
      for (const tensor of tensors) {
        const buffer = client.upload(tensor)
        const { dtype, shape, values } = yield* Effect.promise(() => client.download(buffer, tensor))
        assert.deepStrictEqual({ dtype, shape, values: [...values] }, { ...tensor, values: [...tensor.values] })
        client.destroy(buffer)
      }
      assert.strictEqual(client.live(), 0)
    })
  )

  it.effect("a text that is no program is refused with the plugin's message", () =>
    Effect.gen(function* () {
      const client = yield* open
      const error = yield* Effect.flip(
        Effect.tryPromise({ try: () => client.compile("module {", encode({}), 0), catch: (cause) => cause })
      )
      assert.instanceOf(error, Pjrt.PjrtError)
      assert.strictEqual((error as Pjrt.PjrtError).call, "PJRT_Client_Compile")
    })
  )

  it.effect("holds no buffer beyond what is placed, and none once the scope is closed", () =>
    Effect.gen(function* () {
      const client = yield* open
      const sizes: DenseStep.DenseSizes = { pixels: 20, hidden: [8], latent: 2, batch: 4, examples: 10 }
      const outer = yield* Effect.scoped(
        Effect.gen(function* () {
          const machine = yield* machineOf(client)
          yield* Effect.scoped(
            Effect.gen(function* () {
              const initial = DenseStep.initialState(sizes)
              const images = DenseStep.images(sizes)
              const state = yield* machine.memory.place(initial)
              const data = yield* machine.memory.place(images)
              assert.strictEqual(client.live(), 0, "values go to the device when they are needed")
              const step = yield* DeviceExecutable.compile(
                DenseStep.program(sizes),
                DenseStep.signature(sizes),
                machine
              )
              for (let index = 0; index < 3; index++) {
                yield* step.run({ state, data, inputs: DenseStep.inputs(sizes, index) })
                assert.isAtMost(client.live(), Object.keys({ ...initial, ...images }).length)
              }
              yield* state.read
            })
          )
          assert.strictEqual(client.live(), 0, "the placements' scope is closed")
          const state = yield* machine.memory.place({ sum: vector(1, 2) })
          const executable = yield* DeviceExecutable.compile(accumulate, accumulateSignature, machine)
          yield* executable.run({ state, data: state, inputs: { x: vector(1, 1) } })
          assert.strictEqual(client.live(), 1)
          return { executable, state }
        })
      )
      assert.strictEqual(client.live(), 0, "the engine's scope is closed")
      const { executable, state } = outer
      yield* assertRefused(executable.run({ state, data: state, inputs: { x: vector(1, 1) } }), "closed")
    })
  )
})

describe("Versions of PJRT", () => {
  it("another major version is refused with both", () => {
    assert.isUndefined(Pjrt.incompatibility({ major: 0, minor: 40 }))
    assert.isUndefined(Pjrt.incompatibility({ major: 0, minor: 200 }))
    const reason = Pjrt.incompatibility({ major: 1, minor: 2 })
    assert.include(reason, "1.2")
    assert.include(reason, "0.90")
  })
})
