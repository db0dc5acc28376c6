/**
 * Trains a run up to a step and interrupts it there, as SIGINT does in the middle of an epoch.
 */
import { Deferred, Effect, Fiber } from "effect"
import type { Experiment } from "../../src/index.ts"
import { type Lines, makeLines, runExperiment } from "./Sandbox.ts"

/** Interrupts after `steps` steps. */
export const keepUntil = (
  swept: Experiment.Experiment<any>,
  results: string,
  steps: number,
  options: Parameters<typeof runExperiment>[2] = {}
) =>
  Effect.gen(function* () {
    const reached = yield* Deferred.make<void>()
    let taken = 0
    const lines: Lines = makeLines()
    lines.afterStep = () => {
      taken += 1
      return taken === steps ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never) : Effect.void
    }
    const fiber = yield* Effect.forkChild(runExperiment(swept, results, { ...options, lines }))
    yield* Deferred.await(reached)
    yield* Fiber.interrupt(fiber)
  })
