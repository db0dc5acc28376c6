/**
 * The engine that runs are computed again with: the one asked for, or the one that a run was made with.
 */
import { Effect, Layer } from "effect"
import * as ChooseEngine from "../training/ChooseEngine.ts"
import type { Manifest } from "../store/Manifest.ts"

type Name = (typeof ChooseEngine.names)[number]

/** The name under which a manifest's engine is asked for; `auto` where this version does not have it. */
export const nameOf = ({ engine }: Pick<Manifest, "engine">): Name =>
  ChooseEngine.names.find((name) => name === String(engine["_tag"]).toLowerCase()) ?? "auto"

/** Gives the engine for a run. Each is opened once, for the scope. */
export const make = Effect.fnUntraced(function* (asked: Name) {
  const scope = yield* Effect.scope
  const open = (name: Name) => Effect.cached(Layer.buildWithScope(ChooseEngine.layer(name), scope))
  const opened = new Map<Name, Effect.Success<ReturnType<typeof open>>>()
  return Effect.fnUntraced(function* (manifest: Pick<Manifest, "engine"> | undefined) {
    const name = asked === "auto" && manifest !== undefined ? nameOf(manifest) : asked
    const engine = opened.get(name) ?? (yield* open(name))
    opened.set(name, engine)
    return yield* engine
  })
})
