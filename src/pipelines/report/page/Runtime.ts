/**
 * The asset `runtime`: onnxruntime-web, with its WebAssembly file embedded.
 */
import * as ort from "onnxruntime-web/wasm"

globalThis.effectVaeRuntime = { ort, wasm: globalThis.effectVaeWasm }

declare global {
  /** The WebAssembly file, gzipped, as base64. */
  var effectVaeWasm: string
}
