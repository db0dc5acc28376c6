/**
 * The engine for recomputing runs: the requested one, or the one that a run was trained with.
 */
import { Effect, Layer } from "effect"
import * as ChooseEngine from "../training/ChooseEngine.ts"
import type { Manifest } from "../store/Manifest.ts"

/** The request for a manifest's engine and device; `auto` if this version does not have them. */
const recorded = ({ engine: { _tag, device } }: Pick<Manifest, "engine">): ChooseEngine.EngineRequest => {
  // TensorFlow calls every GPU `gpu`.
  const on = device === "gpu" ? "cuda" : device
  return {
    engine: ChooseEngine.names.find((name) => name === String(_tag).toLowerCase()) ?? "auto",
    device: ChooseEngine.devices.find((name) => name === on) ?? "auto"
  }
}

/** The engine and device for a run: what is not requested is as recorded, as far as both are compatible. */
export const engineFor = (
  asked: ChooseEngine.EngineRequest,
  manifest: Pick<Manifest, "engine"> | undefined
): ChooseEngine.EngineRequest => {
  if (manifest === undefined) return asked
  const then = recorded(manifest)
  const both: ChooseEngine.EngineRequest = {
    engine: asked.engine === "auto" ? then.engine : asked.engine,
    device: asked.device === "auto" ? then.device : asked.device
  }
  const isOther = asked.engine !== "auto" && asked.engine !== then.engine
  return isOther || ChooseEngine.unsupportedReason(both) !== undefined ? asked : both
}

/** Opens the engine for a run. Each engine is opened once and stays open for the scope. */
export const make = Effect.fnUntraced(function* (asked: ChooseEngine.EngineRequest) {
  const scope = yield* Effect.scope
  const open = (wanted: ChooseEngine.EngineRequest) =>
    Effect.cached(Layer.buildWithScope(ChooseEngine.layer(wanted), scope))
  const opened = new Map<string, Effect.Success<ReturnType<typeof open>>>()
  return Effect.fnUntraced(function* (manifest: Pick<Manifest, "engine"> | undefined) {
    const wanted = engineFor(asked, manifest)
    const key = `${wanted.engine} ${wanted.device}`
    const engine = opened.get(key) ?? (yield* open(wanted))
    opened.set(key, engine)
    return yield* engine
  })
})
