/**
 * Computes on the native engine, then ends while its threads are alive, in the way that the argument says. Prints the
 * result before. Run: node EndingProcess.ts exit|throw|worker|suspend
 */
import { isMainThread, Worker } from "node:worker_threads"
import { Effect } from "effect"
import { Engine } from "../../../../src/core/Engine.ts"
import * as Native from "../../../../src/core/engines/Native.ts"
import { accumulate, accumulateSignature, vector } from "../../../../src/testing/EnginePrograms.ts"

const compute = Effect.gen(function* () {
  const engine = yield* Engine
  const state = yield* engine.place({ sum: vector(1, 2) })
  const executable = yield* engine.compile(accumulate, accumulateSignature)
  for (let run = 0; run < 50; run++) yield* executable.run({ state, data: state, inputs: { x: vector(1, 1) } })
  return yield* state.read
})

const way = process.argv[2]
if (way === "worker" && isMainThread) {
  // The first one ends by itself, the second one is terminated in the middle of its work.
  const [ends, terminated] = [1, 2].map(() => new Worker(new URL(import.meta.url), { argv: ["worker"] }))
  ends!.once("exit", () => setTimeout(() => void terminated!.terminate().then(() => console.log("terminated")), 200))
} else {
  const forever = way === "worker" ? Effect.void : Effect.never
  const program = Effect.gen(function* () {
    // Long enough to be suspended several times within it.
    if (way === "suspend") {
      console.log("begins")
      for (let round = 0; round < 60; round++) yield* compute
    }
    const { sum } = yield* compute
    console.log([...sum!.values].join(" "))
    if (way === "exit" || way === "suspend") process.exit(7)
    if (way === "throw")
      setImmediate(() => {
        throw new Error("uncaught")
      })
    yield* forever
  })
  await Effect.runPromise(Effect.scoped(Effect.provide(program, Native.layer({ threads: 3 }))))
}
