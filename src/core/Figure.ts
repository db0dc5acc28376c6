/**
 * A figure as data: a Vega-Lite view with a title and a caption. Rendering is another matter, so that one definition
 * serves a PNG file, a figure that sets several runs side by side, and a page.
 */
import { Schema } from "effect"
import type { Json } from "./Spec.ts"

/** A figure could not be made or rendered. */
export class FigureError extends Schema.TaggedError<FigureError>()("FigureError", {
  /** The figure's name. */
  figure: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `figure ${this.figure}: ${this.reason}`
  }
}

/** Pixels of a rendered PNG along one unit of length in a view. */
export const pixelRatio = 2

/** A Vega-Lite view (unit, layer or concatenation) without title and configuration, its data inline. */
export interface View {
  readonly [key: string]: Json
}

export interface Figure {
  /** File name without ending, such as `latent-scatter`. */
  readonly name: string
  readonly title: string
  /** What one sees, for those who cannot look: a sentence or two with the numbers that matter. */
  readonly caption: string
  readonly view: View
}
