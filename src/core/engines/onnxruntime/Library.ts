/**
 * Loads onnxruntime: the package `onnxruntime-node` if it is installed, otherwise onnxruntime's WebAssembly build,
 * which has the same operators, runs everywhere and is slower.
 *
 * Laws: nothing is loaded before the first session; `version` tells which build is used.
 */
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import type * as Ort from "onnxruntime-common"

const here = createRequire(import.meta.url)

const resolved = (name: string): string | undefined => {
  try {
    return here.resolve(name)
  } catch {
    return undefined
  }
}

/** The main module of `onnxruntime-node`, `.../dist/index.js`; undefined with VAE_ONNXRUNTIME=wasm. */
const native = process.env["VAE_ONNXRUNTIME"] === "wasm" ? undefined : resolved("onnxruntime-node")

/** Folder of `onnxruntime-node`; undefined if it is not installed. */
export const folder: string | undefined = native === undefined ? undefined : dirname(dirname(native))

// The CommonJS copy that onnxruntime-node loads; it rejects tensors of another copy.
const common = (native === undefined ? here : createRequire(native))("onnxruntime-common") as typeof Ort

export type Tensor = Ort.Tensor
export const Tensor: Ort.TensorConstructor = common.Tensor

/** The used part of a session. Outputs are written into the tensors of `fetches`. */
export interface Session {
  readonly run: (
    feeds: Readonly<Record<string, Tensor>>,
    fetches?: Readonly<Record<string, Tensor | null>>
  ) => Promise<Readonly<Record<string, Tensor>>>
  readonly release: () => Promise<void>
}

/** `1.30.0`, or `1.30.0-wasm` for the WebAssembly build. */
export const version: string =
  folder === undefined
    ? `${common.env.versions.common}-wasm`
    : (here(join(folder, "package.json")) as { readonly version: string }).version

const createNative = async (model: Uint8Array, options: Ort.InferenceSession.SessionOptions): Promise<Session> => {
  // The import registers its backends with the copy of onnxruntime-common above.
  here(native!)
  return common.InferenceSession.create(model, options)
}

const createWasm = async (model: Uint8Array, options: Ort.InferenceSession.SessionOptions): Promise<Session> => {
  // Types exist only for the package's name.
  const ort = (await import("#onnxruntime-web" as string)) as typeof Ort
  // All sessions share the threads; the first session determines their number.
  ort.env.wasm.numThreads ??= options.intraOpNumThreads ?? 1
  const { executionMode, logSeverityLevel } = options
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["wasm"],
    ...(executionMode !== undefined && { executionMode }),
    ...(logSeverityLevel !== undefined && { logSeverityLevel })
  })
  return {
    // It returns outputs in its own tensors.
    run: async (feeds, fetches = {}) => {
      const wanted = Object.entries(fetches).filter(([, tensor]) => tensor !== null) as ReadonlyArray<[string, Tensor]>
      const results = await session.run({ ...feeds }, session.outputNames)
      for (const [name, { data }] of wanted) (data as Float32Array).set(results[name]!.data as Float32Array)
      return { ...results, ...Object.fromEntries(wanted) }
    },
    release: () => session.release()
  }
}

/** Creates a session of a model. Rejects with onnxruntime's error. */
export const create = (model: Uint8Array, options: Ort.InferenceSession.SessionOptions): Promise<Session> =>
  native === undefined ? createWasm(model, options) : createNative(model, options)
