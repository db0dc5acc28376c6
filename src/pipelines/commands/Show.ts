/**
 * `exp show NAME|RUN`: shows an experiment's runs as a table, or one run in detail.
 */
import { Console, Effect, Option, Path, type Schema, Terminal } from "effect"
import { Argument, Command } from "effect/cli"
import * as Catalogue from "../inspection/Catalogue.ts"
import { describeRun } from "../inspection/DescribeRun.ts"
import { ignoredFlags, inspectionFlags } from "./Flags.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import * as JsonFile from "../files/JsonFile.ts"
import * as Manifest from "../store/Manifest.ts"
import { runCount } from "../plan/Plan.ts"
import * as RunSnapshot from "../inspection/RunSnapshot.ts"
import * as Rows from "../inspection/Rows.ts"
import * as SummaryTable from "../store/SummaryTable.ts"
import * as Target from "./Target.ts"

/** Encodes numbers as JSON, with NaN and infinities as strings. */
const jsonNumbers = (record: Readonly<Record<string, number>>): Record<string, Schema.Json> =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)])
  )

const print = (json: Schema.Json): Effect.Effect<void> => Console.log(JsonFile.format(json).trimEnd())

const showExperiment = Effect.fnUntraced(function* (experiment: Catalogue.ExperimentEntry, json: boolean) {
  const { directory, name } = experiment
  const rows = yield* Rows.rowsOf(experiment)
  if (json) {
    const runs = rows.map((row) => ({ ...row, metrics: jsonNumbers(row.metrics) }))
    return yield* print({ experiment: name, directory, runs } as unknown as Schema.Json)
  }
  const columns = yield* Terminal.Terminal.use((terminal) => terminal.columns)
  const setAside = experiment.runs.filter((entry) => entry.setAside).length
  const same = SummaryTable.commonParameters(rows)
  const blocks = [
    [
      `${name}: ${runCount(rows)} in ${directory}`,
      ...(same === "" || rows.length < 2 ? [] : [`in every run: ${same}`])
    ],
    SummaryTable.plain({ experiment: name, runs: rows }, columns > 0 ? columns : 160, "exp show RUN").split("\n"),
    [
      "metrics are in nats per image unless their name says otherwise",
      ...(setAside === 0 ? [] : [`set aside: ${runCount(Array(setAside).fill(name))}; exp clean ${name} lists them`])
    ]
  ]
  yield* Console.log(blocks.map((lines) => lines.join("\n")).join("\n\n"))
})

const showRun = Effect.fnUntraced(function* (entry: Catalogue.RunEntry, json: boolean) {
  const { dirname } = yield* Path.Path
  const { directory, id } = entry.run
  const reading = yield* RunSnapshot.read(entry)
  const summary = yield* Rows.summaryOf(dirname(directory))
  const row = Option.getOrUndefined(summary)?.runs.find((other) => other.id === id)
  if (!json) return yield* Console.log(describeRun(reading, row, yield* FolderFiles.list(directory)))
  const { faults, figures, history, manifest, status } = reading
  yield* print({
    directory,
    status,
    manifest: manifest === undefined ? null : yield* JsonFile.toJson(Manifest.Manifest, directory, manifest),
    epochs: history.length,
    metrics: jsonNumbers(Rows.rowOf(reading, row).metrics),
    reference: row?.reference ?? {},
    figures,
    faults: faults.map(({ message }) => message)
  })
})

export const command = Command.make(
  "show",
  {
    target: Argument.String("name-or-run").pipe(
      Argument.withDescription("An experiment's name, or a run: its id, a prefix of the id, or its folder")
    ),
    ...inspectionFlags,
    ...ignoredFlags
  },
  Effect.fn("Show.command")(function* ({ json, results, target }) {
    const found = yield* Target.resolve(yield* Catalogue.read(results), target)
    yield* found._tag === "Experiment" ? showExperiment(found.experiment, json) : showRun(found.entry, json)
  })
).pipe(Command.withDescription("Shows an experiment's runs as a table, or one run in detail"))
