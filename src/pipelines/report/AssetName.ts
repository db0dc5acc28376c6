/**
 * Names of the files beside the page, in the folder `report`. Scripts are named without their ending.
 */

import type { NetworkName } from "../store/ModelFolder.ts"

/** The folder beside the page. */
export const folder = "report"

/** onnxruntime-web with its WebAssembly, and the library for plots in space. */
export const runtime = "runtime"
export const plotly = "plotly"

export const network = (run: string, which: NetworkName): string => `model-${run}-${which}`
export const codes = (run: string): string => `codes-${run}`
export const images = (digest: string): string => `images-${digest.slice(0, 12)}`
export const figure = (run: string, name: string): string => `figure-${run}-${name}`
/** With its ending. */
export const animation = (run: string, name: string): string => `animation-${run}-${name}.gif`

/** Whether a file of the folder is one of these, so that it may be removed when no page needs it. */
export const isAsset = (file: string): boolean =>
  /^(?:runtime|plotly|(?:model|codes|images|figure|animation)-.*)\.(?:js|gif)$/.test(file)
