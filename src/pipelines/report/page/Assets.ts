/**
 * The report's assets, files beside the page that are loaded on demand.
 *
 * A file: page may not read files, but may load scripts; so an asset is a script that passes JSON text.
 */
import { Data, Effect, Schema } from "effect"

/** An asset is missing or invalid. */
export class AssetError extends Data.TaggedError("AssetError")<{ readonly asset: string; readonly reason: string }> {
  override get message(): string {
    return `The file report/${this.asset}.js ${this.reason}.`
  }
}

declare global {
  var effectVaePart: (name: string, json: string) => void
}

const received = new Map<string, string>()

globalThis.effectVaePart = (name, json) => {
  received.set(name, json)
}

/** Loads a script of the folder `report`. */
export const script = (asset: string): Effect.Effect<void, AssetError> =>
  Effect.callback<void, AssetError>((resume) => {
    const element = document.createElement("script")
    element.src = `report/${asset}.js`
    const end = (result: Effect.Effect<void, AssetError>) => () => {
      element.remove()
      resume(result)
    }
    element.addEventListener("load", end(Effect.void))
    element.addEventListener(
      "error",
      end(Effect.fail(new AssetError({ asset, reason: "is not there; it belongs beside the page" })))
    )
    document.head.append(element)
  })

const reading = new Map<string, Effect.Effect<unknown, AssetError>>()

/** The value of an asset; large ones are not cached. */
const read = Effect.fnUntraced(function* (asset: string) {
  yield* script(asset)
  const json = received.get(asset)
  received.delete(asset)
  if (json === undefined) return yield* new AssetError({ asset, reason: "belongs to another page" })
  return yield* Effect.try({
    try: (): unknown => JSON.parse(json),
    catch: () => new AssetError({ asset, reason: "is damaged" })
  })
})

/** The value of an asset, cached. */
export const part = <A, E>(name: string, schema: Schema.Codec<A, E>): Effect.Effect<A, AssetError> =>
  Effect.suspend(() => {
    const known = reading.get(name) ?? Effect.runSync(Effect.cached(Effect.uninterruptible(read(name))))
    reading.set(name, known)
    return known as Effect.Effect<unknown, AssetError>
  }).pipe(
    Effect.flatMap((value) =>
      Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(value).pipe(
        Effect.mapError(() => new AssetError({ asset: name, reason: "does not hold what it should" }))
      )
    )
  )

/** Bytes from base64. */
export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => {
  const letters = atob(base64)
  const bytes = new Uint8Array(letters.length)
  for (let index = 0; index < letters.length; index++) bytes[index] = letters.charCodeAt(index)
  return bytes
}
