/**
 * `exp compare A B`: shows the differences between two runs, side by side.
 */
import { Console, Effect, Option, type Schema } from "effect"
import { Argument, Command } from "effect/cli"
import * as Catalogue from "../inspection/Catalogue.ts"
import * as CompareRuns from "../inspection/CompareRuns.ts"
import * as CompareTensors from "../verification/CompareTensors.ts"
import { ignoredFlags, inspectionFlags } from "./Flags.ts"
import * as JsonFile from "../files/JsonFile.ts"
import * as RunSnapshot from "../inspection/RunSnapshot.ts"
import { corrupt } from "../files/StoreError.ts"
import * as Target from "./Target.ts"

/** A run with a readable manifest. Errors: `StoreError` without one. */
const sideOf = Effect.fnUntraced(function* (entry: Catalogue.RunEntry) {
  const reading = yield* RunSnapshot.read(entry)
  if (reading.manifest !== undefined)
    return { ...reading, manifest: reading.manifest } satisfies CompareRuns.ComparedRun
  return yield* reading.faults[0] ?? corrupt(entry.run.directory, "it has no manifest.json")
})

/** Whether two attempts of one run have the same parameters. */
const states = Effect.fnUntraced(function* (left: CompareRuns.ComparedRun, right: CompareRuns.ComparedRun) {
  if (left.manifest.id !== right.manifest.id) return undefined
  const [one, other] = [yield* left.entry.run.checkpoint, yield* right.entry.run.checkpoint]
  if (Option.isNone(one) || Option.isNone(other)) return undefined
  const steps = [one.value.step, other.value.step]
  const where = steps[0] === steps[1] ? `at step ${steps[0]}` : `at steps ${steps.join(" and ")}`
  const compared = CompareTensors.compareTensors(one.value.tensors, other.value.tensors)
  return `parameters and optimiser state ${where}: ${CompareTensors.format(compared)}`
})

const run = (name: string) =>
  Argument.String(name).pipe(Argument.withDescription("A run: its id, a prefix of the id, or its folder"))

export const command = Command.make(
  "compare",
  { a: run("run-a"), b: run("run-b"), ...inspectionFlags, ...ignoredFlags },
  Effect.fn("Compare.command")(function* ({ a, b, json, results }) {
    const catalogue = yield* Catalogue.read(results)
    const left = yield* sideOf(yield* Target.resolveRun(catalogue, a))
    const right = yield* sideOf(yield* Target.resolveRun(catalogue, b))
    const sections = CompareRuns.compare(left, right)
    const directories = [left, right].map(({ entry }) => entry.run.directory)
    if (json) {
      const value = { runs: directories, sections } as unknown as Schema.Json
      return yield* Console.log(JsonFile.format(value).trimEnd())
    }
    const state = yield* states(left, right)
    const heading = [left, right].map(
      ({ entry, manifest }, index) =>
        `${index === 0 ? "A" : "B"}  ${entry.name} of ${manifest.experiment}, in ${entry.run.directory}`
    )
    yield* Console.log(
      [...heading, CompareRuns.format(sections), ...(state === undefined ? [] : ["", state])].join("\n")
    )
  })
).pipe(Command.withDescription("Shows the differences between two runs: parameters, specs, provenance, metrics"))
