/**
 * `exp clean [NAME|RUN]`: lists unfinished runs and leftover files, asks for confirmation, and removes them.
 */
import { Console, Effect, Option, Stdio } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import * as Address from "../cluster/Address.ts"
import { Artifacts } from "../cluster/Artifacts.ts"
import * as Cluster from "../cluster/Cluster.ts"
import * as Catalogue from "../inspection/Catalogue.ts"
import * as CleanPlan from "../inspection/CleanPlan.ts"
import * as Columns from "../store/Columns.ts"
import { plural } from "../verification/Finding.ts"
import { commonFlags, ignoredFlags, inspectionFlags } from "./Flags.ts"
import { UsageError } from "../console/UsageError.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import { removeFiles } from "../files/RemoveFiles.ts"
import * as RunStore from "../store/RunStore.ts"
import * as Target from "./Target.ts"

/** The plan for all experiments, for one, or for one run. */
const planOf = Effect.fnUntraced(function* (
  catalogue: Catalogue.Catalogue,
  word: Option.Option<string>,
  finished: boolean
) {
  if (Option.isNone(word)) {
    const plans = yield* Effect.forEach(catalogue.experiments, (experiment) =>
      CleanPlan.planExperiment(catalogue, experiment, finished)
    )
    return { removals: plans.flatMap(({ removals }) => removals), left: plans.flatMap(({ left }) => left) }
  }
  const target = yield* Target.resolve(catalogue, word.value)
  const { directory } = target._tag === "Run" ? target.entry.run : target.experiment
  const known = catalogue.experiments.find((experiment) =>
    [experiment.directory, ...experiment.runs.map(({ run }) => run.directory)].includes(directory)
  )
  if (known === undefined) {
    const reason = `${directory} is not in ${catalogue.directory}; give its results folder with --results`
    return yield* new UsageError({ reason })
  }
  return target._tag === "Run"
    ? yield* CleanPlan.planRun(catalogue, target.entry, finished)
    : yield* CleanPlan.planExperiment(catalogue, target.experiment, finished)
})

const sizeOf = ({ files }: CleanPlan.Removal): number => FolderFiles.bytesOf(files)

const listed = ({ left, removals }: CleanPlan.CleanPlan): string =>
  [
    ...Columns.lines([
      { header: "", cells: removals.map(({ place }) => `  ${place}`) },
      { header: "", cells: removals.map(({ what }) => what) },
      {
        header: "",
        cells: removals.map(({ files }) => plural(files.filter(({ type }) => type === "File").length, "file")),
        right: true
      },
      { header: "", cells: removals.map((removal) => FolderFiles.size(sizeOf(removal))), right: true }
    ]),
    ...(left.length === 0 ? [] : ["", "kept:", ...left.map((line) => `  ${line}`)])
  ].join("\n")

/** Asks for confirmation; false without a terminal. */
const agreed = Effect.fnUntraced(function* (question: string) {
  const stdio = yield* Stdio.Stdio
  if (!((yield* stdio.stdinIsTerminal) && (yield* stdio.stdoutIsTerminal))) {
    yield* Console.log("\nnothing was removed: without a terminal, confirm with --yes")
    return false
  }
  const yes = yield* Prompt.Confirm({ message: question }).pipe(
    Effect.catchTag("QuitError", () => Effect.succeed(false))
  )
  if (!yes) yield* Console.log("nothing was removed")
  return yes
})

/** What machines share: a database, and a folder for artifacts where they are not in the database. */
interface Shared {
  readonly address: Address.Address
  readonly folder: Option.Option<string>
}

const inStore = <A, E, R>({ address, folder }: Shared, use: (store: Artifacts["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.provide(Artifacts.use(use), Cluster.layer(address, folder))

/** Lists the artifacts that no run refers to, and removes them where that is agreed. */
const cleanArtifacts = Effect.fnUntraced(function* (shared: Shared, yes: boolean) {
  const unused = yield* inStore(shared, (store) => store.unused)
  const { name } = shared.address
  if (unused.length === 0) return yield* Console.log(`no unused artifacts in ${name}`)
  const bytes = unused.reduce((sum, artifact) => sum + artifact.bytes, 0)
  const total = `${plural(unused.length, "artifact")} without a run, ${FolderFiles.size(bytes)}`
  yield* Console.log(`to remove from ${name}: ${total}`)
  if (!yes && !(yield* agreed(`Remove ${total}?`))) return
  const removed = yield* inStore(shared, (store) => store.remove(unused.map(({ key }) => key)))
  yield* Console.log(`removed ${plural(removed.length, "artifact")}`)
})

/** Removes what was listed. A run is removed only if no process trains it and it has not changed since. */
const remove = Effect.fnUntraced(function* (
  { files, folder, place, run, whole }: CleanPlan.Removal,
  finished: boolean
) {
  if (run !== undefined) {
    const store = yield* RunStore.RunStore
    yield* store.open(run.run.experiment, run.run.id)
    const isStill = ((yield* CleanPlan.reason(run, finished)) !== undefined) === whole
    if (!isStill) return yield* Console.log(`  ${place} is kept: it has changed in the meantime`)
  }
  yield* removeFiles(folder, files)
}, Effect.scoped)

export const command = Command.make(
  "clean",
  {
    target: Argument.String("name-or-run").pipe(
      Argument.withDescription("An experiment's name, or one run (default: everything)"),
      Argument.optional
    ),
    finished: Flag.Boolean("finished").pipe(Flag.withDescription("Also list finished runs"), Flag.withDefault(false)),
    yes: Flag.Boolean("yes").pipe(Flag.withDescription("Remove without confirmation"), Flag.withDefault(false)),
    results: inspectionFlags.results,
    cluster: commonFlags.cluster.pipe(
      Flag.withDescription("Also remove artifacts from this database that no run refers to (or VAE_CLUSTER)")
    ),
    artifacts: commonFlags.artifacts.pipe(
      Flag.withDescription("With --cluster: the folder that machines share for artifacts; default: the database")
    ),
    ...ignoredFlags
  },
  Effect.fn("Clean.command")(function* ({ artifacts, cluster, finished, results, target, yes }) {
    const address = yield* Address.resolve(cluster)
    // Artifacts belong to no run, so that the name of one leaves them alone.
    if (Option.isSome(address) && Option.isNone(target)) {
      yield* cleanArtifacts({ address: address.value, folder: artifacts }, yes)
    }
    const catalogue = yield* Catalogue.read(results)
    yield* Effect.gen(function* () {
      const plan = yield* planOf(catalogue, target, finished)
      if (plan.removals.length === 0) {
        const hint = finished ? "" : "; --finished lists finished runs too"
        return yield* Console.log(
          [`nothing to remove in ${catalogue.directory}${hint}`, listed(plan)].join("\n").trimEnd()
        )
      }
      const bytes = plan.removals.reduce((sum, removal) => sum + sizeOf(removal), 0)
      const total = `${FolderFiles.size(bytes)} in ${plural(plan.removals.length, "place")}`
      yield* Console.log(`to remove from ${catalogue.directory}, ${total}:\n\n${listed(plan)}`)
      if (!yes && !(yield* agreed(`Remove ${total}?`))) return
      for (const removal of plan.removals) {
        yield* remove(removal, finished).pipe(
          Effect.catchTag("RunLocked", (error) => Console.log(`  ${removal.place} is kept: ${error.message}`))
        )
      }
      yield* Console.log("\nremoved")
    }).pipe(Effect.provide(RunStore.layer(catalogue.directory)))
  })
).pipe(
  Command.withDescription(
    "Lists unfinished runs, attempts that were set aside, leftover files and unused artifacts, asks for confirmation, and removes them"
  )
)
