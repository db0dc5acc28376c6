/**
 * The runs' networks, run in the page by onnxruntime-web on one thread.
 *
 * Laws: a network is loaded once and its calls are serialised; its outputs are those of the run's files, unrounded.
 */
import { Data, Effect, Semaphore } from "effect"
import type * as Ort from "onnxruntime-web/wasm"
import { type ModelData, NetworkData, type RunData } from "../ReportData.ts"
import { bytesOf, part, AssetError, script } from "./Assets.ts"

/** A network cannot be loaded or run. */
export class NetworkFailure extends Data.TaggedError("NetworkFailure")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

declare global {
  /** The asset `runtime`: the library, and its gzipped WebAssembly as base64. */
  var effectVaeRuntime: { readonly ort: typeof Ort; readonly wasm: string } | undefined
}

const failed = (what: string) => (cause: unknown) =>
  new NetworkFailure({ reason: `${what}: ${cause instanceof Error ? cause.message : String(cause)}` })

const runtime = Effect.runSync(
  Effect.cached(
    Effect.uninterruptible(
      Effect.gen(function* () {
        yield* script("runtime")
        const loaded = globalThis.effectVaeRuntime
        if (loaded === undefined) return yield* new AssetError({ asset: "runtime", reason: "is not the runtime" })
        globalThis.effectVaeRuntime = undefined
        const { ort, wasm } = loaded
        return yield* Effect.tryPromise({
          try: async () => {
            const unzipped = new Blob([bytesOf(wasm)]).stream().pipeThrough(new DecompressionStream("gzip"))
            ort.env.wasm.wasmBinary = await new Response(unzipped).arrayBuffer()
            // More threads need SharedArrayBuffer, which file: pages do not have.
            ort.env.wasm.numThreads = 1
            ort.env.logLevel = "error"
            return ort
          },
          catch: failed("This browser cannot load the runtime")
        })
      })
    )
  )
)

type Failure = NetworkFailure | AssetError

const sessions = new Map<string, Effect.Effect<Ort.InferenceSession, Failure>>()

const load = Effect.fnUntraced(function* (name: string) {
  const ort = yield* runtime
  const { onnx } = yield* part(name, NetworkData)
  return yield* Effect.tryPromise({
    try: () => ort.InferenceSession.create(bytesOf(onnx), { executionProviders: ["wasm"] }),
    catch: failed("The model cannot be loaded")
  })
})

const session = (name: string): Effect.Effect<Ort.InferenceSession, Failure> =>
  Effect.suspend(() => {
    const known = sessions.get(name) ?? Effect.runSync(Effect.cached(Effect.uninterruptible(load(name))))
    sessions.set(name, known)
    return known
  })

const turn = Semaphore.makeUnsafe(1)

type Inputs = Readonly<
  Record<string, { readonly dims: ReadonlyArray<number>; readonly values: Float32Array | Int32Array }>
>

const call = Effect.fnUntraced(function* (name: string, inputs: Inputs) {
  const ort = yield* runtime
  const loaded = yield* session(name)
  const run = Effect.tryPromise({
    try: async () => {
      const feeds = Object.entries(inputs)
        .filter(([input]) => loaded.inputNames.includes(input))
        .map(([input, { dims, values }]) => {
          const type = values instanceof Float32Array ? "float32" : "int32"
          return [input, new ort.Tensor(type as "float32", values as Float32Array, dims)] as const
        })
      const results = await loaded.run(Object.fromEntries(feeds))
      return Object.fromEntries(Object.entries(results).map(([output, { data }]) => [output, data as Float32Array]))
    },
    catch: failed("The model cannot be run")
  })
  return yield* turn.withPermits(1)(Effect.uninterruptible(run))
})

const modelOf = ({ id, model }: RunData): Effect.Effect<ModelData, NetworkFailure> =>
  model === undefined
    ? Effect.fail(new NetworkFailure({ reason: `Run ${id} has no model here.` }))
    : Effect.succeed(model)

const labelInput = (label: number, count: number) => ({
  labels: { dims: [count], values: new Int32Array(count).fill(label) }
})

/** The means of `p(x | z)` for codes `[count, latent]`: `[count, height, width, channels]`; of a class, if the model takes classes. */
export const decode = Effect.fnUntraced(function* (run: RunData, codes: Float32Array, label: number) {
  const { decoder, latent } = yield* modelOf(run)
  const count = codes.length / latent
  const { images } = yield* call(decoder, {
    codes: { dims: [count, latent], values: codes },
    ...labelInput(label, count)
  })
  return images!
})

/** A standard normal sample (Box and Muller 1958). */
const normal = (): number => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())

/** A code of the run's prior, `[latent]`. */
export const randomCode = Effect.fnUntraced(function* (run: RunData) {
  const { latent, prior } = yield* modelOf(run)
  const values = Float32Array.from({ length: latent }, normal)
  if (prior === undefined) return values
  const { codes } = yield* call(prior, {
    normal: { dims: [1, latent], values },
    uniform: { dims: [1], values: Float32Array.of(Math.random()) }
  })
  return codes!
})

/** Mean and deviation of `q(z | x)` of one image `[height, width, channels]`, pixels from 0 to 1. */
export const encode = Effect.fnUntraced(function* (run: RunData, image: Float32Array, label: number) {
  const { encoder, shape } = yield* modelOf(run)
  const { height, width, channels } = shape
  const { deviation, mean } = yield* call(encoder, {
    images: { dims: [1, height, width, channels], values: image },
    ...labelInput(label, 1)
  })
  return { mean: mean!, deviation: deviation! }
})
