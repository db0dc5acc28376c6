/**
 * Chooses an engine in a process without executable memory, or without the package koffi, where it also computes. Prints
 * the line about the choice and the result. Run: node RestrictedProcess.ts koffi, or built to JavaScript: node --jitless restricted.mjs memory
 */
import { registerHooks } from "node:module"
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Engine } from "../../../src/core/Engine.ts"
import { Progress } from "../../../src/pipelines/console/Progress.ts"
import * as ChooseEngine from "../../../src/pipelines/training/ChooseEngine.ts"
import { accumulate, accumulateSignature, vector } from "../../../src/testing/EnginePrograms.ts"

if (process.argv[2] === "koffi")
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === "koffi") throw new Error("Cannot find package 'koffi'")
      return next(specifier, context)
    }
  })
else {
  // PR_SET_MDWE with PR_MDWE_REFUSE_EXEC_GAIN: no page that can be written becomes executable.
  const { default: koffi } = await import("koffi")
  const refuse = koffi.load("libc.so.6").func("int prctl(int option, ulong mode, ulong, ulong, ulong)")
  if (refuse(65, 1, 0, 0, 0) !== 0) throw new Error("the kernel cannot forbid executable memory")
}

const nothing = () => Effect.void
const lane = {
  update: nothing,
  epoch: nothing,
  note: nothing,
  line: (text: string) => Effect.sync(() => console.log(text))
}
const progress = Layer.succeed(Progress, { ...lane, bar: Effect.succeed(lane) })
const engine = ChooseEngine.layer({ engine: "auto", device: "cpu" }, 2).pipe(
  Layer.provide([progress, NodeServices.layer])
)

await Effect.runPromise(
  Effect.gen(function* () {
    const engine = yield* Engine
    // Node.js has no WebAssembly there, which onnxruntime's engine uses.
    if (process.argv[2] === "memory") return
    const state = yield* engine.place({ sum: vector(1, 2) })
    const executable = yield* engine.compile(accumulate, accumulateSignature)
    yield* executable.run({ state, data: state, inputs: { x: vector(1, 1) } })
    console.log([...(yield* state.read)["sum"]!.values].join(" "))
  }).pipe(Effect.provide(engine), Effect.scoped)
)
