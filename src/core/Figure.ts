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
export interface VegaLiteView {
  readonly [key: string]: Json
}

export interface Figure {
  /** File name without ending, such as `latent-scatter`. */
  readonly name: string
  readonly title: string
  /** What one sees, for those who cannot look: a sentence or two with the numbers that matter. */
  readonly caption: string
  readonly view: VegaLiteView
}

/** Figures one after the other, as of a film: the same thing at several moments. */
export interface Animation {
  /** File name without ending. */
  readonly name: string
  readonly title: string
  /** What one sees, for those who cannot look, and of which moments. */
  readonly caption: string
  /** At least one; all of them with the same axes. */
  readonly frames: ReadonlyArray<Frame>
}

/** One moment of an animation. */
export interface Frame {
  /** Stands after the title, such as `epoch 3`. */
  readonly label: string
  readonly view: VegaLiteView
}

/** A page to be explored in a browser: one file that needs nothing else. */
export interface HtmlPage {
  /** File name without ending. */
  readonly name: string
  readonly title: string
  readonly caption: string
  /** The whole document. */
  readonly html: string
}
