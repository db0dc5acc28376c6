/**
 * A folder of figures: each as a picture and as the value that it was drawn from, with a list of captions.
 */
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import type { Figure } from "../core/Figure.ts"
import * as AtomicFile from "./AtomicFile.ts"
import * as JsonFile from "./JsonFile.ts"
import { fromPlatform } from "./StoreError.ts"

/** A rendered figure. */
export interface Picture {
  readonly figure: Figure
  readonly png: Uint8Array
  readonly svg?: string
}

const FigureSchema = Schema.Struct({
  name: Schema.String,
  title: Schema.String,
  caption: Schema.String,
  view: Schema.Record(Schema.String, Schema.Json)
})

const valueEnding = ".vl.json"

/** The figure that was stored under this name; none where there is none. */
export const read = Effect.fn("FigureFolder.read")(function* (folder: string, name: string) {
  const figure = yield* JsonFile.read(FigureSchema, yield* AtomicFile.entry(folder, name + valueEnding))
  return figure satisfies Option.Option<Figure>
})

/** Names of the figures of a folder, sorted. */
const names = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const entries = yield* fs
    .readDirectory(folder)
    .pipe(
      Effect.catchTag("PlatformError", (error) =>
        error.reason._tag === "NotFound" ? Effect.succeed([]) : Effect.fail(fromPlatform(folder, "read")(error))
      )
    )
  return entries
    .filter((entry) => entry.endsWith(valueEnding) && !AtomicFile.isTemporary(entry))
    .map((entry) => entry.slice(0, -valueEnding.length))
    .sort()
})

/** All figures of a folder, by name. */
export const readAll = Effect.fn("FigureFolder.readAll")(function* (folder: string) {
  const figures = yield* Effect.forEach(yield* names(folder), (name) => read(folder, name))
  return figures.flatMap(Option.toArray)
})

/** Whether a figure's picture and value are both there. */
export const has = Effect.fnUntraced(function* (folder: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const exists = (ending: string) => Effect.orElseSucceed(fs.exists(join(folder, name + ending)), () => false)
  return (yield* exists(".png")) && (yield* exists(valueEnding))
})

const escape = (text: string): string => text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>|#]/g, "\\$&")

/** Every figure with its title, picture and caption, as Markdown. */
export const captions = (figures: ReadonlyArray<Figure>): string =>
  [
    "# Figures",
    ...figures.map(
      ({ caption, name, title }) => `## ${escape(title)}\n\n![${escape(title)}](${name}.png)\n\n${escape(caption)}`
    )
  ].join("\n\n") + "\n"

/** Stores figures, each file whole, and renews `captions.md`. A figure of the same name is replaced. */
export const write = Effect.fn("FigureFolder.write")(function* (folder: string, pictures: ReadonlyArray<Picture>) {
  for (const { figure, png, svg } of pictures) {
    yield* AtomicFile.write(yield* AtomicFile.entry(folder, `${figure.name}.png`), png)
    if (svg !== undefined) yield* AtomicFile.write(yield* AtomicFile.entry(folder, `${figure.name}.svg`), svg)
    yield* JsonFile.write(FigureSchema, yield* AtomicFile.entry(folder, figure.name + valueEnding), figure)
  }
  const { join } = yield* Path.Path
  yield* AtomicFile.write(join(folder, "captions.md"), captions(yield* readAll(folder)))
})
