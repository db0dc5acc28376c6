import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Option } from "effect"
import { CliError, Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import * as CheckpointInterval from "../../src/pipelines/training/CheckpointInterval.ts"
import { commonFlags, jobCount, parameterFlags, runOptions, withFlags } from "../../src/pipelines/commands/Flags.ts"
import { flagName } from "../../src/pipelines/console/FlagName.ts"
import {
  Adam,
  BetaElbo,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Parameter,
  Synthetic,
  Training
} from "../../src/index.ts"
import { fuzz } from "./Fuzz.ts"
import { canonical } from "./JsonMutations.ts"
import { damage, type Draw } from "./Mutations.ts"

const experiment = Experiment.make("small", {
  description: "A small sweep.",
  parameters: {
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }),
    epochs: Parameter.PositiveInt({ default: 3, description: "passes over the training images" }),
    learningRate: Parameter.Positive({ default: 1e-2, description: "Adam's step size" }),
    hidden: Parameter.Widths({ default: [16], description: "units of the hidden layers" }),
    kind: Parameter.Choice(["round", "square", "a b"], { default: "round", description: "which shapes" })
  },
  run: ({ beta, epochs, hidden, learningRate }) => ({
    dataset: Synthetic.layer({ train: 100, test: 30 }),
    model: DenseVae.layer({ hidden, latent: 2 }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs, batchSize: 32, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
})

type Name = "beta" | "epochs" | "learningRate" | "hidden" | "kind"

/** What a number in decimal notation says; undefined for any other text. */
const decimal = (text: string): number | undefined => {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

const integer = (text: string, least: number): number | undefined => {
  const value = decimal(text)
  return Number.isSafeInteger(value) && value! >= least ? value : undefined
}

/** What each flag's text says, by what the help says of it; undefined where it says nothing. */
const meanings: Readonly<Record<Name | "seed", (text: string) => unknown>> = {
  beta: (text) => ((decimal(text) ?? -1) >= 0 ? decimal(text) : undefined),
  epochs: (text) => integer(text, 1),
  learningRate: (text) => ((decimal(text) ?? 0) > 0 ? decimal(text) : undefined),
  hidden: (text) => {
    const widths =
      text === "none"
        ? []
        : text.split("-").map((width) => (/^\d+$/.test(width.trim()) ? integer(width.trim(), 1) : undefined))
    return widths.includes(undefined) ? undefined : widths
  },
  kind: (text) => (["round", "square", "a b"].includes(text) ? text : undefined),
  seed: (text) => {
    const seed = integer(text, 0)
    return seed !== undefined && seed <= Number.MAX_SAFE_INTEGER ? seed : undefined
  }
}

const texts: ReadonlyArray<string> = [
  ..."0 1 2 12 200 0.5 1e-3 .5 5. 1e400 1e-400 -1 -0 +1 1_000 0x10 0b1 0o7 ١ Infinity NaN none 512-256 512- -512 --".split(
    " "
  ),
  ..."9007199254740991 9007199254740993 1e21 round square ROUND __proto__ constructor true null 3n 1,2 0,4,12".split(
    " "
  ),
  ..."| | 1 |1 2|a b|,|1,|,1|1,,2|1;2|16 - 8|\n1|1\u0000|\ud800|’|💥".split("|"),
  "1".repeat(400),
  `${"1,".repeat(300)}1`,
  "9".repeat(100_000),
  Array.from({ length: 200 }, (_, index) => index + 1).join(","),
  "1,".repeat(20_000) + "1"
]

/** As many runs are refused, whatever they are. */
const tooMany = 10_000

type Given = { [_ in Name | "seed"]?: string }

interface Case {
  readonly args: ReadonlyArray<string>
  /** What was given, where nothing is wrong with the form of the arguments. */
  readonly given: Given | undefined
}

const flagsOf = ["beta", "epochs", "learningRate", "hidden", "kind", "seed"] as const

const words: ReadonlyArray<string> = [
  ..."--beta --no-beta --betta -b --seed --seed= --epochs=1 --epochs --plan --plan=maybe --no-plan --force --help -h".split(
    " "
  ),
  ..."--retry 3 --retry=-1 --checkpoint-every 5m --checkpoint-every=0s --jobs 0 --jobs=4 --keep-going --fail-fast".split(
    " "
  ),
  ..."--engine abacus --engine=auto --log-level --log-level=all --version --completions -- - --- = --= --=1 -1".split(
    " "
  ),
  ..."--__proto__ --constructor=1 --toString --hasOwnProperty small list extra --results --data-dir --json".split(" "),
  "",
  "--beta=\u0000"
]

const drawCase = (draw: Draw): Case => {
  const given: Given = {}
  for (const name of flagsOf) if (draw.chance(0.3)) given[name] = draw.pick(texts)
  const pairs = Object.entries(given).map(([name, text]): Array<string> =>
    // A value that begins as a flag does can only be given behind "=".
    draw.chance(0.5) || text.startsWith("-") ? [`--${flagName(name)}=${text}`] : [`--${flagName(name)}`, text]
  )
  const args: Array<string> = pairs.flat()
  if (draw.chance(0.6)) return { args, given }
  for (let left = 1 + draw.below(3); left > 0; left--) {
    const at = draw.below(args.length + 1)
    draw.pick<() => void>([
      () => args.splice(at, 0, draw.pick(words)),
      () => args.splice(at, 1),
      () => args.splice(at, 0, args[at] ?? "--beta"),
      () => args.splice(at, 1, Buffer.from(damage(Buffer.from(args[at] ?? ""), draw)).toString())
    ])()
  }
  return { args, given: undefined }
}

/** Every combination of what was given with the defaults, the last changing fastest; undefined where it says nothing. */
const combinations = (given: Given): ReadonlyArray<string> | undefined => {
  const defaults = Parameter.defaults(experiment.parameters) as Record<string, unknown>
  const axes = (Object.keys(experiment.parameters) as Array<Name>).flatMap((name) => {
    const text = given[name]
    return text === undefined ? [] : [[name, text.split(",").map((part) => meanings[name](part.trim()))] as const]
  })
  if (axes.some(([, values]) => values.includes(undefined))) return undefined
  const runs = axes.reduce((count, [, values]) => count * values.length, seedsOf(given)?.length ?? 1)
  if (runs > tooMany) return undefined
  let points: Array<Record<string, unknown>> = [defaults]
  for (const [name, values] of axes) {
    points = points.flatMap((point) => values.map((value) => ({ ...point, [name]: value })))
  }
  return [...new Set(points.map(canonical))]
}

const seedsOf = ({ seed }: Given): ReadonlyArray<unknown> | undefined => {
  if (seed === undefined) return [0]
  const seeds = seed.split(",").map((part) => meanings.seed(part.trim()))
  return seeds.includes(undefined) ? undefined : [...new Set(seeds)]
}

/** What the command line made of its arguments. */
interface Understood {
  readonly points: ReadonlyArray<string>
  readonly seeds: ReadonlyArray<number>
}

/** Parses arguments as the command of an experiment does; none where help or a version was asked for. */
const understand = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    let understood = Option.none<Understood>()
    const command = Command.make("small", { ...commonFlags, ...parameterFlags(experiment) }, (flags) =>
      Effect.gen(function* () {
        const { checkpointEvery, retries } = yield* runOptions(flags)
        const jobs = yield* jobCount(flags)
        assert.isTrue(Number.isInteger(retries) && Number.isInteger(jobs) && jobs > 0)
        assert.isTrue(Object.values(checkpointEvery ?? CheckpointInterval.defaultInterval).every((every) => every > 0))
        const swept = yield* withFlags(experiment, flags)
        understood = Option.some({ points: Experiment.points(swept).map(canonical), seeds: swept.seeds })
      })
    )
    yield* Command.runWith(Command.make("exp").pipe(Command.withSubcommands([command])), { version: "0" })([
      "small",
      ...args
    ])
    return understood
  })

/** What ends with exit code 2: refused by the parser or by a flag's meaning. */
const isUsage = (error: unknown): boolean =>
  CliError.isCliError(error) || (error as { readonly _tag?: string })._tag === "UsageError"

/** May ask for help, a version or completions, short flags in a row included: what prints words in the place of running. */
const asksForWords = (args: ReadonlyArray<string>) => args.some((arg) => /^-.*[hv]|^--completions/s.test(arg))

describe("the command line", () => {
  it.live("parses arguments as its help says, or refuses them as wrong usage", () =>
    Effect.gen(function* () {
      const outcomes = yield* fuzz({
        name: "command line",
        count: 2000,
        draw: drawCase,
        read: ({ args }) => understand(args),
        refusal: isUsage,
        accepted: (found, { args, given }) => {
          if (Option.isNone(found))
            return assert.isTrue(asksForWords(args), `nothing was done for ${args.map((arg) => arg.slice(0, 50))}`)
          for (const point of found.value.points.map((text) => JSON.parse(text))) {
            assert.isTrue(point.beta >= 0 && point.epochs >= 1 && point.learningRate > 0)
          }
          assert.isTrue(found.value.seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0))
          if (given === undefined) return
          assert.deepStrictEqual(found.value.points, combinations(given))
          assert.deepStrictEqual(found.value.seeds, seedsOf(given))
        },
        refused: ({ given }, error) => {
          if (given === undefined || combinations(given) === undefined || seedsOf(given) === undefined) return
          assert.fail(`refused: ${String(error)}`)
        }
      })
      assert.isAbove(outcomes.accepted, 200)
      assert.isAbove(outcomes.refused, 1000)
    }).pipe(Effect.provide([NodeServices.layer, TestConsole.layer, Logger.layer([])]))
  )
})
