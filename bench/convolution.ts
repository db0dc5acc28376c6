/**
 * Milliseconds of one training step of SimpleVAE's network for MNIST with Adam: the median of several steps, at batches
 * of 128 and 1000.
 *
 * Run: `node bench/convolution.ts [threads]`, beside `python bench/convolution.py [threads]`, where nothing else runs.
 */
import { performance } from "node:perf_hooks"
import * as tf from "@tensorflow/tfjs-core"
import { Console, Effect } from "effect"
import { Engine, type Program } from "../src/core/Engine.ts"
import * as OnnxRuntime from "../src/core/engines/OnnxRuntime.ts"
import { Adam } from "../src/core/optimizers/Adam.ts"
import { float32, type HostTensors, prefixed, sizeOf, typesOf, under } from "../src/core/Tensors.ts"
import * as ConvolutionStep from "../src/testing/ConvolutionStep.ts"

const optimizer = Adam({ learningRate: 1e-3 })
const threads = Number(process.argv[2] ?? 2)

const first = ConvolutionStep.initialState({ side: 28, batch: 1 })
const zeros: HostTensors = Object.fromEntries(
  Object.entries(optimizer.state(typesOf(first))).map(([name, { shape }]) => [
    name,
    float32(shape, new Float32Array(sizeOf(shape)))
  ])
)
const initial = { ...prefixed("parameter/", first), ...prefixed("optimizer/", zeros) }

const program: Program = {
  name: "convolutional training step",
  run: ({ state, inputs }) => {
    const parameters = under("parameter/", state)
    const { loss, by } = ConvolutionStep.gradients({ side: 28, batch: 1 }, parameters, inputs)
    const updated = optimizer.update({
      parameters,
      gradients: by,
      state: under("optimizer/", state),
      step: inputs["step"] as tf.Scalar
    })
    return {
      state: { ...prefixed("parameter/", updated.parameters), ...prefixed("optimizer/", updated.state) },
      outputs: { loss }
    }
  }
}

const inputsOf = (batch: number, step: number): HostTensors => ({
  ...ConvolutionStep.inputs({ side: 28, batch }, 0),
  step: float32([], Float32Array.of(step))
})

const measure = (batch: number, steps: number) =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const state = yield* engine.place(initial)
    const signature = { state: state.types, data: {}, inputs: typesOf(inputsOf(batch, 1)) }
    const executable = yield* engine.compile(program, signature)
    const times: Array<number> = []
    let last = 0
    for (let step = 1; step <= steps; step++) {
      const inputs = inputsOf(batch, step)
      const start = performance.now()
      const { loss } = yield* executable.run({ state, data: state, inputs })
      times.push(performance.now() - start)
      last = loss!.values[0]!
    }
    // The first step warms up.
    const sorted = times.slice(1).toSorted((a, b) => a - b)
    const median = sorted[sorted.length >> 1]!
    yield* Console.log(
      `batch ${batch}: ${median.toFixed(0)} ms a step (fastest ${sorted[0]!.toFixed(0)}), loss ${last.toFixed(3)}`
    )
  })

Effect.runPromise(
  Effect.all([measure(128, 21), measure(1000, 7)]).pipe(Effect.provide(OnnxRuntime.layer({ threads })), Effect.scoped)
)
