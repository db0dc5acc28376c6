/**
 * The report's scripts: the page itself, the runtime of the models, and the library for 3-D plots.
 */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Effect } from "effect"
import * as Bundle from "./Bundle.ts"
import { ReportError } from "./ReportError.ts"

const require = createRequire(import.meta.url)

/** The script of the page. */
export const page = Bundle.script(require.resolve("#report-page"))

/** onnxruntime-web. Its WebAssembly is gzipped to a quarter of its size and decompressed by the browser. */
export const runtime = Effect.suspend(() =>
  Bundle.script(require.resolve("#report-runtime"), {
    variable: "effectVaeWasm",
    path: require.resolve("#onnxruntime-web.wasm")
  })
)

/** Plotly's 3-D bundle. */
export const plotly = Effect.tryPromise({
  try: () => readFile(require.resolve("#plotly-3d"), "utf8"),
  catch: (cause) => new ReportError({ reason: "Plotly (#plotly-3d) could not be read", cause })
})
