/**
 * UMAP: embeds high-dimensional points in the plane and preserves the graph of nearest neighbours.
 *
 * Source: McInnes, Healy and Melville 2018, https://arxiv.org/abs/1802.03426, as implemented by umap-js.
 */
import { Effect } from "effect"
import type { UMAP } from "umap-js"
import { type Embedding, EmbeddingError, lineLayout, type EmbeddingInput } from "../Embedding.ts"
import { uniform } from "../Random.ts"

const title = "UMAP"

export interface UmapOptions {
  /** Nearest neighbours per point in the graph, limited to the number of other points; default: 15. */
  readonly neighbours?: number
  /** Minimum distance between embedded points; default: 0.1. */
  readonly leastDistance?: number
}

/** Random numbers generated at a time. */
const block = 4096

/** A stream of numbers in [0, 1), determined by the seed. */
const sequence = (seed: number): (() => number) => {
  let numbers: Float32Array = new Float32Array(0)
  let taken = 0
  let step = 0
  return () => {
    if (taken === numbers.length) {
      numbers = uniform({ seed, stream: "evaluation/umap", step }, block)
      step += 1
      taken = 0
    }
    return numbers[taken++]!
  }
}

const attempt = <A>(run: () => A): Effect.Effect<A, EmbeddingError> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      new EmbeddingError({ embedding: title, reason: cause instanceof Error ? cause.message : String(cause), cause })
  })

const load = Effect.tryPromise({
  // A CommonJS package: its exports are under `default`.
  try: async () => (await import("umap-js")).default,
  catch: (cause) => new EmbeddingError({ embedding: title, reason: "the package umap-js could not be loaded", cause })
})

/** Standardises rows, so that no distance overflows. Constant rows become 0. */
const standardised = ({ count, values }: EmbeddingInput): Array<Array<number>> => {
  const dimensions = values.length / count
  const means = Array.from({ length: dimensions }, (_, dimension) => {
    let sum = 0
    for (let row = 0; row < count; row++) sum += values[row * dimensions + dimension]!
    return sum / count
  })
  let squares = 0
  for (let index = 0; index < values.length; index++) squares += (values[index]! - means[index % dimensions]!) ** 2
  const scale = squares > 0 ? 1 / Math.sqrt(squares / values.length) : 0
  return Array.from({ length: count }, (_, row) =>
    means.map((mean, dimension) => scale * (values[row * dimensions + dimension]! - mean))
  )
}

/** Steps between yields to other fibers, which allow interruption. */
const stepsAtOnce = 20

const optimise = Effect.fnUntraced(function* (umap: UMAP, rows: Array<Array<number>>) {
  const epochs = yield* attempt(() => umap.initializeFit(rows))
  for (let epoch = 0; epoch < epochs; epoch++) {
    yield* attempt(() => umap.step())
    if (epoch % stepsAtOnce === 0) yield* Effect.yieldNow
  }
  return umap.getEmbedding()
})

/** The embedding by UMAP. Fewer than 3 points are placed on a line. */
export const Umap = (options: UmapOptions = {}): Embedding => {
  const { leastDistance = 0.1, neighbours = 15 } = options
  return {
    spec: { _tag: title, neighbours, leastDistance },
    name: "umap",
    title,
    maximumPoints: 1_000,
    embed: Effect.fn("Umap.embed")(function* (points: EmbeddingInput) {
      const nNeighbors = Math.min(neighbours, points.count - 1)
      const how = `by UMAP (${nNeighbors} nearest neighbours, minimum distance ${leastDistance})`
      if (points.count < 3) return { positions: lineLayout(points.count), how: "on a line" }
      const { UMAP } = yield* load
      const umap = new UMAP({ nComponents: 2, nNeighbors, minDist: leastDistance, random: sequence(points.seed) })
      const positions = yield* optimise(umap, standardised(points))
      return { positions: Float32Array.from(positions.flat()), how }
    })
  }
}
