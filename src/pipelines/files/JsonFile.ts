/**
 * JSON files with a schema, written atomically and read strictly.
 */
import { Effect, type FileSystem, Option, type Path, Schema } from "effect"
import * as AtomicFile from "./AtomicFile.ts"
import * as JsonText from "./JsonText.ts"
import { corrupt, StoreError } from "./StoreError.ts"

/**
 * Maximum size in bytes, far above any JSON file of the store. A value may take twenty times the memory of its text.
 */
const maximumBytes = 64 * 2 ** 20

/** Checks a JSON value; unknown keys are errors. `path` is for the message. */
export const check = <T, E>(schema: Schema.Codec<T, E>, path: string, json: unknown): Effect.Effect<T, StoreError> =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(json, { onExcessProperty: "error" }).pipe(
    Effect.mapError((error) => corrupt(path, `it has unexpected content: ${error.message}`))
  )

/** Encodes a value as JSON. Non-finite numbers become the strings `NaN`, `Infinity` and `-Infinity`. */
export const toJson = <T, E>(
  schema: Schema.Codec<T, E>,
  path: string,
  value: T
): Effect.Effect<Schema.Json, StoreError> =>
  Schema.encodeEffect(Schema.toCodecJson(schema))(value).pipe(
    Effect.mapError(
      (error) =>
        new StoreError({
          path,
          problem: "cannot write",
          reason: `a value does not fit the file's format: ${error.message}`
        })
    )
  )

/** Formats JSON with two spaces and a final line break. */
export const format = (json: Schema.Json): string => `${JSON.stringify(json, null, 2)}\n`

/** Parses a file as JSON without a schema; none if there is no file. */
export const parse = Effect.fnUntraced(function* (
  path: string
): Effect.fn.Return<Option.Option<unknown>, StoreError, FileSystem.FileSystem> {
  const bytes = yield* AtomicFile.read(path, maximumBytes)
  if (Option.isNone(bytes)) return Option.none()
  const text = yield* AtomicFile.textOf(path, bytes.value)
  return Option.some(
    yield* Effect.mapError(Effect.fromResult(JsonText.parse(text)), (fault) =>
      corrupt(path, `it is not JSON: ${fault}`)
    )
  )
})

/** Reads a value; none if there is no file. */
export const read = Effect.fnUntraced(function* <T, E>(
  schema: Schema.Codec<T, E>,
  path: string
): Effect.fn.Return<Option.Option<T>, StoreError, FileSystem.FileSystem> {
  const json = yield* parse(path)
  return Option.isNone(json) ? Option.none() : Option.some(yield* check(schema, path, json.value))
})

/** Writes a value. */
export const write = <T, E>(
  schema: Schema.Codec<T, E>,
  path: string,
  value: T
): Effect.Effect<void, StoreError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(toJson(schema, path, value), (json) => AtomicFile.write(path, format(json)))
