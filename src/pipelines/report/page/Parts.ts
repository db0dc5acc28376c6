/**
 * Parts of the report that lie beside the page and are read when they are needed.
 *
 * A page that was opened from the file system may not read files, but it may load scripts: so a part is a script that
 * hands over text, which is JSON.
 */
import { Data, Effect, Schema } from "effect"

/** A part cannot be had: it is missing or not what it should be. */
export class PartError extends Data.TaggedError("PartError")<{ readonly part: string; readonly reason: string }> {
  override get message(): string {
    return `The file report/${this.part}.js ${this.reason}.`
  }
}

declare global {
  var effectVaePart: (name: string, json: string) => void
}

const received = new Map<string, string>()

globalThis.effectVaePart = (name, json) => {
  received.set(name, json)
}

/** Runs a script of the folder `report`. */
export const script = (part: string): Effect.Effect<void, PartError> =>
  Effect.callback<void, PartError>((resume) => {
    const element = document.createElement("script")
    element.src = `report/${part}.js`
    const end = (result: Effect.Effect<void, PartError>) => () => {
      element.remove()
      resume(result)
    }
    element.addEventListener("load", end(Effect.void))
    element.addEventListener(
      "error",
      end(Effect.fail(new PartError({ part, reason: "is not there; it belongs beside the page" })))
    )
    document.head.append(element)
  })

const reading = new Map<string, Effect.Effect<unknown, PartError>>()

/** The value that a part holds; large ones are not kept once they were taken. */
const read = Effect.fnUntraced(function* (part: string) {
  yield* script(part)
  const json = received.get(part)
  received.delete(part)
  if (json === undefined) return yield* new PartError({ part, reason: "belongs to another page" })
  return yield* Effect.try({
    try: (): unknown => JSON.parse(json),
    catch: () => new PartError({ part, reason: "is damaged" })
  })
})

/** What a part holds, read once. */
export const part = <A, E>(name: string, schema: Schema.Codec<A, E>): Effect.Effect<A, PartError> =>
  Effect.suspend(() => {
    const known = reading.get(name) ?? Effect.runSync(Effect.cached(Effect.uninterruptible(read(name))))
    reading.set(name, known)
    return known as Effect.Effect<unknown, PartError>
  }).pipe(
    Effect.flatMap((value) =>
      Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(value).pipe(
        Effect.mapError(() => new PartError({ part: name, reason: "does not hold what it should" }))
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
