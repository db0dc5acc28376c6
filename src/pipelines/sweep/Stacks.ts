/**
 * Which runs of a sweep can be trained as one program: those on the same data whose programs differ in numbers only.
 */
import { Effect } from "effect"
import type { TypedProgram } from "../../core/ProgramInputs.ts"
import * as ObjectivePrograms from "../../core/ObjectivePrograms.ts"
import { canonicalJson } from "../../core/Spec.ts"
import * as TrainStep from "../../core/TrainStep.ts"
import { batch, structureOf } from "../../core/engines/graph/Batching.ts"
import type { Graph } from "../../core/engines/graph/Graph.ts"
import { imageKernels } from "../../core/engines/graph/ImageKernels.ts"
import { trace } from "../../core/engines/graph/Trace.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import { ingredientsOf } from "../training/Ingredients.ts"

/** Runs in a stack on an accelerator, where nothing else is asked for. */
export const defaultSize = 16

/** The largest number of runs in a stack: what is asked for, or what fits the engine's device. */
export const sizeFor = (asked: "auto" | number, { _tag, device }: { readonly _tag: string; readonly device: string }) =>
  asked !== "auto" ? asked : _tag === "Xla" && device !== "cpu" ? defaultSize : 1

/** The programs of a run's training, recorded; how many examples there are is only a number in them. */
const graphsOf = Effect.fnUntraced(function* (run: PlannedRun) {
  const { batchSize } = run.training
  const ingredients = yield* ingredientsOf(run)
  const sizes = { examples: batchSize, batch: batchSize, stepsPerEpoch: 1 }
  const record = ({ program, signature }: TypedProgram) => trace(program, signature, imageKernels)
  return [
    record(TrainStep.trainStep(ingredients, sizes)),
    record(ObjectivePrograms.evaluateTerms(ingredients, sizes))
  ] as const satisfies ReadonlyArray<Graph>
})

/** Whether there is a rule for everything in the graphs of several runs. */
const canStack = (runs: ReadonlyArray<ReadonlyArray<Graph>>): boolean => {
  try {
    runs[0]!.forEach((_, index) =>
      batch(
        runs.map((graphs) => graphs[index]!),
        (name) => !name.startsWith("data/")
      )
    )
    return true
  } catch {
    return false
  }
}

/**
 * The runs in groups of at most `most`, each of which is one program, in the order of the sweep. A program that cannot be
 * recorded has a group of its own.
 */
export const group = Effect.fn("Stacks.group")(function* <A extends { readonly planned: PlannedRun }>(
  requests: ReadonlyArray<A>,
  most: number
): Effect.fn.Return<ReadonlyArray<ReadonlyArray<A>>> {
  if (most < 2) return requests.map((request) => [request])
  /** By what a program depends on; runs that differ in their seed only have the same. */
  const recorded = new Map<string, ReadonlyArray<Graph> | undefined>()
  const groups = new Map<string, Array<{ readonly request: A; readonly graphs: ReadonlyArray<Graph> | undefined }>>()
  for (const [index, request] of requests.entries()) {
    const { located, specs } = request.planned
    const key = canonicalJson({ ...specs })
    if (!recorded.has(key)) {
      const graphs = graphsOf(request.planned).pipe(Effect.catchCause(() => Effect.succeed(undefined)))
      recorded.set(key, yield* graphs)
    }
    const graphs = recorded.get(key)
    const structure = graphs === undefined ? `run ${index}` : graphs.map(structureOf).join("\n\n")
    const name = JSON.stringify([specs.dataset, located.digest, structure])
    groups.set(name, [...(groups.get(name) ?? []), { request, graphs }])
  }
  return [...groups.values()].flatMap((members) => {
    const graphs = members.flatMap(({ graphs }) => (graphs === undefined ? [] : [graphs]))
    const size = graphs.length > 1 && canStack(graphs) ? most : 1
    return Array.from({ length: Math.ceil(members.length / size) }, (_, index) =>
      members.slice(index * size, (index + 1) * size).map(({ request }) => request)
    )
  })
})
