/**
 * The contract of evaluations, which compute metrics and figures of a trained model.
 *
 * Laws: an evaluation has no side effects and is a function of the trained model, its spec and the run's seed; what it
 * needs beyond the common contract (labels, a planar latent space) is in its type; evaluations are not part of a run's
 * identity, so they can be added to finished runs.
 */
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Engine, type EngineError } from "./Engine.ts"
import type { Animation, Figure, HtmlPage } from "./Figure.ts"
import type { EpochInterval } from "./EpochInterval.ts"
import type { SnapshotError, Snapshots } from "./Snapshots.ts"
import { digestOf, type Spec } from "./Spec.ts"
import { TrainedModel } from "./TrainedModel.ts"

/** The metrics, figures, animations and pages of an evaluation. */
export interface EvaluationOutput {
  /** Such as `test/elbo`; the name starts with the split; in nats per image unless the name says otherwise. */
  readonly metrics: Readonly<Record<string, number>>
  readonly figures: ReadonlyArray<Figure>
  readonly animations?: ReadonlyArray<Animation>
  readonly pages?: ReadonlyArray<HtmlPage>
}

/** An evaluation failed. */
export class EvaluationError extends Schema.TaggedError<EvaluationError>()("EvaluationError", {
  evaluation: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.evaluation}: ${this.reason}`
  }
}

/** One evaluation; `Needs` are the services it uses besides the trained model and the engine. */
export interface Evaluator<out Needs = never> {
  readonly spec: Spec
  /** The services of `Needs`, at run time. */
  readonly needs: ReadonlyArray<Context.Key<any, any>>
  readonly run: Effect.Effect<EvaluationOutput, EngineError | EvaluationError, TrainedModel | Engine | Needs>
}

/** An evaluation of the model during training: `run` may use `Snapshots` of the epochs in `every`. */
export interface TrainingEvaluator<out Needs = never> {
  readonly spec: Spec
  readonly needs: ReadonlyArray<Context.Key<any, any>>
  readonly every: EpochInterval
  readonly run: Effect.Effect<
    EvaluationOutput,
    EngineError | EvaluationError | SnapshotError,
    TrainedModel | Snapshots | Engine | Needs
  >
}

/** Makes an evaluation; `run` may use the services named in `needs`. */
export const make = <const Keys extends ReadonlyArray<Context.Key<any, any>> = []>(options: {
  readonly spec: Spec
  readonly needs?: Keys
  readonly run: Effect.Effect<
    EvaluationOutput,
    EngineError | EvaluationError,
    TrainedModel | Engine | NoInfer<Keys[number]["Identifier"]>
  >
}): Evaluator<Keys[number]["Identifier"]> => ({ needs: [], ...options })

/** An evaluation whose needs are provided. */
export interface ResolvedEvaluator {
  readonly spec: Spec
  /** Hash of the spec; identifies the evaluation's results. */
  readonly id: string
  /** The epochs whose parameters it needs. */
  readonly every?: EpochInterval
  readonly run: Effect.Effect<
    EvaluationOutput,
    EngineError | EvaluationError | SnapshotError,
    TrainedModel | Snapshots | Engine
  >
}

export class Evaluation extends Context.Service<
  Evaluation,
  { readonly evaluators: ReadonlyArray<ResolvedEvaluator> }
>()("vae/core/Evaluation") {}

/** An evaluation that is skipped if its needs are not met. */
export interface OptionalEvaluator<out Needs> {
  readonly optional: Evaluator<Needs> | TrainingEvaluator<Needs>
}

/**
 * Makes an evaluation optional: it is skipped if the dataset or the model does not provide what it needs.
 *
 * `optional(Manifold())` belongs in an experiment whose latent dimension is a parameter.
 */
export const optional = <Needs>(evaluator: Evaluator<Needs> | TrainingEvaluator<Needs>): OptionalEvaluator<Needs> => ({
  optional: evaluator
})

type NeedsOf<E> = E extends Evaluator<infer Needs> ? Needs : E extends TrainingEvaluator<infer Needs> ? Needs : never

const resolve = <Needs>(
  evaluator: Evaluator<Needs> | TrainingEvaluator<Needs>,
  context: Context.Context<Needs>
): ResolvedEvaluator => ({
  spec: evaluator.spec,
  ...("every" in evaluator ? { every: evaluator.every } : {}),
  id: digestOf(evaluator.spec).slice(0, 12),
  // Only the needs: engine, trained model and loggers come from the caller.
  run: Effect.provideContext(evaluator.run, Context.pick(...evaluator.needs)(context) as Context.Context<Needs>)
})

/** Provides the evaluations of an experiment; requires what they need. */
export const layer = <Members extends ReadonlyArray<Evaluator<any> | TrainingEvaluator<any> | OptionalEvaluator<any>>>(
  ...members: Members
): Layer.Layer<Evaluation, never, NeedsOf<Members[number]>> =>
  Layer.effect(
    Evaluation,
    Effect.contextWith((context: Context.Context<any>) =>
      Effect.succeed({
        evaluators: members.flatMap((member) => {
          if (!("optional" in member)) return [resolve(member, context)]
          const met = member.optional.needs.every((need: Context.Key<any, unknown>) =>
            Option.isSome(Context.getOption(context, need))
          )
          return met ? [resolve(member.optional, context)] : []
        })
      })
    )
  )
