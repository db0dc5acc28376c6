/**
 * The programs that the report consists of: the page's own, the runtime of the models, the library for plots in space.
 */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Effect } from "effect"
import * as Bundle from "./Bundle.ts"
import { ReportError } from "./ReportError.ts"

const require = createRequire(import.meta.url)

/** The page's own program. */
export const page = Bundle.script(require.resolve("#report-page"))

/** onnxruntime-web. Its WebAssembly, zipped, is a quarter of its size, and a browser unzips it by itself. */
export const runtime = Effect.suspend(() =>
  Bundle.script(require.resolve("#report-runtime"), {
    variable: "effectVaeWasm",
    path: require.resolve("#onnxruntime-web.wasm")
  })
)

/** Plotly, as far as it draws in space. */
export const plotly = Effect.tryPromise({
  try: () => readFile(require.resolve("#plotly-3d"), "utf8"),
  catch: (cause) => new ReportError({ reason: "Plotly (#plotly-3d) could not be read", cause })
})
