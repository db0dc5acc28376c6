/**
 * Evaluates one run: computes and draws what is missing, keeps existing results.
 */
import { Cause, Effect, Option, type Scope } from "effect"
import type { DatasetError, LoadedDataset } from "../../core/Dataset.ts"
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import { Engine, type EngineError } from "../../core/Engine.ts"
import { EvaluationError, type EvaluationOutput, type ResolvedEvaluator } from "../../core/Evaluation.ts"
import type { FigureError } from "../../core/Figure.ts"
import type { ModelError } from "../../core/Model.ts"
import { type SnapshotError, Snapshots } from "../../core/Snapshots.ts"
import { canonicalJson } from "../../core/Spec.ts"
import { TrainedModel } from "../../core/TrainedModel.ts"
import { totalEpochs } from "../../core/Training.ts"
import { evaluatedState } from "../../core/ParameterAverage.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { Progress } from "../console/Progress.ts"
import { renderAnimation } from "../figures/RenderAnimation.ts"
import { render } from "../figures/RenderFigure.ts"
import type { BestCheckpoint, Checkpoint } from "../store/Checkpoint.ts"
import type { Run } from "../store/Run.ts"
import { StoreError } from "../files/StoreError.ts"
import * as TrainedModels from "./TrainedModels.ts"
import * as TrainingSnapshots from "./TrainingSnapshots.ts"

/** The evaluations of a run that have no results yet. */
export const missing = (planned: PlannedRun, run: Run): Effect.Effect<ReadonlyArray<ResolvedEvaluator>, StoreError> =>
  Effect.filter(planned.evaluation.evaluators, ({ id }) => Effect.map(run.evaluation(id), Option.isNone))

/** The final state of a finished run: that of its best epoch with early stopping, else of its last. */
const resultState = Effect.fnUntraced(function* (planned: PlannedRun, run: Run, examples: number) {
  const { stopping } = planned.training
  const history = yield* run.history
  const epoch =
    stopping === undefined
      ? totalEpochs(planned.training, examples)
      : (EarlyStopping.resultOf(stopping, history)?.epoch ?? 0)
  const saved: Option.Option<Checkpoint | BestCheckpoint> = yield* stopping === undefined ? run.checkpoint : run.best
  // Another checkpoint is for resuming, and is not the finished model.
  if (Option.isSome(saved) && saved.value.epoch === epoch) return { ...saved.value, history }
  return yield* new StoreError({
    path: run.directory,
    problem: "corrupt",
    reason: `the checkpoint of epoch ${epoch}, this finished run's ${stopping === undefined ? "last" : "best"}, cannot be read; train it again with --force, which keeps this one`
  })
})

/** The trained model of a finished run, and its snapshots. */
export const trainedModel = Effect.fnUntraced(function* (planned: PlannedRun, run: Run, data: LoadedDataset) {
  const engine = yield* Engine
  const { history, step, tensors } = yield* resultState(planned, run, data.train.count)
  const state = evaluatedState(tensors)
  const at = yield* TrainedModels.make({
    run: planned,
    autoencoder: yield* planned.model.build(planned.dataset.shape),
    data,
    images: {
      train: yield* engine.place(TrainedModels.splitTensors(data.train, planned.dataset.shape)),
      test: yield* engine.place(TrainedModels.splitTensors(data.test, planned.dataset.shape))
    }
  })
  return {
    state,
    trained: at({ state: yield* engine.place(state), history, steps: () => step }),
    snapshots: yield* TrainingSnapshots.make(run, history.length, at, history)
  }
})

/** Renders the figures, animations and pages of an evaluation. */
const rendered = Effect.fnUntraced(function* ({ animations = [], figures, pages = [] }: EvaluationOutput) {
  const pictures = yield* Effect.forEach(figures, (figure) =>
    Effect.map(render(figure), ({ png, svg }) => ({ figure, png, svg }))
  )
  const films = yield* Effect.forEach(animations, (animation) =>
    Effect.map(renderAnimation(animation), ({ gif, png }) => ({ ...animation, files: { gif, png } }))
  )
  return [...pictures, ...films, ...pages.map((page) => ({ ...page, files: { html: page.html } }))]
})

/**
 * Fails if a figure, animation or page of an evaluator has the name of another one of the run, because it would
 * overwrite it.
 */
const checkNames = Effect.fnUntraced(function* (
  planned: PlannedRun,
  run: Run,
  { id, spec }: ResolvedEvaluator,
  names: ReadonlyArray<string>
) {
  const refuse = (name: string, other: string) =>
    new EvaluationError({
      evaluation: spec._tag,
      reason: `its figure "${name}" has the name of one of ${other}; give the evaluations different options`
    })
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return yield* refuse(twice, "its own")
  for (const other of planned.evaluation.evaluators) {
    if (other.id === id) continue
    const result = yield* run.evaluation(other.id)
    const clash = names.find((name) => Option.isSome(result) && result.value.figures.includes(name))
    if (clash !== undefined) return yield* refuse(clash, `${other.spec._tag} ${canonicalJson(other.spec)}`)
  }
})

export type EvaluateFailure =
  | DatasetError
  | EngineError
  | EvaluationError
  | FigureError
  | ModelError
  | SnapshotError
  | StoreError

/**
 * Runs these evaluations in sequence and stores their metrics and figures. A failure does not stop the others;
 * the first failure is the result, further ones are logged.
 */
export const evaluate = Effect.fn("Evaluate.evaluate")(function* (options: {
  readonly planned: PlannedRun
  readonly run: Run
  readonly evaluators: ReadonlyArray<ResolvedEvaluator>
  readonly data: Effect.Effect<LoadedDataset, DatasetError>
}): Effect.fn.Return<void, EvaluateFailure, Engine | Progress | Scope.Scope> {
  const { planned, run, evaluators, data } = options
  const progress = yield* Progress
  const engine = yield* Engine
  const { snapshots, trained } = yield* trainedModel(planned, run, yield* data)

  const one = Effect.fnUntraced(function* (evaluator: ResolvedEvaluator) {
    const { id, run: compute, spec } = evaluator
    yield* progress.note(`${[planned.label, spec._tag].filter((part) => part !== "").join(" · ")}`)
    const findings = yield* compute.pipe(
      Effect.provideService(TrainedModel, trained),
      Effect.provideService(Snapshots, snapshots)
    )
    const { animations = [], figures, metrics, pages = [] } = findings
    const names = [...figures, ...animations, ...pages].map(({ name }) => name)
    yield* checkNames(planned, run, evaluator, names)
    yield* run.writeEvaluation(id, { spec, metrics, engine: engine.spec }, yield* rendered(findings))
  })

  const failures: Array<Cause.Cause<EvaluateFailure>> = []
  for (const evaluator of evaluators) {
    yield* one(evaluator).pipe(
      Effect.catchCause((cause) =>
        Cause.hasInterrupts(cause) ? Effect.failCause(cause) : Effect.sync(() => failures.push(cause))
      )
    )
  }
  const [first, ...others] = failures
  for (const cause of others) yield* Effect.logError(`run ${run.id}`, cause)
  if (first !== undefined) return yield* Effect.failCause(first)
})
