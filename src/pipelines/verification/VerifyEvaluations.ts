/**
 * Checks that the results of a run's evaluations belong to their evaluators, and that their figures exist and are
 * intact.
 */
import { Effect, FileSystem, Option, Path } from "effect"
import { digestOf, type Json } from "../../core/Spec.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as FigureFolder from "../store/FigureFolder.ts"
import { failuresOr, plural } from "./Finding.ts"
import * as JsonFile from "../files/JsonFile.ts"
import { pngFault } from "../files/PngCheck.ts"
import * as RunSnapshot from "../inspection/RunSnapshot.ts"
import { EvaluationResult } from "../store/Run.ts"

/** Faults of one figure, animation or page: missing files and wrong checksums. */
const figureFaults = Effect.fnUntraced(function* (folder: string, name: string) {
  const { join } = yield* Path.Path
  const fs = yield* FileSystem.FileSystem
  if (!(yield* FigureFolder.has(folder, name))) return [`figures/${name}: a file is missing`]
  const faults: Array<string> = []
  yield* Effect.catch(FigureFolder.read(folder, name), (error) => Effect.sync(() => faults.push(error.message)))
  const png = join(folder, `${name}.png`)
  if (yield* Effect.orElseSucceed(fs.exists(png), () => false)) {
    const bytes = yield* AtomicFile.read(png, 2 ** 30)
    const fault = Option.isSome(bytes) ? pngFault(bytes.value) : undefined
    if (fault !== undefined) faults.push(`figures/${name}.png: ${fault}`)
  }
  return faults
})

/** Checks that every result belongs to the evaluator that its file names, and that its figures exist. */
export const checkEvaluations = Effect.fn("VerifyEvaluations.checkEvaluations")(function* (directory: string) {
  const { join } = yield* Path.Path
  const ids = yield* RunSnapshot.evaluators(directory)
  const faults: Array<string> = []
  const figures: Array<string> = []
  for (const id of ids) {
    const path = join(directory, "evaluations", `${id}.json`)
    const result = yield* Effect.result(JsonFile.read(EvaluationResult, path))
    if (result._tag === "Failure") {
      faults.push(result.failure.message)
      continue
    }
    if (Option.isNone(result.success)) continue
    const { figures: names, spec } = result.success.value
    if (digestOf(spec as Json).slice(0, 12) !== id) faults.push(`evaluations/${id}.json: its spec is not that of ${id}`)
    for (const name of names) faults.push(...(yield* figureFaults(join(directory, "figures"), name)))
    figures.push(...names)
  }
  return failuresOr(faults, `${plural(ids.length, "result")} with ${plural(figures.length, "figure")}`)
})
