/**
 * A run's manifest: exactly what produced the run, and how it ended.
 *
 * Laws: the id is the hash of the specs, the seed and the data; each field has a digest, so that a manifest changed by
 * hand or by a faulty disk is rejected with the field's name; an unknown format version is rejected. A version 1
 * manifest is a version 2 manifest without earlier segments.
 */
import { Effect, type FileSystem, Option, type Path, Predicate, Schema } from "effect"
import { digestOf, type Json, type Spec } from "../../core/Spec.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as JsonFile from "../files/JsonFile.ts"
import { Provenance } from "./Provenance.ts"
import { corrupt, StoreError, unknownFormat } from "../files/StoreError.ts"

/** Increased when equal specs give different numbers than before, so that such runs get new ids. */
const runFormat = 1

/** Increased when the file format changes. */
const formatVersion = 2

/** Readable versions; fields that version 2 added may be absent. */
const readable: ReadonlyArray<unknown> = [1, formatVersion]

/** The specs that define a run. */
export interface RunSpecs {
  readonly dataset: Spec
  readonly model: Spec
  readonly objective: Spec
  readonly training: Spec
}

/**
 * A run's id, 12 hexadecimal digits: the hash of everything that determines its numbers. `dataDigest` is the dataset's
 * SHA-256.
 */
export const runId = (specs: RunSpecs, seed: number, dataDigest: string): string =>
  digestOf({
    format: runFormat,
    dataset: specs.dataset,
    model: specs.model,
    objective: specs.objective,
    training: specs.training,
    seed,
    data: dataDigest
  }).slice(0, 12)

export const Status = Schema.Literals(["running", "done", "failed", "interrupted"])
export type Status = typeof Status.Type

export const SpecSchema = Schema.StructWithRest(Schema.Struct({ _tag: Schema.String }), [
  Schema.Record(Schema.String, Schema.Json)
])

/** An engine's spec: name, device, threads, version. */
export const EngineSpec = Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite]))

/** What one process contributed to a run, on which engine and machine, and when. */
const segment = {
  /** Optimiser steps before this segment; absent in a manifest of version 1. */
  fromStep: Schema.optionalKey(Schema.Natural),
  engine: EngineSpec,
  ...Provenance.fields,
  started: Schema.DateTimeUtcFromString,
  /** Absent while the run is running, or if it was killed. */
  ended: Schema.optionalKey(Schema.DateTimeUtcFromString)
}

/** The segment of a process that a later one resumed from; that process was killed if the status is `running`. */
export const Segment = Schema.Struct({ ...segment, status: Status })
export type Segment = typeof Segment.Type

export const Manifest = Schema.Struct({
  /** Also the name of the run's folder. */
  id: Schema.String,
  experiment: Schema.String,
  parameters: Schema.Record(Schema.String, Schema.Json),
  seed: Schema.Int,
  specs: Schema.Struct({ dataset: SpecSchema, model: SpecSchema, objective: SpecSchema, training: SpecSchema }),
  data: Schema.Struct({
    source: Schema.Literals(["data directory", "cache", "download", "built in", "path"]),
    location: Schema.String,
    digest: Schema.String
  }),
  ...segment,
  /** Segments of earlier processes whose steps are in the run, oldest first; absent if one process took all steps. */
  earlier: Schema.optionalKey(Schema.Array(Segment)),
  status: Status,
  /** Why a run failed or was interrupted. */
  exit: Schema.optionalKey(
    Schema.Struct({
      /** The error's tag. */
      error: Schema.String,
      message: Schema.String,
      epoch: Schema.optionalKey(Schema.Int),
      step: Schema.optionalKey(Schema.Int),
      /** Loss of a diverged run, in nats per image. */
      lastFiniteLoss: Schema.optionalKey(Schema.Number),
      /** Step of the newest checkpoint. */
      checkpoint: Schema.optionalKey(Schema.Natural)
    })
  )
})
export type Manifest = typeof Manifest.Type

type Fields = Readonly<Record<string, Json>>

/** One digest per field; 64 bits detect accidents and manual changes. */
const digests = (fields: Fields): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, digestOf(value).slice(0, 16)]))

/** Writes a manifest atomically. Errors: `StoreError`. */
export const write = Effect.fn("Manifest.write")(function* (
  path: string,
  manifest: Manifest
): Effect.fn.Return<void, StoreError, FileSystem.FileSystem | Path.Path> {
  const fields = (yield* JsonFile.toJson(Manifest, path, manifest)) as Fields
  const seal = yield* Effect.try({
    try: () => digests(fields),
    catch: (cause) =>
      new StoreError({ path, problem: "cannot write", reason: "a text in it is not well-formed Unicode", cause })
  })
  yield* AtomicFile.write(path, JsonFile.format({ formatVersion, ...fields, digests: seal }))
})

/** The first field that does not match its stored digest. */
const changedField = (fields: Fields, stated: unknown): string | undefined => {
  const found = digests(fields)
  const expected = Predicate.isObject(stated) ? (stated as Record<string, unknown>) : {}
  return [...new Set([...Object.keys(found), ...Object.keys(expected)])].find((name) => found[name] !== expected[name])
}

/** Reads a manifest strictly; none if there is no file. Errors: `StoreError`, which says what is wrong. */
export const read = Effect.fn("Manifest.read")(function* (
  path: string
): Effect.fn.Return<Option.Option<Manifest>, StoreError, FileSystem.FileSystem> {
  const json = yield* JsonFile.parse(path)
  if (Option.isNone(json)) return Option.none()
  if (!Predicate.isObject(json.value) || !Predicate.hasProperty(json.value, "formatVersion")) {
    return yield* corrupt(path, "it is not a manifest: it has no formatVersion")
  }
  const { formatVersion: version, digests: stated, ...fields } = json.value as Record<string, Json>
  if (!readable.includes(version)) {
    return yield* unknownFormat(path, `version ${JSON.stringify(version)}`, readable.map(String))
  }
  const changed = yield* Effect.try({
    try: () => changedField(fields, stated),
    catch: () => corrupt(path, "it is not well-formed text")
  })
  if (changed !== undefined) return yield* corrupt(path, `its field "${changed}" does not match its digest`)
  const manifest = yield* JsonFile.check(Manifest, path, fields)
  if (manifest.id !== runId(manifest.specs, manifest.seed, manifest.data.digest)) {
    return yield* corrupt(path, `its id ${manifest.id} does not follow from its specs, seed and data`)
  }
  return Option.some(manifest)
})
