/**
 * The part `runtime`: onnxruntime-web with its WebAssembly kernels, to which their bytes are added.
 */
import * as ort from "onnxruntime-web/wasm"

globalThis.effectVaeRuntime = { ort, wasm: globalThis.effectVaeWasm }

declare global {
  /** base64 of the kernels' file, zipped. */
  var effectVaeWasm: string
}
