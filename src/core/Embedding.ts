/**
 * An embedding lays points of many dimensions out in a plane, to be looked at.
 *
 * Laws: positions are a function of the points, their order and the seed; every point gets a finite position, however
 * few, equal or far apart the points are; the points stay as they were; points that lie in clusters far apart keep
 * neighbours of their own cluster.
 */
import { type Effect, Schema } from "effect"
import type { Engine, EngineError } from "./Engine.ts"
import type { Spec } from "./Spec.ts"

/** Points could not be laid out. */
export class EmbeddingError extends Schema.TaggedError<EmbeddingError>()("EmbeddingError", {
  embedding: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.embedding}: ${this.reason}`
  }
}

/** What is laid out. */
export interface EmbeddingInput {
  /** Finite, `[count, dimensions]` in row-major order. */
  readonly values: Float32Array
  readonly count: number
  /** For what is random in the embedding. */
  readonly seed: number
}

export interface Layout {
  /** `[count, 2]`. */
  readonly positions: Float32Array
  /** How it came about, for a caption: `by t-SNE (perplexity 30, KL divergence 1.02 nats)`. */
  readonly how: string
}

export interface Embedding {
  readonly spec: Spec
  /** Part of a figure's file name, such as `t-sne`. */
  readonly name: string
  /** For titles and axes, such as `t-SNE`. */
  readonly title: string
  /** Most points that are laid out in a few seconds. */
  readonly maximumPoints: number
  readonly embed: (points: EmbeddingInput) => Effect.Effect<Layout, EngineError | EmbeddingError, Engine>
}

/** Positions `[count, 2]` on a line, for points too few to have a shape. */
export const lineLayout = (count: number): Float32Array =>
  Float32Array.from({ length: 2 * count }, (_, index) => (index % 2 === 0 ? index / 2 : 0))
