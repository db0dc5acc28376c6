/**
 * The programmatic interface: train a sweep, load a finished run, use its model.
 *
 *     const run = yield* Runs.load("results/beta-sweep/3f9c")
 *     const { mean } = yield* run.encode(images)
 *     const again = yield* run.decode(mean)
 *
 * Laws: prints nothing, handles no signals, and keeps nothing beyond the scope. A loaded run needs only its folder, not
 * its experiment's file or data.
 */
import { availableParallelism } from "node:os"
import { Effect, FileSystem, Layer, Option, Path, Schema, type Scope } from "effect"
import { DataDirectories, type ImageShape } from "./core/Dataset.ts"
import type { EngineError } from "./core/Engine.ts"
import type { Experiment } from "./core/Experiment.ts"
import * as Session from "./core/engines/onnxruntime/Session.ts"
import { toOrt } from "./core/engines/onnxruntime/DoubleBuffer.ts"
import { normal, uniform } from "./core/Random.ts"
import { float32, type HostTensors, int32 } from "./core/Tensors.ts"
import type { Codes, EpochMetrics } from "./core/TrainedModel.ts"
import * as Progress from "./pipelines/console/Progress.ts"
import { fromPlatform, type StoreError } from "./pipelines/files/StoreError.ts"
import * as Catalogue from "./pipelines/inspection/Catalogue.ts"
import { plan } from "./pipelines/plan/Plan.ts"
import * as ModelFolder from "./pipelines/store/ModelFolder.ts"
import * as RunStore from "./pipelines/store/RunStore.ts"
import type { SummaryRow } from "./pipelines/store/SummaryRow.ts"
import * as RunExecutor from "./pipelines/sweep/RunExecutor.ts"
import * as RunExperiment from "./pipelines/sweep/RunExperiment.ts"
import * as ChooseEngine from "./pipelines/training/ChooseEngine.ts"

/** A run cannot be loaded or used. */
export class RunError extends Schema.TaggedError<RunError>()("RunError", {
  run: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.run}: ${this.reason}`
  }
}

/** A finished run and its model. Images are `[count, height, width, channels]` in [0, 1], row-major. */
export interface LoadedRun {
  readonly id: string
  readonly experiment: string
  /** Absolute path of the run's folder. */
  readonly directory: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly seed: number
  readonly shape: ImageShape
  readonly latent: number
  /** Names of the dataset's classes, if it has labels. */
  readonly classes: ReadonlyArray<string> | undefined
  /** Metrics of the last epoch, such as `test/loss`, in nats per image. */
  readonly metrics: Readonly<Record<string, number>>
  /** Metrics of every epoch. */
  readonly history: ReadonlyArray<EpochMetrics>
  /** `q(z | x)` of images; a model whose encoder takes labels needs one per image. */
  readonly encode: (images: Float32Array, labels?: ArrayLike<number>) => Effect.Effect<Codes, EngineError | RunError>
  /** Means of `p(x | z)` for codes `[count, latent]`; a model whose decoder takes labels needs one per code. */
  readonly decode: (
    codes: Float32Array,
    labels?: ArrayLike<number>
  ) => Effect.Effect<Float32Array, EngineError | RunError>
  /** Means of `p(x | z)` for `count` codes of the prior, the same for the same seed (default: 0). */
  readonly sample: (
    count: number,
    options?: { readonly seed?: number; readonly labels?: ArrayLike<number> }
  ) => Effect.Effect<Float32Array, EngineError | RunError>
}

/** Rows per call, a compromise of speed and memory. */
const chunkSize = 500

/** The run with the folder `path`, or with the last part of `path` as a prefix of its id. */
const find = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const { basename, dirname, resolve } = yield* Path.Path
  const [folder, name] = [resolve(path), basename(path)]
  if (yield* Effect.mapError(fs.exists(folder), fromPlatform(folder, "read"))) {
    return yield* Catalogue.runAt(basename(dirname(folder)), folder)
  }
  const experiment = dirname(folder)
  const runs = yield* Effect.map(
    Effect.orElseSucceed(Catalogue.experimentAt(experiment), () => Option.none()),
    (found) => Option.getOrUndefined(found)?.runs ?? []
  )
  const matching = runs.filter((run) => run.name.startsWith(name) && !run.setAside)
  if (matching.length === 1) return matching[0]!
  const names = (matching.length === 0 ? runs : matching).map((run) => run.name).join(", ")
  return yield* new RunError({
    run: path,
    reason:
      matching.length > 1
        ? `this is the prefix of ${matching.length} runs: ${names}; give more digits`
        : `the run does not exist; ${experiment} has ${names === "" ? "no runs" : names}`
  })
})

/** One network of a run's folder as a function of rows; `rows` are the shapes of one row of each input. */
const network = Effect.fnUntraced(function* (
  directory: string,
  which: ModelFolder.NetworkName,
  rows: Readonly<Record<string, ReadonlyArray<number>>>,
  classes?: number
) {
  const bytes = yield* ModelFolder.network(directory, which)
  if (Option.isNone(bytes)) return yield* new RunError({ run: directory, reason: `model/${which}.onnx is missing` })
  const session = yield* Session.open(which, bytes.value, { device: "cpu", threads: availableParallelism() })
  const sizes = Object.entries(rows).map(([name, row]) => ({ name, row, width: row.reduce((size, n) => size * n, 1) }))

  /** Computes the results by name, one row per input row. */
  return Effect.fnUntraced(function* (inputs: Readonly<Record<string, Float32Array>>, labels?: ArrayLike<number>) {
    const count = inputs[sizes[0]!.name]!.length / sizes[0]!.width
    const wrong = sizes.find(({ name, width }) => inputs[name]!.length !== Math.floor(count) * width)
    if (wrong !== undefined) {
      const reason = `${which} takes ${wrong.name} in rows of [${wrong.row.join(", ")}], but got ${inputs[wrong.name]!.length} numbers`
      return yield* new RunError({ run: directory, reason })
    }
    const given = Int32Array.from(labels ?? [])
    if (classes !== undefined && (given.length !== count || given.some((label) => !(label >= 0 && label < classes)))) {
      const reason = `${which} takes a label from 0 to ${classes - 1} per row: ${count} rows, labels [${given.slice(0, 10).join(", ")}]`
      return yield* new RunError({ run: directory, reason })
    }
    const joined: Record<string, Float32Array> = {}
    for (let start = 0; start < count; start += chunkSize) {
      const end = Math.min(count, start + chunkSize)
      const feeds: HostTensors = {
        ...Object.fromEntries(
          sizes.map(({ name, row, width }) => [
            name,
            float32([end - start, ...row], inputs[name]!.slice(start * width, end * width))
          ])
        ),
        ...(classes !== undefined && { labels: int32([end - start], given.slice(start, end)) })
      }
      const results = yield* Effect.tryPromise({
        try: () => session.run(Object.fromEntries(Object.entries(feeds).map(([name, host]) => [name, toOrt(host)]))),
        catch: Session.failed(which)
      })
      for (const [name, { data, dims }] of Object.entries(results)) {
        const length = (data as Float32Array).length / dims[0]!
        joined[name] ??= new Float32Array(count * length)
        joined[name].set(data as Float32Array, start * length)
      }
    }
    return joined
  })
})

const none = new Float32Array(0)

/**
 * Loads a finished run by the path of its folder, whose name may be a unique prefix of the id. Its model is on the CPU
 * until the scope closes. Errors: `RunError` if the run does not exist or has no model, `StoreError` for damaged files.
 */
export const load = Effect.fn("Runs.load")(function* (
  path: string
): Effect.fn.Return<LoadedRun, RunError | StoreError | EngineError, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const { run } = yield* find(path)
  const { directory } = run
  const manifest = Option.getOrUndefined(yield* run.manifest)
  if (manifest?.status !== "done") {
    const reason = `its status is ${manifest?.status ?? "unknown, because it has no manifest"}; only a finished run has a model`
    return yield* new RunError({ run: directory, reason })
  }
  const card = Option.getOrUndefined(yield* ModelFolder.card(directory))
  if (card === undefined) {
    return yield* new RunError({
      run: directory,
      reason: "it has no folder model; run its experiment again to write it"
    })
  }
  const { classes, labelled, latent, shape } = card
  const classesOf = (takes: boolean) => (takes ? classes?.length : undefined)
  const images = [shape.height, shape.width, shape.channels]
  const encoder = yield* network(directory, "encoder", { images }, classesOf(labelled.encoder))
  const decoder = yield* network(directory, "decoder", { codes: [latent] }, classesOf(labelled.decoder))
  const prior =
    card.prior === undefined ? undefined : yield* network(directory, "prior", { normal: [latent], uniform: [] })
  const history = yield* run.history
  const decode: LoadedRun["decode"] = Effect.fn("Runs.decode")(function* (codes, labels) {
    return (yield* decoder({ codes }, labels))["images"] ?? none
  })
  return {
    id: run.id,
    experiment: run.experiment,
    directory,
    parameters: manifest.parameters,
    seed: manifest.seed,
    shape,
    latent,
    classes,
    metrics: history.at(-1)?.metrics ?? {},
    history,
    encode: Effect.fn("Runs.encode")(function* (images, labels) {
      const { deviation = none, mean = none } = yield* encoder({ images }, labels)
      return { mean, deviation }
    }),
    decode,
    sample: Effect.fn("Runs.sample")(function* (count, { labels, seed = 0 } = {}) {
      const key = { seed, stream: "samples", step: 0 }
      const noise = normal(key, count * latent)
      if (prior === undefined) return yield* decode(noise, labels)
      const choices = uniform({ ...key, stream: "samples/component" }, count)
      const { codes = none } = yield* prior({ normal: noise, uniform: choices })
      return yield* decode(codes, labels)
    })
  }
})

export interface TrainOptions {
  /** Folder of the runs; default: `results`. */
  readonly results?: string
  /** The engine; default: the fastest one that works on this machine. */
  readonly engine?: ChooseEngine.Name
  /** Folder with one subfolder per dataset; default: the user's cache, then a download. */
  readonly dataDirectory?: string
}

/**
 * Trains and evaluates the unfinished runs of an experiment, writes the report, and returns one row per run with its
 * metrics and folder. Errors: those of `exp NAME`; `RunsFailed` if a run failed.
 */
export const train = Effect.fn("Runs.train")(function* (experiment: Experiment<any>, options: TrainOptions = {}) {
  const directories = Layer.succeed(DataDirectories, {
    dataDirectory: options.dataDirectory,
    cacheDirectory: undefined
  })
  const runs = yield* plan(experiment, (dataset) => dataset.locate).pipe(Effect.provide(directories))
  const engine = ChooseEngine.layer({ engine: options.engine ?? "auto", device: "auto" })
  const services = RunExecutor.layer.pipe(
    Layer.provide(directories),
    Layer.provideMerge(engine),
    Layer.provideMerge(Progress.layerSilent),
    Layer.provideMerge([directories, RunStore.layer(options.results ?? "results")])
  )
  const rows: ReadonlyArray<SummaryRow> = yield* RunExperiment.run(experiment, runs, {
    force: false,
    failFast: false
  }).pipe(Effect.provide(services, { local: true }))
  return rows
})
