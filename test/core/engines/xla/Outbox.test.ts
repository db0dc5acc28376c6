/**
 * How often outputs are read from the device.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Effect, Exit, Layer, Option, Scope } from "effect"
import { Engine, type Program, type Signature } from "../../../../src/core/Engine.ts"
import * as Client from "../../../../src/core/engines/xla/Client.ts"
import { encode } from "../../../../src/core/engines/xla/CompileOptions.ts"
import * as DeviceExecutable from "../../../../src/core/engines/xla/DeviceExecutable.ts"
import * as DeviceMemory from "../../../../src/core/engines/xla/DeviceMemory.ts"
import * as Pjrt from "../../../../src/core/engines/xla/Pjrt.ts"
import {
  Adam,
  BetaElbo,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Synthetic,
  Training
} from "../../../../src/index.ts"
import { vector } from "../../../../src/testing/EnginePrograms.ts"
import { needs } from "../../../machine/Capability.ts"
import { xlaPlugin } from "../../../machine/XlaPlugin.ts"
import * as Sandbox from "../../../pipelines/Sandbox.ts"
import stackedExperiment from "../../../pipelines/sweep/StackedExperiment.ts"

const flags = { xla_backend_optimization_level: 0, xla_llvm_disable_expensive_passes: true }

/** An engine that notes the number of elements of each read-back of outputs, and its client. */
const counting = Effect.gen(function* () {
  const pjrt = yield* Pjrt.load(xlaPlugin.value ?? "")
  const opened = yield* Client.open(pjrt, { options: {} })
  const read: Array<number> = []
  const client: Client.Client = {
    ...opened,
    download: (buffer, type) => {
      read.push(type.shape.reduce((size, length) => size * length, 1))
      return opened.download(buffer, type)
    }
  }
  const memory = yield* DeviceMemory.make("xla", opened, DeviceExecutable.failed)
  const load = (text: string, results: number) => client.compile(text, encode(flags), results)
  const engine = Engine.of({
    spec: { _tag: "Xla", device: "cpu" },
    place: memory.place,
    compile: (program, signature) => DeviceExecutable.compile(program, signature, { client, memory, load })
  })
  return { client, engine, read }
})

const x = { shape: [2], dtype: "float32" } as const
const signature: Signature = { state: { x }, data: {}, inputs: { x } }
const add: Program = {
  name: "add",
  run: ({ inputs, state }) => {
    const next = tf.add(state["x"]!, inputs["x"]!)
    return { state: { x: next }, outputs: { next, sum: tf.sum(next) } }
  }
}

describe("Outputs of submitted runs", needs(xlaPlugin), () => {
  it.effect("are read once, when the first of them is awaited", () =>
    Effect.gen(function* () {
      const { client, engine, read } = yield* counting
      const state = yield* engine.place({ x: vector(0, 10) })
      const { run, submit } = yield* engine.compile(add, signature)
      const args = { state, data: state, inputs: { x: vector(1, 2) } }
      for (const runs of [1, 5, 8]) {
        const before = [...(yield* state.read)["x"]!.values]
        read.length = 0
        const outputs = yield* Effect.forEach(Array.from({ length: runs }), () => submit!(args))
        assert.isEmpty(read)
        // In another order than submitted.
        const found = (yield* Effect.forEach(outputs.toReversed(), (output) => output)).toReversed()
        found.forEach(({ next, sum }, index) => {
          const expected = before.map((value, axis) => value + (index + 1) * (axis + 1))
          assert.deepStrictEqual([...next!.values], expected)
          assert.deepStrictEqual([...sum!.values], [expected[0]! + expected[1]!])
        })
        assert.deepStrictEqual(read, runs === 1 ? [2, 1] : [3 * 2 ** Math.ceil(Math.log2(runs))])
        assert.strictEqual(client.live(), 1)
      }
      const { sum } = yield* run(args)
      assert.deepStrictEqual([...sum!.values], [15 + 40])
    }).pipe(Effect.scoped)
  )

  it.effect("that nobody awaits are gone with the program's scope", () =>
    Effect.gen(function* () {
      const { client, engine } = yield* counting
      const state = yield* engine.place({ x: vector(0, 10) })
      const scope = yield* Scope.make()
      const { submit } = yield* Scope.provide(engine.compile(add, signature), scope)
      const args = { state, data: state, inputs: { x: vector(1, 2) } }
      const read = yield* submit!(args)
      yield* submit!(args)
      assert.strictEqual(client.live(), 1 + 4)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(client.live(), 1)
      assert.include((yield* Effect.flip(read)).reason, "scope")
    }).pipe(Effect.scoped)
  )

  // The test's clock stands still, so that nothing is read because time has passed.
  it.effect("of a training are read every 32 steps and at the end of an epoch; those of the test images together", () =>
    Effect.gen(function* () {
      const { client, engine, read } = yield* counting
      const lines = Sandbox.makeLines()
      const perEpoch: Array<number> = []
      lines.afterEpoch = () => Effect.sync(() => void perEpoch.push(read.splice(0).length))
      const fiftySteps = Experiment.make("fifty", {
        description: "50 steps and 3 chunks of test images per epoch.",
        parameters: {},
        run: () => ({
          dataset: Synthetic.layer({ train: 1000, test: 1100 }),
          model: DenseVae.layer({ hidden: [4], latent: 2 }),
          objective: BetaElbo.layer({ beta: 1 }),
          training: Training.layer({ epochs: 3, batchSize: 20, optimizer: Adam({ learningRate: 1e-2 }) }),
          evaluation: Evaluation.layer(ElboTerms())
        })
      })
      const results = yield* Sandbox.temporaryFolder
      yield* Sandbox.runExperiment(fiftySteps, results, { engine: Layer.succeed(Engine, engine), lines })
      assert.deepStrictEqual(perEpoch, [3, 3, 3])
      assert.strictEqual(client.live(), 0)
    }).pipe(Effect.scoped)
  )

  it.effect("name the step that diverged, though later ones were submitted", () =>
    Effect.gen(function* () {
      const { engine } = yield* counting
      const swept = (stackedExperiment as Experiment.Experiment<any>).pipe(
        Experiment.override<any>([{ explosion: 1e30 }], ["beta"])
      )
      const exits = yield* Effect.forEach([Layer.succeed(Engine, engine), Sandbox.engine], (layer) =>
        Effect.gen(function* () {
          const results = yield* Sandbox.temporaryFolder
          const exit = yield* Effect.exit(Sandbox.runExperiment(swept, results, { engine: layer }))
          assert.match(Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "", /1 of 1 runs failed/)
          const store = yield* Sandbox.storeOf(results)
          const summary = Option.getOrThrow(yield* (yield* store.experiment("stacked")).summary)
          const { manifest } = Option.getOrThrow(yield* store.find(summary.runs[0]!.id))
          const { checkpoint, epoch, error, step } = manifest.exit!
          return { checkpoint, epoch, error, step }
        })
      )
      assert.strictEqual(exits[0]!.error, "DivergenceError")
      // Not the last of its epoch of five steps.
      assert.notStrictEqual(exits[0]!.step! % 5, 0)
      assert.deepStrictEqual(exits[0], exits[1])
    }).pipe(Effect.scoped)
  )
})
