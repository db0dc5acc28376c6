/**
 * What a run makes of a code or of an image.
 */
import { Effect } from "effect"
import type { RunData } from "../ReportData.ts"
import { type Outcome, useEffectful } from "./Hooks.ts"
import { decode, encode, NetworkFailure } from "./Networks.ts"

/** What is looked at: a code, or an image that each run encodes for itself. */
export type Source =
  | { readonly kind: "code"; readonly code: Float32Array }
  | { readonly kind: "image"; readonly pixels: Float32Array; readonly name: string }

export interface Decoded {
  /** `[latent]`: the code, or the mean of the image's. */
  readonly code: Float32Array
  /** Of an image's code, `[latent]`. */
  readonly deviation: Float32Array | undefined
  /** `[height, width, channels]`: what the decoder makes of the code. */
  readonly image: Float32Array
}

/** The run's image of a code, or of the code that it gives an image. */
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

/** The same, renewed with what is looked at; nothing where there is no run or nothing to look at yet. */
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
