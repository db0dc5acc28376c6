/**
 * `exp replay RUN`: trains a finished run again in another folder and compares the results bit for bit.
 */
import { Console, Effect, FileSystem, Layer, Option, Path, Runtime, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { DataDirectories } from "../../core/Dataset.ts"
import { trainingTolerance } from "../verification/CompareMetrics.ts"
import * as Catalogue from "../inspection/Catalogue.ts"
import { type Finding, formatFinding, plural } from "../verification/Finding.ts"
import { engineRequest, dataDirectory, verificationFlags } from "./Flags.ts"
import { UsageError } from "../console/UsageError.ts"
import * as Progress from "../console/Progress.ts"
import * as Provenance from "../store/Provenance.ts"
import * as RecordedEngine from "../verification/RecordedEngine.ts"
import { replay } from "../verification/ReplayRun.ts"
import * as RunStore from "../store/RunStore.ts"
import { corrupt } from "../files/StoreError.ts"
import * as Target from "./Target.ts"

/** The replay's results differ. Exit code 1. */
export class NotReplayed extends Schema.TaggedError<NotReplayed>()("NotReplayed", {
  run: Schema.String,
  failed: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `run ${this.run} was not reproduced: ${plural(this.failed, "comparison")} failed`
  }
}

/**
 * The folder of the replay: the given one, or a temporary one of the scope. Errors: `UsageError` if it is not empty.
 */
const freshFolder = Effect.fnUntraced(function* (into: Option.Option<string>) {
  const fs = yield* FileSystem.FileSystem
  if (Option.isNone(into)) return yield* fs.makeTempDirectoryScoped({ prefix: "effect-vae-replay-" })
  const folder = (yield* Path.Path).resolve(into.value)
  if (!(yield* fs.exists(folder))) return folder
  const entries = yield* Effect.option(fs.readDirectory(folder))
  if (Option.isSome(entries) && entries.value.length === 0) return folder
  const what = Option.isSome(entries) ? "is not empty" : "is not a folder"
  return yield* new UsageError({ reason: `--into: ${folder} ${what}; give a new or empty folder` })
})

/** `identical bits`, or the weaker result. */
const verdict = (findings: ReadonlyArray<Finding>): string =>
  findings.every(({ subject, verdict }) => subject === "setting" || verdict === "ok" || verdict === "skipped")
    ? "identical bits"
    : `not the same bits, but the metrics of every epoch within ${trainingTolerance}`

export const command = Command.make(
  "replay",
  {
    target: Argument.String("run").pipe(
      Argument.withDescription("A finished run: its id, a prefix of the id, or its folder")
    ),
    into: Flag.String("into").pipe(
      Flag.withMetavar("FOLDER"),
      Flag.withDescription("Empty folder to train in, kept afterwards (default: a temporary folder)"),
      Flag.optional
    ),
    ...verificationFlags
  },
  Effect.fn("Replay.command")(
    function* ({ dataDir, device, engine, evaluations, experiment, into, results, target }) {
      const { name, run } = yield* Target.resolveRun(yield* Catalogue.read(results), target)
      const manifest = yield* run.manifest
      if (Option.isNone(manifest)) return yield* corrupt(run.directory, "it has no manifest.json")
      const directories = { dataDirectory: yield* dataDirectory(dataDir), cacheDirectory: undefined }
      const folder = yield* freshFolder(into)
      const asked = yield* engineRequest({ device, engine })
      const context = yield* (yield* RecordedEngine.make(asked))(manifest.value)
      yield* Console.log(`run ${name} of ${manifest.value.experiment} is being trained again in ${folder}`)
      const provenance = yield* Provenance.collect
      const findings = yield* replay(run, manifest.value, {
        provenance,
        evaluations,
        file: Option.getOrUndefined(experiment)
      }).pipe(
        Effect.provideService(DataDirectories, directories),
        Effect.provide(Layer.merge(RunStore.layer(folder), Layer.succeedContext(context)))
      )
      // Replaces the progress line.
      yield* Progress.Progress.use((progress) => progress.line(["", ...findings.map(formatFinding)].join("\n")))
      const failed = findings.filter((finding) => finding.verdict === "FAILED").length
      if (failed > 0) return yield* new NotReplayed({ run: name, failed })
      yield* Console.log(`\nrun ${name} replayed: ${verdict(findings)}`)
    },
    Effect.scoped,
    Effect.provide(Progress.layer)
  )
).pipe(Command.withDescription("Trains a finished run again in another folder and compares the results bit for bit"))
