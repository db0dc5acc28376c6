/**
 * `exp verify NAME|RUN`: checks runs against their manifests, file by file and number by number.
 */
import { Console, Effect, FileSystem, Option, Runtime, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { DataDirectories } from "../../core/Dataset.ts"
import * as Catalogue from "../inspection/Catalogue.ts"
import { check, type Finding, formatFinding, plural } from "../verification/Finding.ts"
import { engineRequest, dataDirectory, verificationFlags } from "./Flags.ts"
import * as LoadData from "../plan/LoadData.ts"
import { varyingNames, label } from "../plan/Plan.ts"
import * as Progress from "../console/Progress.ts"
import * as Provenance from "../store/Provenance.ts"
import * as RecordedEngine from "../verification/RecordedEngine.ts"
import * as Rows from "../inspection/Rows.ts"
import * as Target from "./Target.ts"
import { verifyFiles } from "../verification/VerifyFiles.ts"
import { verifyNumbers } from "../verification/VerifyNumbers.ts"
import { verifySummary } from "../verification/VerifySummary.ts"

/** Some checks failed. Exit code 1. */
export class NotVerified extends Schema.TaggedError<NotVerified>()("NotVerified", {
  failed: Schema.Int,
  checks: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `${this.failed} of ${plural(this.checks, "check")} failed; see the differences above`
  }
}

/** The existing runs of an experiment. Runs that only the summary mentions are checked there. */
const entriesOf = (experiment: Catalogue.ExperimentEntry) =>
  Effect.flatMap(Rows.runsOf(experiment), (runs) =>
    Effect.filter(
      runs.map(({ entry }) => entry),
      ({ run }) =>
        Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.orElseSucceed(fs.exists(run.directory), () => false))
    )
  )

/** Names of the parameters that differ between runs. */
const variedIn = (entries: ReadonlyArray<Catalogue.RunEntry>) =>
  Effect.map(
    Effect.forEach(entries, ({ run }) => Effect.orElseSucceed(run.manifest, () => Option.none())),
    (manifests) => varyingNames(manifests.flatMap(Option.toArray).map(({ parameters }) => parameters))
  )

const print = (findings: ReadonlyArray<Finding>) =>
  Effect.as(
    Effect.forEach(findings, (finding) => Console.log(formatFinding(finding)), { discard: true }),
    findings
  )

export const command = Command.make(
  "verify",
  {
    target: Argument.String("name-or-run").pipe(
      Argument.withDescription("An experiment's name, for all of its runs, or one run: its id or folder")
    ),
    ...verificationFlags
  },
  Effect.fn("Verify.command")(
    function* ({ dataDir, device, engine, evaluations, experiment, results, target }) {
      const found = yield* Target.resolve(yield* Catalogue.read(results), target)
      const entries = found._tag === "Run" ? [found.entry] : yield* entriesOf(found.experiment)
      const varied = yield* variedIn(entries)
      const provenance = yield* Provenance.collect
      const engineOf = yield* RecordedEngine.make(yield* engineRequest({ device, engine }))
      const load = yield* LoadData.make
      const options = { provenance, evaluations, load, file: Option.getOrUndefined(experiment) }
      const directories = { dataDirectory: yield* dataDirectory(dataDir), cacheDirectory: undefined }

      const verify = Effect.fnUntraced(function* (entry: Catalogue.RunEntry) {
        const recorded = yield* verifyFiles(entry)
        const { manifest } = recorded
        const context = yield* Effect.result(engineOf(manifest))
        const words = manifest === undefined ? "" : label(manifest.parameters, varied)
        yield* Console.log(`\nrun ${entry.name} of ${manifest?.experiment ?? entry.run.experiment}  ${words}`.trimEnd())
        yield* print(recorded.findings)
        const numbers =
          context._tag === "Failure"
            ? yield* check("numbers", Effect.fail(context.failure))
            : yield* verifyNumbers(entry.run, recorded, options).pipe(
                Effect.provideContext(context.success),
                Effect.scoped
              )
        return [...recorded.findings, ...(yield* print(numbers))]
      })

      const findings = (yield* Effect.provideService(
        Effect.forEach(entries, verify),
        DataDirectories,
        directories
      )).flat()
      if (found._tag === "Experiment") {
        yield* Console.log(`\nthe experiment ${found.experiment.name}`)
        findings.push(...(yield* print(yield* verifySummary(found.experiment))))
      }
      const failed = findings.filter(({ verdict }) => verdict === "FAILED").length
      if (failed > 0) return yield* new NotVerified({ failed, checks: findings.length })
      const skipped = findings.filter(({ verdict }) => verdict === "skipped").length
      const notes = skipped === 0 ? "" : `, ${skipped} skipped`
      yield* Console.log(`\n${plural(entries.length, "run")} verified, ${plural(findings.length, "check")}${notes}`)
    },
    Effect.scoped,
    Effect.provide(Progress.layer)
  )
).pipe(Command.withDescription("Checks runs against their manifests: every digest, then the numbers"))
