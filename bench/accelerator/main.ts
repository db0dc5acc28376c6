/**
 * Measures training steps of the dense network on an XLA device, for one run and for stacks of several. Prints JSON.
 *
 *     node bench/accelerator/main.ts --device cuda --stacks 1,4,16,64 --steps 200
 *
 * Needs Node, this project's sources and packages, and an XLA plugin. `bench/gpu.sh` calls it.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Record, Stdio } from "effect"
import { Command, Flag } from "effect/cli"
import { Engine } from "../../src/core/Engine.ts"
import * as Probe from "../../src/core/engines/xla/Probe.ts"
import * as Xla from "../../src/core/engines/Xla.ts"
import * as Stack from "../../src/core/Stack.ts"
import type { HostTensor } from "../../src/core/Tensors.ts"
import * as DenseStep from "../../src/testing/DenseStep.ts"
import { median } from "../Statistics.ts"

const sizes: DenseStep.DenseSizes = { pixels: 784, hidden: [512, 256], latent: 2, batch: 128, examples: 10_000 }

/** Repeats the values for each run. */
const repeated =
  (runs: number) =>
  ({ dtype, shape, values }: HostTensor): HostTensor => {
    const all = new (values.constructor as Float32ArrayConstructor)(runs * values.length)
    for (let run = 0; run < runs; run++) all.set(values, run * values.length)
    return { shape: [runs, ...shape], dtype, values: all }
  }

/** Milliseconds of one step of `runs` stacked runs, and of the first step, which includes compilation. */
const measure = Effect.fnUntraced(function* (runs: number, steps: number) {
  const engine = yield* Engine
  const one = DenseStep.signature(sizes)
  const state = yield* engine.place(Record.map(DenseStep.initialState(sizes), repeated(runs)))
  const data = yield* engine.place(DenseStep.images(sizes))
  const started = performance.now()
  const stack = Stack.program(Array(runs).fill(DenseStep.program(sizes)), one)
  const executable = yield* engine.compile(stack, Stack.signature(runs, one))
  const times: Array<number> = []
  let loss = Number.NaN
  for (let step = 0; step < steps; step++) {
    const inputs = Record.map(DenseStep.inputs(sizes, step), repeated(runs))
    const start = step === 0 ? started : performance.now()
    const outputs = yield* executable.run({ state, data, inputs })
    times.push(performance.now() - start)
    loss = outputs["loss"]!.values[0]!
  }
  const milliseconds = median(times.slice(Math.min(5, steps - 1)))
  const [firstStep] = times
  return { runs, milliseconds, firstStep, runStepsPerSecond: (1000 * runs) / milliseconds, loss }
}, Effect.scoped)

const command = Command.make(
  "accelerator",
  {
    device: Flag.Literals("device", Xla.devices).pipe(Flag.withDefault("cpu")),
    stacks: Flag.String("stacks").pipe(
      Flag.withDescription("Numbers of runs to stack, separated by commas"),
      Flag.withDefault("1,4,16,64")
    ),
    steps: Flag.Int("steps").pipe(Flag.withDefault(200))
  },
  Effect.fnUntraced(function* ({ device, stacks, steps }) {
    const plugin = yield* Probe.find(device)
    const results = yield* Effect.gen(function* () {
      const { spec } = yield* Engine
      const measured = yield* Effect.forEach(stacks.split(",").map(Number), (runs) => measure(runs, steps))
      return { spec, steps: measured, bytesResident: process.memoryUsage().rss }
    }).pipe(Effect.provide(Xla.layer({ device, plugin })))
    yield* Console.log(JSON.stringify(results, undefined, 2))
  })
)

const program = Stdio.Stdio.use((stdio) => stdio.args).pipe(
  Effect.flatMap(Command.runWith(command, { version: "1" })),
  Effect.provide(NodeServices.layer)
)

NodeRuntime.runMain(program)
