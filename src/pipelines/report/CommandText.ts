/**
 * The command that trains a run, as typed in a shell.
 */
import { Effect, Schema } from "effect"
import type { Experiment } from "../../core/Experiment.ts"
import { flagName } from "../console/FlagName.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { valueText } from "../store/SummaryTable.ts"

/** A run's parameters as command-line values. */
export const parameterTexts = (
  experiment: Experiment<any>,
  { parameters }: PlannedRun
): Effect.Effect<Record<string, string>> =>
  Effect.map(
    Effect.forEach(Object.entries(parameters), ([name, value]) => {
      const parameter = experiment.parameters[name]
      const written =
        parameter === undefined
          ? Effect.succeed(valueText(value))
          : Schema.decodeUnknownEffect(parameter.schema)(value).pipe(
              Effect.flatMap(Schema.encodeEffect(parameter.text)),
              Effect.orElseSucceed(() => valueText(value))
            )
      return Effect.map(written, (value) => [name, value] as const)
    }),
    Object.fromEntries
  )

/** A word quoted for a shell. */
export const quoted = (word: string): string =>
  /^[A-Za-z0-9_.,:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

const quickEnding = "-quick"

/** `pnpm run exp NAME --beta 12 --seed 0`, with every parameter, so that other defaults change nothing. */
export const commandText = (
  program: string,
  planned: PlannedRun,
  parameters: Readonly<Record<string, string>>
): string => {
  // Only quick versions have a dataset of this kind.
  const quick = planned.specs.dataset._tag === "First" && planned.experiment.endsWith(quickEnding)
  const name = quick ? planned.experiment.slice(0, -quickEnding.length) : planned.experiment
  const flags = Object.entries(parameters).flatMap(([parameter, value]) => [`--${flagName(parameter)}`, value])
  const words = [name, ...(quick ? ["--quick"] : []), ...flags, "--seed", String(planned.seed)]
  return [program, ...words.map(quoted)].join(" ")
}
