/**
 * Compares the current environment with a run's recorded one: engine, versions, code and machine.
 *
 * Law: if all are as recorded, results must have equal bits.
 */
import { Effect } from "effect"
import { Engine } from "../../core/Engine.ts"
import { type Finding, note, ok } from "./Finding.ts"
import type { Manifest } from "../store/Manifest.ts"
import * as Segments from "../plan/Segments.ts"
import type { Provenance } from "../store/Provenance.ts"

/** The differences between the current environment and those of all segments of a run; empty if there are none. */
export const changes = Effect.fnUntraced(function* (manifest: Manifest, provenance: Provenance) {
  const { spec } = yield* Engine
  const parts = [...(manifest.earlier ?? []), manifest]
  return [...new Set(parts.flatMap((part) => Segments.changes(part, { engine: spec, ...provenance })))]
})

const isVersion = (change: string): boolean => change.startsWith("versions.")

/** The differences as a finding; digests are shortened, and many versions are only counted. */
export const finding = (all: ReadonlyArray<string>): Omit<Finding, "subject"> => {
  if (all.length === 0) return ok("engine, versions, code and machine are the recorded ones, so the bits must be equal")
  const versions = all.filter(isVersion)
  const shown =
    versions.length > 3 ? [...all.filter((change) => !isVersion(change)), `${versions.length} versions`] : all
  const words = shown.map((change) => change.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{28,}\b/g, "$1"))
  return note(`not as recorded: ${words.join("; ")}`)
}
