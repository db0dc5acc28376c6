/**
 * Loads the TensorFlow engine, tests it and prints its version. Runs as a child process, because an incompatible
 * library may crash it.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { Engine } from "../src/core/Engine.ts"
import * as TensorFlow from "../src/core/engines/TensorFlow.ts"
import { SetupError } from "./SetupError.ts"

const program = Effect.gen(function* () {
  const engine = yield* Engine
  const nothing = yield* engine.place({})
  const ones = (shape: [number, number]) => tf.ones<tf.Rank.R2>(shape)
  const executable = yield* engine.compile(
    { name: "product", run: () => ({ outputs: { product: tf.matMul(ones([2, 3]), ones([3, 2])) } }) },
    { state: {}, data: {}, inputs: {} }
  )
  const { product } = yield* executable.run({ state: nothing, data: nothing, inputs: {} })
  if (product!.values.some((value) => value !== 3)) {
    return yield* new SetupError({ reason: `it computes ${product!.values.join()} instead of 3` })
  }
  yield* Console.log(`libtensorflow ${engine.spec["version"]} on ${engine.spec.device}`)
}).pipe(Effect.scoped, Effect.provide(TensorFlow.layer()))

NodeRuntime.runMain(
  Effect.tapError(program, ({ message }) => Console.error(message)),
  { disableErrorReporting: true }
)
