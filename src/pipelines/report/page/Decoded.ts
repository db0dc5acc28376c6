/**
 * A run's decoded image of a code, or its reconstruction of an image.
 */
import { Effect } from "effect"
import type { RunData } from "../ReportData.ts"
import { type Outcome, useEffectful } from "./Hooks.ts"
import { decode, encode, NetworkFailure } from "./Networks.ts"

/** The input: a code, or an image that each run encodes. */
export type Source =
  | { readonly kind: "code"; readonly code: Float32Array }
  | { readonly kind: "image"; readonly pixels: Float32Array; readonly name: string }

export interface Decoded {
  /** `[latent]`: the code, or the posterior mean of the image. */
  readonly code: Float32Array
  /** Posterior standard deviation of an image, `[latent]`. */
  readonly deviation: Float32Array | undefined
  /** `[height, width, channels]`: the decoder's output. */
  readonly image: Float32Array
}

/** Decodes a code, or encodes and decodes an image. */
export const decoded = Effect.fnUntraced(function* (run: RunData, source: Source, label: number) {
  if (source.kind === "code") {
    if (run.model !== undefined && run.model.latent !== source.code.length) {
      const reason = `This run has ${run.model.latent} latent dimensions, the code has ${source.code.length}: compare the two by an image.`
      return yield* new NetworkFailure({ reason })
    }
    const found: Decoded = { code: source.code, deviation: undefined, image: yield* decode(run, source.code, label) }
    return found
  }
  const { deviation, mean } = yield* encode(run, source.pixels, label)
  const found: Decoded = { code: mean, deviation, image: yield* decode(run, mean, label) }
  return found
})

/** The same as a hook; undefined without a run or an input. */
export const useDecoded = (
  run: RunData | undefined,
  source: Source | undefined,
  label: number,
  ready: boolean
): Outcome<Decoded> =>
  useEffectful(
    () => (run === undefined || source === undefined || !ready ? undefined : decoded(run, source, label)),
    [run?.id, source, label, ready]
  )
