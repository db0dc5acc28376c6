/**
 * Types of the noise that a component requires. The numbers come from `Random.ts`, keyed by (seed, stream, step,
 * index).
 */
import type { Shape } from "./Tensors.ts"

/** Noise for one example: `normal` is N(0, 1), `uniform` is [0, 1). */
export interface NoiseType {
  readonly distribution: "normal" | "uniform"
  /** Without the batch axis. */
  readonly shape: Shape
}

export type NoiseTypes = Readonly<Record<string, NoiseType>>
