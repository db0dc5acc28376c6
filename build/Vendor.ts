/**
 * Builds the package's vendored files from development dependencies: the `imports` of the repository's `package.json`
 * are bundled, packed or copied, so that the installed package needs neither the bundler nor its inputs.
 *
 * Import names stay the same: `#report-page` is the page's source in the repository and the page's script in the
 * package. Licences of all bundled packages are in `LICENSES.md`.
 */
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { Array, Effect, FileSystem, Option, Order, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { rolldown } from "rolldown"
import type { DatasetError } from "../src/core/Dataset.ts"
import * as BuiltInDigits from "../src/core/datasets/BuiltInDigits.ts"
import * as Bundle from "../src/pipelines/report/Bundle.ts"
import type { ReportError } from "../src/pipelines/report/ReportError.ts"
import { BuildError } from "./BuildError.ts"

const require = createRequire(import.meta.url)

/** A vendored file, with the modules that it contains. */
interface Vendored {
  readonly name: string
  readonly content: string | Uint8Array
  readonly sources: ReadonlyArray<string>
}

/**
 * Bundles a module of packages for Node. A second copy of TensorFlow.js is harmless: its registry is on `globalThis`.
 */
const bundled = (name: string, entry: URL) =>
  Effect.tryPromise({
    try: async (): Promise<Vendored> => {
      const bundle = await rolldown({ input: fileURLToPath(entry), platform: "node", onLog: () => {} })
      const { output } = await bundle.generate({ format: "esm", comments: { legal: true } })
      await bundle.close()
      const [{ code, moduleIds }] = output
      return { name, content: code, sources: moduleIds }
    },
    catch: (cause) => new BuildError({ reason: `${name} could not be bundled`, cause })
  })

const copied = Effect.fnUntraced(function* (name: string, source: string) {
  const fs = yield* FileSystem.FileSystem
  return { name, content: yield* fs.readFile(source), sources: [source] } satisfies Vendored
})

const script = Effect.fnUntraced(function* (name: string, source: string) {
  const { code, modules } = yield* Bundle.build(require.resolve(source), undefined)
  return { name, content: code, sources: Object.keys(modules) } satisfies Vendored
})

const digits = Effect.gen(function* () {
  const content = gzipSync(BuiltInDigits.packed(yield* BuiltInDigits.builtInDigits.load), { level: 9 })
  return { name: "mnist-digits.bin.gz", content, sources: [require.resolve("#mnist-digits")] } satisfies Vendored
})

const copy = (name: string, source: string) => copied(name, require.resolve(source))

type Making = Effect.Effect<
  Vendored,
  BuildError | DatasetError | PlatformError | ReportError,
  FileSystem.FileSystem | Path.Path
>

/** How each import name is built. */
const files: Readonly<Record<string, Making>> = {
  "#export-graph": copy("model_graph.py", "#export-graph"),
  "#export-keras": copy("model_keras.py", "#export-keras"),
  "#export-torch": copy("model_torch.py", "#export-torch"),
  "#font-bold": copy("DejaVuSans-Bold.ttf", "#font-bold"),
  "#font-regular": copy("DejaVuSans.ttf", "#font-regular"),
  "#mnist-digits": digits,
  "#onnxruntime-web": copied("onnxruntime-web.mjs", fileURLToPath(import.meta.resolve("#onnxruntime-web"))),
  "#onnxruntime-web.wasm": copy("ort-wasm-simd-threaded.wasm", "#onnxruntime-web.wasm"),
  "#plotly-2d": copy("plotly-2d.js", "#plotly-2d"),
  "#plotly-3d": copy("plotly-3d.js", "#plotly-3d"),
  "#report-page": script("report-page.js", "#report-page"),
  "#report-runtime": script("report-runtime.js", "#report-runtime"),
  "#report-style": copy("report-style.css", "#report-style"),
  "#tensorflow-parts": bundled("tensorflow-parts.js", new URL("./TensorFlowParts.ts", import.meta.url))
}

/** Files that a vendored file loads by relative path. */
const beside = [copy("ort-wasm-simd-threaded.mjs", "onnxruntime-web/ort-wasm-simd-threaded.mjs")]

const Package = Schema.fromJsonString(
  Schema.Struct({ name: Schema.String, version: Schema.String, license: Schema.optionalKey(Schema.String) })
)

/** The package of a module: name, version, licence, and the licence's text if it has one. */
const packageOf = Effect.fnUntraced(function* (module: string) {
  const fs = yield* FileSystem.FileSystem
  const { dirname, join } = yield* Path.Path
  for (let folder = dirname(module); folder !== dirname(folder); folder = dirname(folder)) {
    const found = yield* Effect.option(
      Effect.flatMap(fs.readFileString(join(folder, "package.json")), Schema.decodeEffect(Package))
    )
    if (Option.isNone(found)) continue
    const names = yield* fs.readDirectory(folder)
    const file = names.find((name) => /^licen[cs]e/i.test(name))
    return { ...found.value, text: file === undefined ? "" : yield* fs.readFileString(join(folder, file)) }
  }
  return undefined
})

const licences = Effect.fnUntraced(function* (vendored: ReadonlyArray<Vendored>, own: string) {
  const modules = vendored.flatMap(({ sources }) => sources).filter((source) => source.startsWith("/"))
  const packages = Array.dedupeWith(
    (yield* Effect.forEach(modules, packageOf)).filter((found) => found !== undefined),
    (one, other) => one.name === other.name
  ).filter(({ name }) => name !== own)
  const sorted = Array.sortWith(packages, ({ name }) => name, Order.String)
  const sections = sorted.map(
    ({ license = "see its repository", name, text, version }) => `## ${name} ${version}: ${license}\n\n${text.trim()}\n`
  )
  return `# Packages bundled in this folder\n\n${sections.join("\n")}`
})

/** Writes all files into a folder and returns the published `imports`. Errors: `BuildError`. */
export const make = Effect.fn("Vendor.make")(function* (imports: Readonly<Record<string, string>>, folder: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const missing = Object.keys(imports).filter((name) => !(name in files))
  if (missing.length > 0)
    return yield* new BuildError({ reason: `Vendor.ts does not build ${missing.join(", ")}; add an entry` })
  const named = yield* Effect.forEach(Object.entries(files), ([name, file]) =>
    Effect.map(file, (made) => [name, made] as const)
  )
  const vendored = [...named.map(([, file]) => file), ...(yield* Effect.all(beside))]
  yield* fs.makeDirectory(folder, { recursive: true })
  for (const { content, name } of vendored) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
    yield* fs.writeFile(join(folder, name), bytes)
  }
  yield* fs.writeFileString(join(folder, "LICENSES.md"), yield* licences(vendored, "effect-vae"))
  return Object.fromEntries(named.map(([name, file]) => [name, `./vendor/${file.name}`]))
})
