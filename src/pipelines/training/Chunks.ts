/** Programs of a fixed number of rows, run on any number of them. */
import { Effect } from "effect"
import { mostSubmitted } from "../../core/Engine.ts"
import type { HostTensors } from "../../core/Tensors.ts"

/** Examples per call: enough for wide matrix products, few enough for the cache. */
export const chunkSize = 500

/** `size` rows from `start`; where there are fewer, zeros follow. */
export const rows = <A extends Float32Array | Int32Array>(values: A, width: number, start: number, size: number): A => {
  const slice = values.subarray(start * width, (start + size) * width) as A
  if (slice.length === size * width) return slice
  const filled = new (values.constructor as new (length: number) => A)(size * width)
  filled.set(slice)
  return filled
}

/**
 * Submits `run` for chunks of `size` rows and concatenates the results by name; the padding rows of the last chunk are
 * dropped.
 */
export const inChunks = <E>(
  count: number,
  size: number,
  run: (start: number) => Effect.Effect<Effect.Effect<HostTensors, E>, E>
): Effect.Effect<Record<string, Float32Array>, E> =>
  Effect.gen(function* () {
    const joined: Record<string, Float32Array> = {}
    const submitted: Array<{ readonly start: number; readonly outputs: Effect.Effect<HostTensors, E> }> = []
    for (let start = 0; start < count; start += size) {
      submitted.push({ start, outputs: yield* run(start) })
      if (submitted.length < mostSubmitted && start + size < count) continue
      for (const { outputs, start } of submitted.splice(0)) {
        for (const [name, { values }] of Object.entries(yield* outputs)) {
          const width = values.length / size
          joined[name] ??= new Float32Array(count * width)
          joined[name].set(values.subarray(0, Math.min(size, count - start) * width), start * width)
        }
      }
    }
    return joined
  })
