/**
 * A figure as data: a Vega-Lite view with a title and a caption. Rendering is another matter, so that one definition
 * serves a PNG file, a figure that sets several runs side by side, and a page.
 */
import type { Json } from "./Spec.ts"

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
