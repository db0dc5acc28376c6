/**
 * Everything that can be read from a run's folder, in any state; what cannot be read is listed in `faults`.
 */
import { Effect, FileSystem, Option, Path } from "effect"
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import type { RunEntry } from "./Catalogue.ts"
import type { Manifest } from "../store/Manifest.ts"
import * as LiveStatus from "../store/LiveStatus.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import type { StoreError } from "../files/StoreError.ts"

export interface RunSnapshot {
  readonly entry: RunEntry
  readonly manifest: Manifest | undefined
  /** The run's status in one or two words, or why it is unknown. */
  readonly status: string
  readonly history: ReadonlyArray<EpochMetrics>
  /** Metrics of the epoch that is the run's result, then those of the evaluations. */
  readonly metrics: Readonly<Record<string, number>>
  /** Names of the figures, animations and pages of its evaluations. */
  readonly figures: ReadonlyArray<string>
  /** What could not be read. */
  readonly faults: ReadonlyArray<StoreError>
}

/** Ids of the evaluators with a stored result, sorted. */
export const evaluators = Effect.fnUntraced(function* (directory: string) {
  const folder = (yield* Path.Path).join(directory, "evaluations")
  const names = yield* FolderFiles.names(folder)
  return names.flatMap((name) => /^([0-9a-f]{12})\.json$/.exec(name)?.[1] ?? []).sort()
})

/** The early stopping of the run's training, if any. */
export const stoppingOf = ({ specs }: Manifest): EarlyStopping.EarlyStopping | undefined =>
  specs.training["stopping"] as EarlyStopping.EarlyStopping | undefined

/** Maximum number of epochs of the training; undefined if its duration is in steps. */
export const epochsOf = ({ specs }: Manifest): number | undefined =>
  typeof specs.training["epochs"] === "number" ? specs.training["epochs"] : undefined

const statusOf = Effect.fnUntraced(function* (
  results: string,
  manifest: Manifest | undefined,
  broken: boolean,
  history: ReadonlyArray<EpochMetrics>
) {
  if (manifest === undefined) return broken ? "unreadable" : "no manifest"
  const status = yield* LiveStatus.liveStatus(results, manifest)
  return status === "done" ? status : `${status} (epoch ${history.length} of ${epochsOf(manifest) ?? "?"})`
})

/** Reads a run's folder. Never fails. */
export const read = Effect.fn("RunSnapshot.read")(function* (
  entry: RunEntry
): Effect.fn.Return<RunSnapshot, never, FileSystem.FileSystem | Path.Path> {
  const { run } = entry
  const { dirname } = yield* Path.Path
  const faults: Array<StoreError> = []
  const orElse = <A, R>(effect: Effect.Effect<A, StoreError, R>, fallback: A): Effect.Effect<A, never, R> =>
    Effect.catch(effect, (error) => {
      faults.push(error)
      return Effect.succeed(fallback)
    })
  const manifest = Option.getOrUndefined(yield* orElse(run.manifest, Option.none()))
  const broken = faults.length > 0
  const history = yield* orElse<ReadonlyArray<EpochMetrics>, never>(run.history, [])
  const results = yield* Effect.forEach(yield* orElse(evaluators(run.directory), []), (id) =>
    orElse(run.evaluation(id), Option.none())
  )
  const found = results.flatMap(Option.toArray)
  return {
    entry,
    manifest,
    status: yield* statusOf(dirname(dirname(run.directory)), manifest, broken, history),
    history,
    metrics: Object.assign(
      {},
      EarlyStopping.resultOf(manifest && stoppingOf(manifest), history)?.metrics,
      ...found.map(({ metrics }) => metrics)
    ),
    figures: found.flatMap(({ figures }) => figures).sort(),
    faults
  }
})
