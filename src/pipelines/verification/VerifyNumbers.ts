/**
 * Checks that a run's model still gives the recorded numbers: plans the run again from its manifest, reads and verifies
 * its data, and evaluates the parameters of its last checkpoint.
 *
 * Law: in the recorded environment bits must be equal; elsewhere numbers must agree within `evaluationTolerance`, and
 * differences are reported.
 */
import { Effect, Option, type Scope } from "effect"
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import type { DatasetError, DatasetPlatform, LoadedDataset } from "../../core/Dataset.ts"
import { Engine } from "../../core/Engine.ts"
import type { ResolvedEvaluator } from "../../core/Evaluation.ts"
import { mean } from "../../core/evaluations/Mean.ts"
import { Snapshots } from "../../core/Snapshots.ts"
import { canonicalJson, type Json } from "../../core/Spec.ts"
import { TrainedModel } from "../../core/TrainedModel.ts"
import * as CompareMetrics from "./CompareMetrics.ts"
import { formatDifference } from "../plan/Differences.ts"
import * as Evaluate from "../training/Evaluate.ts"
import { check, close, failed, type Finding, note, ok, skipped } from "./Finding.ts"
import type { Manifest } from "../store/Manifest.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { type Replanned, replan } from "../plan/Replan.ts"
import type { Provenance } from "../store/Provenance.ts"
import type { Run } from "../store/Run.ts"
import * as Environment from "./Environment.ts"
import type { VerifiedFiles } from "./VerifyFiles.ts"

/** The finding on some metrics. */
const judge = (what: string, deviations: ReadonlyArray<CompareMetrics.Deviation>, sameSetting: boolean) => {
  const [largest] = deviations
  if (largest === undefined) return ok(`${what}: identical bits`)
  const words = `${what}: ${CompareMetrics.format(largest)}`
  if (sameSetting) return failed(`${words}, where bits must be equal`)
  return largest.relative <= CompareMetrics.evaluationTolerance
    ? close(`${words}, within ${CompareMetrics.evaluationTolerance}`)
    : failed(`${words}, more than ${CompareMetrics.evaluationTolerance}`)
}

/** The inputs of the checks. */
interface Computing {
  readonly planned: PlannedRun
  readonly run: Run
  readonly recorded: VerifiedFiles
  readonly data: Effect.Effect<LoadedDataset, DatasetError>
  readonly sameSetting: boolean
}

/** Compares the terms on the test images with the history's line of the run's result. */
const checkTerms = Effect.fnUntraced(function* (
  { planned, recorded, sameSetting }: Computing,
  trained: TrainedModel["Service"]
) {
  const terms = yield* trained.terms("test")
  const now = Object.fromEntries(Object.entries(terms).map(([name, values]) => [`test/${name}`, mean(values)]))
  const metrics = EarlyStopping.resultOf(planned.training.stopping, recorded.history)?.metrics ?? {}
  const test = Object.fromEntries(Object.entries(metrics).filter(([name]) => name.startsWith("test/")))
  return [judge(Object.keys(test).join(", "), CompareMetrics.deviations(test, now), sameSetting)]
})

/** Compares one evaluation's metrics and figures with the stored ones. */
const checkEvaluation = Effect.fnUntraced(function* (
  { run, sameSetting }: Computing,
  { id, run: compute, spec }: ResolvedEvaluator
) {
  const stored = yield* run.evaluation(id)
  if (Option.isNone(stored)) return [skipped(`${spec._tag}: it has no complete result`)]
  const { figures, metrics } = yield* compute
  const faults = [judge(`${spec._tag}, numbers`, CompareMetrics.deviations(stored.value.metrics, metrics), sameSetting)]
  const differing = yield* Effect.filter(figures, (figure) =>
    Effect.map(
      run.figure(figure.name),
      (kept) =>
        Option.isNone(kept) || canonicalJson(kept.value as unknown as Json) !== canonicalJson(figure as unknown as Json)
    )
  )
  const names = differing.map(({ name }) => name).join(", ")
  if (names === "") return faults
  // Another engine may shift every point of a figure slightly.
  const says = `${spec._tag}, figures: the data of ${names} differs from the recorded data`
  return [...faults, sameSetting ? failed(says) : note(says)]
})

const compute = Effect.fn("VerifyNumbers.compute")(function* (computing: Computing, evaluations: boolean) {
  const { data, planned, run } = computing
  const model = yield* Effect.result(Effect.flatMap(data, (loaded) => Evaluate.trainedModel(planned, run, loaded)))
  if (model._tag === "Failure") return yield* check("numbers", Effect.fail(model.failure))
  const { snapshots, trained } = model.success
  const findings = yield* check("numbers", checkTerms(computing, trained))
  const more = yield* Effect.forEach(evaluations ? planned.evaluation.evaluators : [], (evaluator) =>
    check(
      "numbers",
      checkEvaluation(computing, evaluator).pipe(
        Effect.provideService(TrainedModel, trained),
        Effect.provideService(Snapshots, snapshots)
      )
    )
  )
  return [...findings, ...more.flat()]
})

/** Compares the specs in the experiment's file with the manifest. */
const specFindings = ({ changes }: Replanned) => {
  const words = changes.map((change) =>
    formatDifference(change, { left: "in the manifest", right: "in the experiment's file" })
  )
  return words.length === 0
    ? [ok("the experiment's file describes this run")]
    : words.map((word) => failed(`${word}: the experiment has changed since`))
}

const dataFindings = Effect.fnUntraced(function* (
  { data: { digest } }: Manifest,
  { missing, planned: { dataset, located } }: Replanned,
  load: Effect.Effect<LoadedDataset, DatasetError>
) {
  if (missing !== undefined) return yield* missing
  if (located.digest !== digest) {
    return [
      failed(
        `sha256 ${digest} in the manifest, but ${located.digest} at ${located.location}; --data-dir names the folder of the recorded data`
      )
    ]
  }
  const { test, train } = yield* load
  const counts = `${train.count.toLocaleString("en-US")} and ${test.count.toLocaleString("en-US")} images`
  return [ok(`${dataset.name} from ${located.location}, ${counts}, sha256 ${digest.slice(0, 12)}...`)]
})

export interface VerifyOptions {
  readonly provenance: Provenance
  /** The experiment's file, if it is not in `experiments/`. */
  readonly file: string | undefined
  /** Whether to run the evaluations again as well. */
  readonly evaluations: boolean
  readonly load: (run: PlannedRun) => Effect.Effect<LoadedDataset, DatasetError>
}

/** Checks specs, data and numbers of a run whose files were checked. Never fails: faults are among the findings. */
export const verifyNumbers = Effect.fn("VerifyNumbers.verifyNumbers")(function* (
  run: Run,
  recorded: VerifiedFiles,
  options: VerifyOptions
): Effect.fn.Return<ReadonlyArray<Finding>, never, DatasetPlatform | Engine | Scope.Scope> {
  const { manifest } = recorded
  if (manifest === undefined) {
    return yield* check("numbers", Effect.succeed([skipped("not computed again without a manifest")]))
  }
  const again = yield* Effect.result(replan(manifest, options.file))
  if (again._tag === "Failure") return yield* check("specs", Effect.fail(again.failure))
  const { changes, planned } = again.success
  const data = yield* Effect.cached(options.load(planned))
  const specs = yield* check("specs", Effect.succeed(specFindings(again.success)))
  const found = yield* check("data", dataFindings(manifest, again.success, data))
  const why =
    manifest.status !== "done"
      ? `the run is ${manifest.status}`
      : !recorded.complete
        ? "the checkpoint of its last step is damaged"
        : // Numbers of a trained model do not depend on how it was trained.
          changes.some(({ path }) => !path.startsWith("training"))
          ? "the experiment now describes another model, data or objective"
          : found.some(({ verdict }) => verdict === "FAILED")
            ? "the data is not available"
            : undefined
  if (why !== undefined) {
    return [...specs, ...found, ...(yield* check("numbers", Effect.succeed([skipped(`not computed again: ${why}`)])))]
  }
  const differing = yield* Environment.changes(manifest, options.provenance)
  const setting = yield* check("setting", Effect.succeed([Environment.finding(differing)]))
  const computing = { planned, run, recorded, data, sameSetting: differing.length === 0 }
  const numbers = yield* Effect.scoped(compute(computing, options.evaluations))
  return [...specs, ...found, ...setting, ...numbers]
})
