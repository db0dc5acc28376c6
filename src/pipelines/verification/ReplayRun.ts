/**
 * Replays a finished run: trains it again from its manifest in another folder, and compares the results with the
 * recorded ones.
 *
 * Law: in the recorded environment, parameters, optimiser state, history and snapshots must have equal bits; elsewhere
 * the metrics of every epoch must be within `trainingTolerance`, and differences of parameters are only reported,
 * because training amplifies them.
 */
import { Effect, Option, Runtime, Schema } from "effect"
import { canonicalJson, type Json } from "../../core/Spec.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import { defaultInterval } from "../training/CheckpointInterval.ts"
import * as CompareMetrics from "./CompareMetrics.ts"
import * as CompareTensors from "./CompareTensors.ts"
import { formatDifference } from "../plan/Differences.ts"
import * as Evaluate from "../training/Evaluate.ts"
import { check, close, failed, type Finding, note, ok, plural, skipped } from "./Finding.ts"
import * as LoadData from "../plan/LoadData.ts"
import type { Manifest } from "../store/Manifest.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { replan } from "../plan/Replan.ts"
import type { Provenance } from "../store/Provenance.ts"
import type { Run } from "../store/Run.ts"
import { RunStore } from "../store/RunStore.ts"
import * as Environment from "./Environment.ts"
import * as Snapshot from "../store/Snapshot.ts"
import { corrupt } from "../files/StoreError.ts"
import * as TrainRun from "../training/TrainRun.ts"

/** A run cannot be replayed. Exit code 1. */
export class ReplayError extends Schema.TaggedError<ReplayError>()("ReplayError", {
  run: Schema.String,
  reason: Schema.String
}) {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `run ${this.run} cannot be replayed: ${this.reason}`
  }
}

/** The run's plan, which must describe the same run. */
const planOf = Effect.fnUntraced(function* (manifest: Manifest, file: string | undefined) {
  const { id } = manifest
  if (manifest.status !== "done") {
    const reason = `its status is "${manifest.status}", so there is no final state to compare with`
    return yield* new ReplayError({ run: id, reason })
  }
  const { changes, missing, planned } = yield* replan(manifest, file)
  if (missing !== undefined) return yield* missing
  const [change] = changes
  if (change !== undefined) {
    const words = formatDifference(change, { left: "in the manifest", right: "in the experiment's file now" })
    return yield* new ReplayError({ run: id, reason: words })
  }
  if (planned.located.digest !== manifest.data.digest) {
    const { digest, location } = planned.located
    const reason = `its data has sha256 ${manifest.data.digest}, but ${location} has ${digest}; give another folder with --data-dir`
    return yield* new ReplayError({ run: id, reason })
  }
  return planned
})

const finalState = Effect.fnUntraced(function* (run: Run) {
  const checkpoint = yield* run.checkpoint
  return Option.isSome(checkpoint) ? checkpoint.value : yield* corrupt(run.directory, "it has no intact checkpoint")
})

const compareStates = Effect.fnUntraced(function* (recorded: Run, now: Run, sameSetting: boolean) {
  const [left, right] = [yield* finalState(recorded), yield* finalState(now)]
  if (left.step !== right.step) return [failed(`recorded at step ${left.step}, now at step ${right.step}`)]
  const comparison = CompareTensors.compareTensors(left.tensors, right.tensors)
  const words = `parameters and optimiser state after step ${left.step}: ${CompareTensors.format(comparison)}`
  if (CompareTensors.identical(comparison)) return [ok(words)]
  return [sameSetting || comparison.incomparable.length > 0 ? failed(words) : note(words)]
})

/** Compares histories line by line, except for speeds. */
const compareHistories = (
  recorded: ReadonlyArray<EpochMetrics>,
  now: ReadonlyArray<EpochMetrics>,
  sameSetting: boolean
) => {
  const unlike = recorded.find(({ epoch, step }, index) => now[index]?.epoch !== epoch || now[index].step !== step)
  if (recorded.length !== now.length || unlike !== undefined) {
    return [failed(`${plural(recorded.length, "epoch")} recorded, ${now.length} now, or with different steps`)]
  }
  const lines = recorded.flatMap(({ epoch, metrics }, index) => {
    const [largest] = CompareMetrics.deviations(metrics, now[index]!.metrics)
    return largest === undefined ? [] : [{ epoch, ...largest }]
  })
  const [first] = lines
  if (first === undefined) return [ok(`${plural(recorded.length, "epoch")}, identical bits`)]
  const largest = lines.reduce((one, other) => (other.relative > one.relative ? other : one))
  const words = `${lines.length} of ${plural(recorded.length, "epoch")} differ, from epoch ${first.epoch} on, most in epoch ${largest.epoch}: ${CompareMetrics.format(largest)}`
  if (sameSetting) return [failed(words)]
  const within = largest.relative <= CompareMetrics.trainingTolerance
  return [(within ? close : failed)(`${words}, ${within ? "within" : "more than"} ${CompareMetrics.trainingTolerance}`)]
}

/** Compares parameters at the epochs of which both runs have snapshots. */
const compareSnapshots = Effect.fnUntraced(function* (recorded: Run, now: Run, sameSetting: boolean) {
  const epochs = yield* Snapshot.epochs(`${recorded.directory}/snapshots`)
  const both = yield* Effect.filter(epochs, (epoch) => now.hasSnapshot(epoch))
  if (both.length === 0) return [skipped("none were kept")]
  const differing = yield* Effect.filter(both, (epoch) =>
    Effect.map(Effect.all([recorded.snapshot(epoch), now.snapshot(epoch)]), ([left, right]) => {
      const tensors = [Option.getOrElse(left, () => ({})), Option.getOrElse(right, () => ({}))] as const
      return !CompareTensors.identical(CompareTensors.compareTensors(...tensors))
    })
  )
  if (differing.length === 0) return [ok(`${both.length}, identical bits`)]
  const words = `different parameters after epoch ${differing.join(", ")}`
  return [sameSetting ? failed(words) : note(words)]
})

/** Compares metrics and figures of one evaluation. */
const compareEvaluation = Effect.fnUntraced(function* (
  { id, tag }: { readonly id: string; readonly tag: string },
  recorded: Run,
  now: Run,
  sameSetting: boolean
) {
  const [left, right] = [yield* recorded.evaluation(id), yield* now.evaluation(id)]
  if (Option.isNone(left) || Option.isNone(right)) return [skipped(`${tag}: it has no complete result`)]
  const [largest] = CompareMetrics.deviations(left.value.metrics, right.value.metrics)
  const differing = yield* Effect.filter(left.value.figures, (name) =>
    Effect.map(
      Effect.all([recorded.figure(name), now.figure(name)]),
      (pair) => new Set(pair.map((figure) => canonicalJson(Option.getOrNull(figure) as unknown as Json))).size > 1
    )
  )
  const words = [
    ...(largest === undefined ? [] : [CompareMetrics.format(largest)]),
    ...(differing.length === 0 ? [] : [`the data of the figures ${differing.join(", ")} differs`])
  ].join("; ")
  if (words === "") return [ok(`${tag}: equal metrics and figure data`)]
  return [sameSetting ? failed(`${tag}: ${words}`) : note(`${tag}: ${words}`)]
})

export interface ReplayOptions {
  readonly provenance: Provenance
  /** The experiment's file, if it is not in `experiments/`. */
  readonly file: string | undefined
  /** Whether to run the evaluations again as well. */
  readonly evaluations: boolean
}

/** Trains the run in the store of the context, and evaluates it if requested. */
const trainAgain = Effect.fnUntraced(function* (planned: PlannedRun, { evaluations, provenance }: ReplayOptions) {
  const data = (yield* LoadData.make)(planned)
  const run = yield* (yield* RunStore).open(planned.experiment, planned.id)
  const position = { run: 1, runs: 1, epochsAfter: 0 }
  yield* Effect.scoped(TrainRun.train({ planned, position, data, provenance, checkpointEvery: defaultInterval }, run))
  const { evaluators } = planned.evaluation
  if (evaluations) yield* Effect.scoped(Evaluate.evaluate({ planned, run, evaluators, data }))
  return run
})

/** Trains the run again in the store of the context, which must not contain it, and compares. */
export const replay = Effect.fn("ReplayRun.replay")(function* (
  recorded: Run,
  manifest: Manifest,
  options: ReplayOptions
) {
  const planned = yield* planOf(manifest, options.file)
  const now = yield* trainAgain(planned, options)
  const changes = yield* Environment.changes(manifest, options.provenance)
  const same = changes.length === 0
  const histories = Effect.map(Effect.all([recorded.history, now.history]), ([left, right]) =>
    compareHistories(left, right, same)
  )
  const evaluators = options.evaluations ? planned.evaluation.evaluators : []
  const findings: ReadonlyArray<Finding> = [
    yield* check("setting", Effect.succeed([Environment.finding(changes)])),
    yield* check("state", compareStates(recorded, now, same)),
    yield* check("history", histories),
    yield* check("snapshots", compareSnapshots(recorded, now, same)),
    ...(yield* Effect.forEach(evaluators, ({ id, spec }) =>
      check("evaluation", compareEvaluation({ id, tag: spec._tag }, recorded, now, same))
    ))
  ].flat()
  return findings
})
