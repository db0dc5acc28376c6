/**
 * Collects what the report page shows of a sweep from the runs' folders, in any state.
 */
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import { DateTime, Effect, type FileSystem, Option, Path } from "effect"
import type { Experiment } from "../../core/Experiment.ts"
import type { Figure } from "../../core/Figure.ts"
import { canonicalJson, type Json } from "../../core/Spec.ts"
import * as FigureFolder from "../store/FigureFolder.ts"
import { sweepCurves } from "../figures/SweepCurves.ts"
import type { Manifest } from "../store/Manifest.ts"
import * as ModelFolder from "../store/ModelFolder.ts"
import { ProgramName } from "../console/ProgramName.ts"
import { varyingNames, type PlannedRun } from "../plan/Plan.ts"
import * as SweepFigures from "../figures/SweepFigures.ts"
import type { Run } from "../store/Run.ts"
import { type FoundRun, RunStore } from "../store/RunStore.ts"
import * as LiveStatus from "../store/LiveStatus.ts"
import type { StoreError } from "../files/StoreError.ts"
import type { SummaryRow } from "../store/SummaryRow.ts"
import { commandText, parameterTexts } from "./CommandText.ts"
import * as AssetName from "./AssetName.ts"
import { sentences } from "./RunSentence.ts"
import type { FigureEntry, FigureData, ModelData, ReportData, RunData } from "./ReportData.ts"

/** A run of the report, and where it was found. */
export interface CollectedRun {
  readonly data: RunData
  readonly planned: PlannedRun
  readonly run: Run | undefined
  readonly card: ModelFolder.ModelCard | undefined
}

export interface CollectedReport {
  readonly data: ReportData
  readonly runs: ReadonlyArray<CollectedRun>
}

const exhibitOf = Effect.fnUntraced(function* (run: Run, name: string) {
  const { join } = yield* Path.Path
  const folder = join(run.directory, "figures")
  const figure = yield* FigureFolder.read(folder, name)
  if (Option.isSome(figure)) {
    const { caption, title } = figure.value
    return [{ name, title, caption, kind: "figure", part: AssetName.figure(run.id, name) } satisfies FigureEntry]
  }
  const about = yield* FigureFolder.readDescription(folder, name)
  // HTML pages are not included: the report shows the same interactively.
  if (Option.isNone(about) || !about.value.files.includes("gif")) return []
  const { caption, title } = about.value
  return [{ name, title, caption, kind: "animation", part: AssetName.animation(run.id, name) } satisfies FigureEntry]
})

const modelOf = ({ classes, dataset, labelled, latent, prior, run, shape }: ModelFolder.ModelCard): ModelData => ({
  latent,
  shape,
  ...(classes !== undefined && { classes }),
  labelled,
  encoder: AssetName.network(run, "encoder"),
  decoder: AssetName.network(run, "decoder"),
  ...(prior !== undefined && { prior: AssetName.network(run, "prior") }),
  codes: AssetName.codes(run),
  images: AssetName.images(dataset.digest)
})

const inWords = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => (name === "_tag" ? String(value) : `${name} ${value}`))
    .join(", ")

const factsOf = (manifest: Manifest): RunData["made"] => {
  const { data, ended, engine, git, host, started, versions } = manifest
  return [
    { name: "data", value: `${data.source}, SHA-256 ${data.digest}` },
    { name: "engine", value: inWords(engine) },
    { name: "machine", value: `${host.cpu}, ${host.cores} cores, ${host.platform} ${host.arch}` },
    { name: "started", value: DateTime.formatIso(started) },
    ...(ended === undefined ? [] : [{ name: "ended", value: DateTime.formatIso(ended) }]),
    ...(git === undefined ? [] : [{ name: "commit", value: `${git.commit}${git.dirty ? ", with changes" : ""}` }]),
    { name: "versions", value: inWords(versions) }
  ]
}

/** The contents of a run's folder: metrics, figures, model. */
const contents = Effect.fnUntraced(function* ({ evaluation, training }: PlannedRun, { manifest, run }: FoundRun) {
  const store = yield* RunStore
  const { epochs: history } = yield* run.readableHistory
  const results = (yield* Effect.forEach(evaluation.evaluators, ({ id }) => run.evaluation(id))).flatMap(Option.toArray)
  const names = [...new Set(results.flatMap(({ figures }) => figures))]
  const card = manifest.status === "done" ? yield* ModelFolder.card(run.directory) : Option.none()
  const status = yield* LiveStatus.liveStatus(store.directory, manifest)
  return {
    history,
    card: Option.getOrUndefined(card),
    status: status === "killed" ? ("interrupted" as const) : status,
    error: manifest.exit?.message,
    metrics: Object.assign(
      {},
      EarlyStopping.resultOf(training.stopping, history)?.metrics,
      ...results.map(({ metrics }) => metrics)
    ) as Record<string, number>,
    exhibits: (yield* Effect.forEach(names, (name) => exhibitOf(run, name))).flat(),
    made: factsOf(manifest)
  }
})

const collectRun = Effect.fnUntraced(function* (
  experiment: Experiment<any>,
  planned: PlannedRun,
  row: SummaryRow | undefined
) {
  const store = yield* RunStore
  const parameters = yield* parameterTexts(experiment, planned)
  const found = Option.getOrUndefined(
    yield* Effect.orElseSucceed(store.find(planned.id, planned.experiment), () => Option.none<FoundRun>())
  )
  const inside = found === undefined ? undefined : yield* Effect.option(contents(planned, found))
  const held = inside === undefined ? undefined : Option.getOrUndefined(inside)
  const error = row?.error ?? held?.error
  const report: CollectedRun & { readonly history: SweepFigures.ReportedRun["history"] } = {
    planned,
    run: found?.run,
    card: held?.card,
    history: held?.history ?? [],
    data: {
      id: planned.id,
      label: SweepFigures.caption(planned.label),
      seed: planned.seed,
      status: row?.status ?? held?.status ?? "planned",
      sentence: "",
      ...(error !== undefined && { error }),
      parameters,
      epochs: { done: held?.history.length ?? 0, of: planned.training.epochs ?? held?.history.length ?? 0 },
      metrics: held?.metrics ?? {},
      reference: planned.reference,
      command: commandText(yield* ProgramName, planned, parameters),
      made: held?.made ?? [],
      ...(held?.card !== undefined && { model: modelOf(held.card) }),
      exhibits: held?.exhibits ?? []
    }
  }
  return report
})

/** Figures that compare the runs; for a single run its curves, unless it has its own. */
const figuresOf = (name: string, reported: ReadonlyArray<SweepFigures.ReportedRun>, own: ReadonlySet<string>) =>
  reported.length === 1 && !own.has("curves")
    ? [sweepCurves(reported, { name: "curves", title: `${name} · test loss and its terms` })]
    : SweepFigures.figures(name, reported)

const figureData = ({ caption, name, title, view }: Figure): FigureData => ({
  name,
  title,
  caption,
  view: view as { readonly [key: string]: Json }
})

export interface CollectOptions {
  readonly experiment: Experiment<any>
  readonly runs: ReadonlyArray<PlannedRun>
  /** Rows of the runs that have ended. */
  readonly rows: ReadonlyArray<SummaryRow>
  readonly live: boolean
}

/** Collects the current content of the page. An unreadable run is shown without its results. */
export const collect = Effect.fn("CollectReport.gather")(function* (
  options: CollectOptions
): Effect.fn.Return<CollectedReport, StoreError, RunStore | FileSystem.FileSystem | Path.Path> {
  const { experiment, live, rows } = options
  const runs = yield* Effect.forEach(options.runs, (planned) =>
    collectRun(
      experiment,
      planned,
      rows.find(({ id }) => id === planned.id)
    )
  )
  const varied = varyingNames(options.runs.map(({ parameters }) => parameters))
  const trained = runs.filter(({ history }) => history.length > 0)
  const likelihoods = new Set(trained.map(({ planned }) => canonicalJson(planned.specs.model["likelihood"] ?? null)))
  const described = sentences(
    runs.map(({ data }) => data),
    likelihoods.size === 1
  )
  const reported = trained.map(({ data, history, planned }) => ({
    label: data.label === "" ? `run ${data.id}` : data.label,
    history,
    metrics: data.metrics,
    // Figures of single runs are shown separately.
    figures: [],
    likelihood: planned.specs.model["likelihood"] ?? null
  }))
  return {
    runs,
    data: {
      format: "effect-vae report 1",
      experiment: experiment.name,
      description: experiment.description,
      made: DateTime.formatIso(yield* DateTime.now),
      live,
      parameters: Object.entries(experiment.parameters).map(([name, { description }]) => ({
        name,
        description,
        varies: varied.includes(name)
      })),
      runs: runs.map(({ data }, index) => ({ ...data, sentence: described[index]! })),
      figures: figuresOf(
        experiment.name,
        reported,
        new Set(trained.flatMap(({ data }) => data.exhibits.map(({ name }) => name)))
      ).map(figureData)
    }
  }
})
