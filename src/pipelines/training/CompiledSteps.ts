/**
 * The training steps of a run on an engine.
 */
import { Effect, Scope } from "effect"
import { Engine, type EngineError, type Executable, type Outputs, type Placed, submit } from "../../core/Engine.ts"
import type { HostTensors } from "../../core/Tensors.ts"
import * as TrainStep from "../../core/TrainStep.ts"

/** The programs of a batch's last micro-batch (the whole batch without accumulation), and of the others. */
const stepPrograms = { last: TrainStep.trainStep, earlier: TrainStep.accumulateStep }

/** A micro-batch that was submitted. */
export interface Piece {
  /** Awaits the terms of its examples. */
  readonly outputs: Outputs
  /** Whether the engine had computed them when it returned. */
  readonly isOver: boolean
}

/**
 * The programs of a step, compiled on demand for each size of a batch or micro-batch. A step returns its micro-batches in
 * order.
 */
export const compileSteps = Effect.fnUntraced(function* (
  ingredients: TrainStep.StepIngredients,
  sizes: { readonly examples: number; readonly batchSize: number; readonly stepsPerEpoch: number }
) {
  const engine = yield* Engine
  const scope = yield* Effect.scope
  const size = TrainStep.microBatchSize(ingredients, sizes.batchSize)
  const compiled = new Map<string, Executable>()
  const run = Effect.fnUntraced(function* (
    kind: keyof typeof stepPrograms,
    state: Placed,
    data: Placed,
    inputs: HostTensors
  ) {
    const batch = inputs["indices"]!.shape[0]!
    const key = `${kind} ${batch}`
    if (!compiled.has(key)) {
      const { program, signature } = stepPrograms[kind](ingredients, { ...sizes, batch })
      compiled.set(key, yield* Scope.provide(engine.compile(program, signature), scope))
    }
    const executable = compiled.get(key)!
    return { outputs: yield* submit(executable, { state, data, inputs }), isOver: executable.submit === undefined }
  })
  return (state: Placed, data: Placed, inputs: HostTensors): Effect.Effect<ReadonlyArray<Piece>, EngineError> => {
    const pieces = size === sizes.batchSize ? [inputs] : TrainStep.microBatchInputs(inputs, size)
    return Effect.forEach(pieces, (piece, index) =>
      run(index === pieces.length - 1 ? "last" : "earlier", state, data, piece)
    )
  }
})
