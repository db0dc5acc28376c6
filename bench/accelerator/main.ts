/**
 * Training steps of stacked runs, and what is left on the device afterwards, as JSON on the standard output. The network
 * is that of beta-sweep.
 *
 *     node bench/accelerator/main.ts --device cuda --stacks 1,4,16,64 --seconds 5
 *     node bench/accelerator/main.ts --engine native --stacks 1,4,16
 *
 * Needs Node, this project's sources and packages, and for `xla` a plugin. `bench/gpu.sh` calls it.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Context, Effect, Layer, Stdio } from "effect"
import { Command, Flag } from "effect/cli"
import { Engine, submit } from "../../src/core/Engine.ts"
import * as Native from "../../src/core/engines/Native.ts"
import * as Client from "../../src/core/engines/xla/Client.ts"
import * as CompileOptions from "../../src/core/engines/xla/CompileOptions.ts"
import * as DeviceExecutable from "../../src/core/engines/xla/DeviceExecutable.ts"
import * as DeviceMemory from "../../src/core/engines/xla/DeviceMemory.ts"
import * as Pjrt from "../../src/core/engines/xla/Pjrt.ts"
import { platformOf } from "../../src/core/engines/xla/Platform.ts"
import * as Probe from "../../src/core/engines/xla/Probe.ts"
import * as Xla from "../../src/core/engines/Xla.ts"
import * as Stack from "../../src/core/Stack.ts"
import * as DenseStep from "../../src/testing/DenseStep.ts"
import { median } from "../Statistics.ts"

const sizes: DenseStep.DenseSizes = { pixels: 784, hidden: [512, 256], latent: 2, batch: 128, examples: 10_000 }

/** Steps whose outputs are read together, as training does. */
const together = 32

const repeated = <A>(runs: number, one: A): ReadonlyArray<A> => Array.from({ length: runs }, () => one)

/** Times of a stack's steps, read one by one and together, for half of the seconds each. */
const measure = Effect.fnUntraced(function* (runs: number, seconds: number) {
  const engine = yield* Engine
  const one = DenseStep.signature(sizes)
  const state = yield* engine.place(Stack.join(repeated(runs, DenseStep.initialState(sizes))))
  const data = yield* engine.place(DenseStep.images(sizes))
  const inputs = Array.from({ length: together }, (_, step) =>
    Stack.join(repeated(runs, DenseStep.inputs(sizes, step)))
  )
  const started = performance.now()
  const stack = Stack.program(repeated(runs, DenseStep.program(sizes)), one)
  const executable = yield* engine.compile(stack, Stack.signature(runs, one))
  const losses: Array<number> = []
  const timed = Effect.fnUntraced(function* (steps: number) {
    const start = performance.now()
    const outputs = yield* Effect.forEach(Array.from({ length: steps }), (_, step) =>
      submit(executable, { state, data, inputs: inputs[step]! })
    )
    for (const output of outputs) losses.push((yield* output)["loss"]!.values[0]!)
    return (performance.now() - start) / steps
  })
  yield* timed(1)
  const firstStep = performance.now() - started
  const most = executable.submit === undefined ? 1 : together
  // The program that joins outputs is compiled here.
  yield* timed(most)
  const timesOf = Effect.fnUntraced(function* (steps: number) {
    const times: Array<number> = []
    const end = performance.now() + 500 * seconds
    while (times.length < 3 || performance.now() < end) times.push(yield* timed(steps))
    return median(times)
  })
  const [milliseconds, submitted] = [yield* timesOf(1), yield* timesOf(most)]
  return {
    runs,
    milliseconds,
    submitted,
    firstStep,
    runStepsPerSecond: (1000 * runs) / Math.min(milliseconds, submitted),
    loss: losses[1]!
  }
}, Effect.scoped)

/** The XLA engine, and what it holds on the device. */
const xla = Effect.fnUntraced(function* (device: Xla.Device) {
  const { flags, options } = platformOf(device)
  const client = yield* Client.open(yield* Pjrt.load(yield* Probe.find(device)), { options })
  const held = () => ({ buffers: client.live(), bytes: client.statistics()?.inUse ?? null })
  const engine = Effect.map(DeviceMemory.make("xla", client, DeviceExecutable.failed), (memory) => {
    const load = (text: string, results: number) => client.compile(text, CompileOptions.encode(flags), results)
    return Engine.of({
      spec: { _tag: "Xla", device, kind: client.kind, version: client.version },
      place: memory.place,
      compile: (program, signature) => DeviceExecutable.compile(program, signature, { client, memory, load })
    })
  })
  return { engine, held }
})

const native = Effect.succeed({
  engine: Effect.map(Layer.build(Native.layer()), Context.get(Engine)),
  held: () => undefined
})

const command = Command.make(
  "accelerator",
  {
    engine: Flag.Literals("engine", ["xla", "native"]).pipe(Flag.withDefault("xla" as const)),
    device: Flag.Literals("device", Xla.devices).pipe(Flag.withDefault("cpu" as const)),
    stacks: Flag.String("stacks").pipe(
      Flag.withDescription("Numbers of runs, separated by commas"),
      Flag.withDefault("1,4,16,64")
    ),
    seconds: Flag.Int("seconds").pipe(Flag.withDescription("Seconds for each stack"), Flag.withDefault(5))
  },
  Effect.fnUntraced(function* ({ device, engine: name, seconds, stacks }) {
    const opened = name === "xla" ? yield* xla(device) : yield* native
    const before = opened.held()
    const { measured, spec } = yield* Effect.gen(function* () {
      const engine = yield* opened.engine
      const measured = yield* Effect.forEach(stacks.split(","), (runs) => measure(Number(runs), seconds)).pipe(
        Effect.provideService(Engine, engine)
      )
      return { measured, spec: engine.spec }
    }).pipe(Effect.scoped)
    const [one] = measured
    const results = {
      spec,
      stacks: measured.map((stack) => ({ ...stack, throughput: stack.runStepsPerSecond / one!.runStepsPerSecond })),
      held: { before, after: opened.held() },
      bytesResident: process.memoryUsage().rss
    }
    yield* Console.log(JSON.stringify(results, undefined, 2))
  }, Effect.scoped)
)

const program = Stdio.Stdio.use((stdio) => stdio.args).pipe(
  Effect.flatMap(Command.runWith(command, { version: "1" })),
  Effect.provide(NodeServices.layer)
)

NodeRuntime.runMain(program)
