/**
 * A run's manifest: what exactly produced it, and how it ended.
 *
 * Laws: the id follows from the specs, the seed and the data; each field carries its digest, so that a manifest changed
 * by hand or by a faulty disk is refused with the field's name; a format version that is not known is refused, never
 * guessed at. A manifest of version 1 is one of version 2 that says nothing of parts before the last.
 */
import { Effect, type FileSystem, Option, type Path, Predicate, Schema } from "effect"
import { digestOf, type Json, type Spec } from "../../core/Spec.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as JsonFile from "../files/JsonFile.ts"
import { Provenance } from "./Provenance.ts"
import { corrupt, StoreError, unknownFormat } from "../files/StoreError.ts"

/** Raised when equal specs begin to mean other numbers: such runs get new ids. */
const runFormat = 1

/** Raised when the file's form changes. */
const formatVersion = 2

/** Versions that are read: what version 2 has beyond version 1 may be absent. */
const readable: ReadonlyArray<unknown> = [1, formatVersion]

/** What a run is made of. */
export interface RunSpecs {
  readonly dataset: Spec
  readonly model: Spec
  readonly objective: Spec
  readonly training: Spec
}

/** Names a run by all that shapes its numbers: 12 hexadecimal digits. `dataDigest` is the dataset's SHA-256. */
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

/** What one process contributed to a run: what it ran on, and when. */
const segment = {
  /** Optimiser steps that were taken before; absent in a manifest of version 1. */
  fromStep: Schema.optionalKey(Schema.Natural),
  engine: EngineSpec,
  ...Provenance.fields,
  started: Schema.DateTimeUtcFromString,
  /** Absent while the run goes on, or if it was killed. */
  ended: Schema.optionalKey(Schema.DateTimeUtcFromString)
}

/** A process that a later one went on from; it was killed where its status is `running`. */
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
  /** Processes before this one whose steps are in the run, oldest first; absent where one process did it all. */
  earlier: Schema.optionalKey(Schema.Array(Segment)),
  status: Status,
  /** Why a run did not end well. */
  exit: Schema.optionalKey(
    Schema.Struct({
      /** The error's tag. */
      error: Schema.String,
      message: Schema.String,
      epoch: Schema.optionalKey(Schema.Int),
      step: Schema.optionalKey(Schema.Int),
      /** Of a run that diverged, in nats an image. */
      lastFiniteLoss: Schema.optionalKey(Schema.Number),
      /** Step of the newest checkpoint. */
      checkpoint: Schema.optionalKey(Schema.Natural)
    })
  )
})
export type Manifest = typeof Manifest.Type

type Fields = Readonly<Record<string, Json>>

/** One digest a field; 64 bits are enough against accidents and show a change by hand. */
const digests = (fields: Fields): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, digestOf(value).slice(0, 16)]))

/** Writes a manifest whole. Errors: `StoreError`. */
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

/** The first field whose digest is not the one that was written with it. */
const changedField = (fields: Fields, stated: unknown): string | undefined => {
  const found = digests(fields)
  const expected = Predicate.isObject(stated) ? (stated as Record<string, unknown>) : {}
  return [...new Set([...Object.keys(found), ...Object.keys(expected)])].find((name) => found[name] !== expected[name])
}

/** Reads a manifest strictly; none where there is no file. Errors: `StoreError`, which names what is wrong. */
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
  if (changed !== undefined) return yield* corrupt(path, `its field "${changed}" is not as it was written`)
  const manifest = yield* JsonFile.check(Manifest, path, fields)
  if (manifest.id !== runId(manifest.specs, manifest.seed, manifest.data.digest)) {
    return yield* corrupt(path, `its id ${manifest.id} does not follow from its specs, seed and data`)
  }
  return Option.some(manifest)
})
