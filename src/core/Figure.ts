/**
 * A figure as data: a Vega-Lite view with a title and a caption. Rendering is separate, so that one definition serves a
 * PNG file, a figure that compares runs, and a page.
 */
import { Schema } from "effect"
import type { Json } from "./Spec.ts"

/** A figure could not be created or rendered. */
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

/** Pixels of a rendered PNG per unit of length in a view. */
export const pixelRatio = 2

/** A Vega-Lite view (unit, layer or concatenation) without title and configuration, its data inline. */
export interface VegaLiteView {
  readonly [key: string]: Json
}

export interface Figure {
  /** File name without ending, such as `latent-scatter`. */
  readonly name: string
  readonly title: string
  /** A description of one or two sentences with the important numbers; also the alternative text. */
  readonly caption: string
  readonly view: VegaLiteView
}

/** A sequence of figures of the same kind at several epochs. */
export interface Animation {
  /** File name without ending. */
  readonly name: string
  readonly title: string
  /** A description that includes the epochs; also the alternative text. */
  readonly caption: string
  /** At least one frame; all have the same axes. */
  readonly frames: ReadonlyArray<Frame>
}

/** One frame of an animation. */
export interface Frame {
  /** Suffix of the title, such as `epoch 3`. */
  readonly label: string
  readonly view: VegaLiteView
}

/** An interactive page: one self-contained HTML file. */
export interface HtmlPage {
  /** File name without ending. */
  readonly name: string
  readonly title: string
  readonly caption: string
  /** The whole document. */
  readonly html: string
}
