/**
 * Evaluations of one run: computes and draws what is missing, keeps what is there.
 */
import { Effect, Option, type Scope } from "effect"
import type { DatasetError, LoadedDataset } from "../core/Dataset.ts"
import { Engine, type EngineError } from "../core/Engine.ts"
import type { EvaluationError, ReadyEvaluator } from "../core/Evaluation.ts"
import type { FigureError } from "../core/Figure.ts"
import type { ModelError } from "../core/Model.ts"
import { TrainedModel } from "../core/TrainedModel.ts"
import type { PlannedRun } from "./Plan.ts"
import { Progress } from "./Progress.ts"
import { render } from "./RenderFigure.ts"
import type { Run } from "./Run.ts"
import { StoreError } from "./StoreError.ts"
import * as Trained from "./Trained.ts"

/** The evaluations of a run that have no results yet. */
export const missing = (planned: PlannedRun, run: Run): Effect.Effect<ReadonlyArray<ReadyEvaluator>, StoreError> =>
  Effect.filter(planned.evaluation.evaluators, ({ id }) => Effect.map(run.evaluation(id), Option.isNone))

/** The trained model of a finished run, from its last checkpoint. */
const trainedModel = Effect.fnUntraced(function* (planned: PlannedRun, run: Run, data: LoadedDataset) {
  const engine = yield* Engine
  const checkpoint = yield* run.checkpoint
  if (Option.isNone(checkpoint)) {
    return yield* new StoreError({
      path: run.directory,
      problem: "corrupt",
      reason: "no checkpoint of this finished run can be read; make it again with --force, which keeps this one"
    })
  }
  return yield* Trained.make({
    run: planned,
    autoencoder: yield* planned.model.build(planned.dataset.shape),
    data,
    images: {
      train: yield* engine.place(Trained.imagesOf(data.train, planned.dataset.shape)),
      test: yield* engine.place(Trained.imagesOf(data.test, planned.dataset.shape))
    },
    state: yield* engine.place(checkpoint.value.tensors),
    history: yield* run.history
  })
})

/** Makes these evaluations and stores their numbers and figures, one after the other. */
export const evaluate = Effect.fn("Evaluate.evaluate")(function* (options: {
  readonly planned: PlannedRun
  readonly run: Run
  readonly evaluators: ReadonlyArray<ReadyEvaluator>
  readonly data: Effect.Effect<LoadedDataset, DatasetError>
}): Effect.fn.Return<
  void,
  DatasetError | EngineError | EvaluationError | FigureError | ModelError | StoreError,
  Engine | Progress | Scope.Scope
> {
  const { planned, run, evaluators, data } = options
  const progress = yield* Progress
  const trained = yield* trainedModel(planned, run, yield* data)
  for (const { id, run: compute, spec } of evaluators) {
    yield* progress.note(`${[planned.label, spec._tag].filter((part) => part !== "").join(" · ")}`)
    const { figures, metrics } = yield* Effect.provideService(compute, TrainedModel, trained)
    const pictures = yield* Effect.forEach(figures, (figure) =>
      Effect.map(render(figure), ({ png, svg }) => ({ figure, png, svg }))
    )
    yield* run.writeEvaluation(id, { spec, metrics }, pictures)
  }
})
