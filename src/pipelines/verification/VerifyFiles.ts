/**
 * Checks a run's folder: every digest, and every file that another one refers to.
 */
import { Effect, type FileSystem, Option, Path } from "effect"
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import { bestMetric } from "../training/Checkpointer.ts"
import { canonicalJson } from "../../core/Spec.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import type { RunEntry } from "../inspection/Catalogue.ts"
import * as Checkpoint from "../store/Checkpoint.ts"
import { check, type Finding, failuresOr, plural, skipped } from "./Finding.ts"
import type { Manifest } from "../store/Manifest.ts"
import * as ModelFolder from "../store/ModelFolder.ts"
import * as RunSnapshot from "../inspection/RunSnapshot.ts"
import * as Snapshot from "../store/Snapshot.ts"
import { corrupt } from "../files/StoreError.ts"
import { checkEvaluations } from "./VerifyEvaluations.ts"

/** The findings, and the readable contents of the run. */
export interface VerifiedFiles {
  readonly findings: ReadonlyArray<Finding>
  /** Undefined if it cannot be trusted. */
  readonly manifest: Manifest | undefined
  readonly history: ReadonlyArray<EpochMetrics>
  /** Whether the run is done and the checkpoint of its last step is intact. */
  readonly complete: boolean
}

const checkManifest = (entry: RunEntry, manifest: Option.Option<Manifest>) => {
  const { directory, id } = entry.run
  if (Option.isNone(manifest)) return Effect.fail(corrupt(directory, "it has no manifest.json"))
  const found = manifest.value
  if (/^[0-9a-f]{12}$/.test(id) && found.id !== id) {
    return Effect.fail(corrupt(directory, `its manifest is that of run ${found.id}`))
  }
  const faults =
    found.status === "done" && found.ended === undefined ? ["the run is done, but its end is not recorded"] : []
  return Effect.succeed(
    failuresOr(faults, `every field has its digest; the id ${found.id} matches specs, seed and data`)
  )
}

/** Whether two records of metrics are equal; a NaN equals itself. */
const sameMetrics = (left: Readonly<Record<string, number>>, right: Readonly<Record<string, number>>): boolean => {
  const text = (metrics: Readonly<Record<string, number>>) =>
    canonicalJson(Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)])))
  return text(left) === text(right)
}

/** Checks that the history has every epoch once, and that the run's summary equals the line of its result. */
const checkHistory = Effect.fnUntraced(function* (
  entry: RunEntry,
  manifest: Manifest | undefined,
  history: ReadonlyArray<EpochMetrics>
) {
  const last = history.at(-1)
  const epochs = manifest === undefined ? undefined : RunSnapshot.epochsOf(manifest)
  const missing = history.findIndex(({ epoch }, index) => epoch !== index + 1)
  const faults: Array<string> = []
  if (missing >= 0) faults.push(`metrics.ndjson: epoch ${missing + 1} is missing`)
  if (manifest?.status !== "done") {
    return failuresOr(faults, `${plural(history.length, "epoch")}${epochs === undefined ? "" : ` of ${epochs}`}`)
  }
  const stopping = RunSnapshot.stoppingOf(manifest)
  const isWhole = epochs === undefined ? last !== undefined : last?.epoch === epochs
  if (!isWhole && !EarlyStopping.isOver(stopping, history))
    faults.push(`metrics.ndjson: the last epoch is ${last?.epoch ?? "missing"}, not ${epochs ?? "known"}`)
  const result = EarlyStopping.resultOf(stopping, history)
  const summary = yield* entry.run.summary
  if (Option.isNone(summary)) faults.push("summary.json is missing")
  else if (
    result === undefined ||
    summary.value.epoch !== result.epoch ||
    summary.value.step !== result.step ||
    !sameMetrics(summary.value.metrics, result.metrics)
  ) {
    faults.push("summary.json differs from the last line of metrics.ndjson: one of them was changed")
  }
  return failuresOr(faults, `${plural(history.length, "epoch")}, and summary.json agrees with the last`)
})

const checkCheckpoints = Effect.fnUntraced(function* (
  entry: RunEntry,
  manifest: Manifest | undefined,
  history: ReadonlyArray<EpochMetrics>
) {
  const folder = (yield* Path.Path).join(entry.run.directory, "checkpoints")
  const id = manifest?.id ?? entry.run.id
  const names = yield* Checkpoint.names(folder)
  const faults: Array<string> = []
  const whole: Array<{ readonly epoch: number; readonly step: number; readonly loss?: number }> = []
  for (const name of names) {
    const found = yield* Effect.result(Checkpoint.inspect(folder, id, name))
    if (found._tag === "Success") whole.push(found.success)
    else faults.push(found.failure.message)
  }
  const best = whole.find(({ loss }) => loss !== undefined)
  const metric = bestMetric(manifest && RunSnapshot.stoppingOf(manifest))
  if (best !== undefined && history[best.epoch - 1]?.metrics[metric] !== best.loss) {
    faults.push(`${Checkpoint.bestName}: the loss of epoch ${best.epoch} in the history is not ${best.loss}`)
  }
  const last = history.at(-1)
  const isLast = whole.some(({ loss, step }) => loss === undefined && step === last?.step)
  const complete = manifest?.status === "done" && isLast
  if (manifest?.status === "done" && !isLast) {
    faults.push(`there is no intact checkpoint of the last step, ${last?.step ?? "which is unknown"}`)
  }
  const newest = whole[0] === undefined ? "" : `, the newest at epoch ${whole[0].epoch}, step ${whole[0].step}`
  const words = `${names.length === 0 ? "none" : `${names.length} intact`}${newest}${best === undefined ? "" : `, the best at epoch ${best.epoch}`}`
  return { complete, says: failuresOr(faults, words) }
})

const checkSnapshots = Effect.fnUntraced(function* (entry: RunEntry, id: string) {
  const folder = (yield* Path.Path).join(entry.run.directory, "snapshots")
  const epochs = yield* Snapshot.epochs(folder)
  const faults: Array<string> = []
  for (const epoch of epochs) {
    yield* Effect.catch(Snapshot.read(folder, id, epoch), (error) => Effect.sync(() => faults.push(error.message)))
  }
  return failuresOr(faults, epochs.length === 0 ? "none were kept" : `${epochs.length} intact`)
})

const checkModel = Effect.fnUntraced(function* (entry: RunEntry, manifest: Manifest) {
  const { directory } = entry.run
  const card = yield* ModelFolder.card(directory)
  if (Option.isNone(card)) return [skipped("no model/ with all of its files")]
  yield* ModelFolder.codes(directory)
  const { dataset, run } = card.value
  const faults = [
    ...(run === manifest.id ? [] : [`model/model.json: it belongs to run ${run}`]),
    ...(dataset.digest === manifest.data.digest ? [] : ["model/model.json: its data is not that of the run"])
  ]
  return failuresOr(faults, "the card belongs to this run; the codes have their digest")
})

/** Checks a run's folder. Never fails: faults are among the findings. */
export const verifyFiles = Effect.fn("VerifyFiles.verifyFiles")(function* (
  entry: RunEntry
): Effect.fn.Return<VerifiedFiles, never, FileSystem.FileSystem | Path.Path> {
  const { run } = entry
  const { sep } = yield* Path.Path
  const stored = yield* Effect.result(run.manifest)
  const manifest = stored._tag === "Success" ? Option.getOrUndefined(stored.success) : undefined
  const history = yield* Effect.result(run.history)
  const lines = history._tag === "Success" ? history.success : []
  let complete = false
  const findings = [
    yield* check(
      "manifest",
      stored._tag === "Failure" ? Effect.fail(stored.failure) : checkManifest(entry, stored.success)
    ),
    yield* check(
      "history",
      history._tag === "Failure" ? Effect.fail(history.failure) : checkHistory(entry, manifest, lines)
    ),
    yield* check(
      "checkpoints",
      Effect.map(checkCheckpoints(entry, manifest, lines), (found) => {
        complete = found.complete
        return found.says
      })
    ),
    yield* check("snapshots", checkSnapshots(entry, manifest?.id ?? run.id)),
    yield* check("evaluations", checkEvaluations(run.directory)),
    manifest?.status === "done" ? yield* check("model", checkModel(entry, manifest)) : []
  ].flat()
  return {
    // Paths are relative to the run's folder, which is printed above.
    findings: findings.map((finding) => ({
      ...finding,
      message: finding.message.replaceAll(run.directory + sep, "")
    })),
    manifest,
    history: lines,
    complete
  }
})
