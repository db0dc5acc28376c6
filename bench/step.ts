/**
 * Milliseconds of one training step of a 784-512-256-2-256-512-784 VAE, batch 128 gathered from bytes, Adam: the median
 * of 150 steps of each way to run it, in three rounds of 50 that alternate.
 *
 * Run: `node bench/step.ts [threads]`, beside `python bench/step.py [threads]`, where nothing else runs.
 */
import { performance } from "node:perf_hooks"
import { Console, Effect } from "effect"
import { Engine } from "../src/core/Engine.ts"
import * as OnnxRuntime from "../src/core/engines/OnnxRuntime.ts"
import * as DenseStep from "../src/testing/DenseStep.ts"

const sizes: DenseStep.DenseSizes = { pixels: 784, hidden: [512, 256], latent: 2, batch: 128, examples: 60_000 }
const threads = Number(process.argv[2] ?? 2)
const engines = { plain: OnnxRuntime.layer({ threads, fuse: false }), fused: OnnxRuntime.layer({ threads }) }

const prepared = Effect.gen(function* () {
  const engine = yield* Engine
  const state = yield* engine.place(DenseStep.initialState(sizes))
  const data = yield* engine.place(DenseStep.images(sizes))
  const executable = yield* engine.compile(DenseStep.program(sizes), DenseStep.signature(sizes))
  return (inputs: ReturnType<typeof DenseStep.inputs>) => executable.run({ state, data, inputs })
})

const program = Effect.gen(function* () {
  const ways = yield* Effect.forEach(Object.entries(engines), ([name, layer]) =>
    Effect.map(Effect.provide(prepared, layer), (run) => ({ name, run, times: [] as Array<number>, loss: 0 }))
  )
  for (let round = 0; round <= 3; round++) {
    for (const way of ways) {
      for (let step = 0; step < 50; step++) {
        const inputs = DenseStep.inputs(sizes, round * 50 + step)
        const start = performance.now()
        const { loss } = yield* way.run(inputs)
        // The first round warms up.
        if (round > 0) way.times.push(performance.now() - start)
        way.loss = Number(loss?.values[0])
      }
    }
  }
  for (const { name, times, loss } of ways) {
    const median = times.toSorted((a, b) => a - b)[times.length >> 1]!
    yield* Console.log(`${name.padEnd(10)} ${median.toFixed(2)} ms a step, loss ${loss.toFixed(3)}`)
  }
})

Effect.runPromise(Effect.scoped(program))
