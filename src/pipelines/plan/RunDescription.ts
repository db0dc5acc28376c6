/**
 * The description of a planned run, from which another process or machine plans it again.
 *
 * Law: the new plan has the same id or is refused. Equal ids mean equal specs, seed and data.
 */
import { Effect, type FileSystem, Path, Schema } from "effect"
import type { DatasetError, DatasetPlatform } from "../../core/Dataset.ts"
import { UsageError } from "../console/UsageError.ts"
import * as CodeDigest from "./CodeDigest.ts"
import type { ExperimentError } from "./LoadExperiment.ts"
import type { PlanError, PlannedRun } from "./Plan.ts"
import { planPoint } from "./Replan.ts"

/** A path relative to the working directory, with `/` as separator. */
const RelativePath = Schema.String.check(Schema.isPattern(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^/\\\0][^\\\0]{0,999}$/))

const Digest = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

export const RunDescription = Schema.Struct({
  experiment: Schema.String,
  /** The experiment's file. */
  file: RelativePath,
  parameters: Schema.Record(Schema.String, Schema.Json),
  seed: Schema.Int,
  /** The dataset's digest. */
  data: Schema.String,
  code: Digest,
  /** The run resumes only on an engine with the same bits. */
  exact: Schema.optionalKey(Schema.Literal(true))
})
export type RunDescription = typeof RunDescription.Type

/** The run cannot be reproduced on this machine. */
export class RunRefused extends Schema.TaggedError<RunRefused>()("RunRefused", {
  /** Whether all runs with this code are refused. */
  code: Schema.Boolean,
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** The file of an experiment on the command line, relative to the working directory. */
export const fileOf = Effect.fn("RunDescription.fileOf")(function* (target: string) {
  const path = yield* Path.Path
  const file = /[\\/]|\.[cm]?[jt]s$/.test(target)
    ? path.resolve(process.env["INIT_CWD"] ?? ".", target)
    : path.resolve("experiments", `${target}.ts`)
  const relative = path.relative(path.resolve("."), file).replaceAll(path.sep, "/")
  if (Schema.is(RelativePath)(relative)) return relative
  return yield* new UsageError({
    reason: `${file} is outside ${path.resolve(".")}: machines find an experiment by its path in their working directory`
  })
})

/** The description of a planned run: `origin` is where its code is, and how it may resume. */
export const make = (
  { experiment, located, parameters, seed }: PlannedRun,
  origin: Pick<RunDescription, "code" | "exact" | "file">
): RunDescription => ({ experiment, parameters, seed, data: located.digest, ...origin })

/** The digest of this package's own code. Errors: `RunRefused` if the code of the run is not that of its description. */
export const checkCode = Effect.fn("RunDescription.checkCode")(function* (
  description: RunDescription
): Effect.fn.Return<string, RunRefused, FileSystem.FileSystem | Path.Path> {
  const file = (yield* Path.Path).resolve(description.file)
  const { own, whole } = yield* Effect.mapError(
    CodeDigest.of(file),
    ({ message }) => new RunRefused({ code: true, reason: message })
  )
  if (whole === description.code) return own
  return yield* new RunRefused({
    code: true,
    reason: `its code differs: ${whole.slice(0, 12)} here, ${description.code.slice(0, 12)} where the sweep was submitted; update the checkout, then restart the worker`
  })
})

/** Plans the run again on this machine, after its code was checked. Errors: `RunRefused` if the result differs. */
export const plan = Effect.fn("RunDescription.plan")(function* (
  id: string,
  description: RunDescription
): Effect.fn.Return<PlannedRun, RunRefused, DatasetPlatform | FileSystem.FileSystem | Path.Path> {
  const path = yield* Path.Path
  const file = path.resolve(description.file)
  const planned = yield* planPoint(description, file, (dataset) => dataset.locate).pipe(
    Effect.mapError(
      ({ message }: DatasetError | ExperimentError | PlanError) => new RunRefused({ code: false, reason: message })
    )
  )
  if (planned.located.digest !== description.data) {
    const name = planned.dataset.name
    return yield* new RunRefused({
      code: false,
      reason: `its data differs: ${name} at ${planned.located.location} has digest ${planned.located.digest.slice(0, 12)}, not ${description.data.slice(0, 12)}`
    })
  }
  if (planned.id !== id) {
    return yield* new RunRefused({ code: false, reason: `it is planned as run ${planned.id} here, not ${id}` })
  }
  return planned
})
