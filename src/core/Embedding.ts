/**
 * The contract of embeddings: from high-dimensional points to points in the plane, for visualisation.
 *
 * Laws: positions are a function of the points, their order and the seed. All positions are finite, also for few, equal
 * or distant points. The input is not modified. Well-separated clusters stay separated.
 */
import { type Effect, Schema } from "effect"
import type { Engine, EngineError } from "./Engine.ts"
import type { Spec } from "./Spec.ts"

/** An embedding failed. */
export class EmbeddingError extends Schema.TaggedError<EmbeddingError>()("EmbeddingError", {
  embedding: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.embedding}: ${this.reason}`
  }
}

/** The points to embed. */
export interface EmbeddingInput {
  /** Finite, `[count, dimensions]` in row-major order. */
  readonly values: Float32Array
  readonly count: number
  /** Seed of the embedding's random numbers. */
  readonly seed: number
}

export interface Layout {
  /** `[count, 2]`. */
  readonly positions: Float32Array
  /** The method, for a caption: `by t-SNE (perplexity 30, KL divergence 1.02 nats)`. */
  readonly how: string
}

export interface Embedding {
  readonly spec: Spec
  /** Part of a figure's file name, such as `t-sne`. */
  readonly name: string
  /** For titles and axes, such as `t-SNE`. */
  readonly title: string
  /** Maximum number of points that takes a few seconds. */
  readonly maximumPoints: number
  readonly embed: (points: EmbeddingInput) => Effect.Effect<Layout, EngineError | EmbeddingError, Engine>
}

/** Positions `[count, 2]` on a line, for very few points. */
export const lineLayout = (count: number): Float32Array =>
  Float32Array.from({ length: 2 * count }, (_, index) => (index % 2 === 0 ? index / 2 : 0))
