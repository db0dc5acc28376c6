/**
 * Names of the report's assets in the folder `report`, without the extension of scripts.
 */

import type { NetworkName } from "../store/ModelFolder.ts"

/** The folder of the assets. */
export const folder = "report"

/** onnxruntime-web with its WebAssembly, and Plotly for 3-D plots. */
export const runtime = "runtime"
export const plotly = "plotly"

export const network = (run: string, which: NetworkName): string => `model-${run}-${which}`
export const codes = (run: string): string => `codes-${run}`
export const images = (digest: string): string => `images-${digest.slice(0, 12)}`
export const figure = (run: string, name: string): string => `figure-${run}-${name}`
/** With its extension. */
export const animation = (run: string, name: string): string => `animation-${run}-${name}.gif`

/** Whether a file of the folder is an asset, so that it may be removed when it is no longer needed. */
export const isAsset = (file: string): boolean =>
  /^(?:runtime|plotly|(?:model|codes|images|figure|animation)-.*)\.(?:js|gif)$/.test(file)
