/**
 * A folder of figures: static figures as PNG, SVG and the Vega-Lite value they were drawn from; animations and pages as
 * files with a description; and a list of captions.
 */
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import type { Figure } from "../../core/Figure.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import * as JsonFile from "../files/JsonFile.ts"

/** A rendered figure. */
export interface StaticFigure {
  readonly figure: Figure
  readonly png: Uint8Array
  readonly svg?: string
}

/** An animation or an HTML page, ready to be stored. */
export interface MediaFigure {
  readonly name: string
  readonly title: string
  readonly caption: string
  /** Content by file extension, such as `gif`; the first is displayed. */
  readonly files: Readonly<Record<string, AtomicFile.Content>>
}

export type StoredFigure = StaticFigure | MediaFigure

export const nameOf = (artifact: StoredFigure): string => ("figure" in artifact ? artifact.figure.name : artifact.name)

const FigureSchema = Schema.Struct({
  name: Schema.String,
  title: Schema.String,
  caption: Schema.String,
  view: Schema.Record(Schema.String, Schema.Json)
})

const DescriptionSchema = Schema.Struct({
  title: Schema.String,
  caption: Schema.String,
  /** File extensions. */
  files: Schema.Array(Schema.String)
})

const valueEnding = ".vl.json"

/** File extension of the description of an animation or a page. */
const descriptionEnding = ".about.json"

/** The stored figure of this name, or none. */
export const read = Effect.fn("FigureFolder.read")(function* (folder: string, name: string) {
  const figure = yield* JsonFile.read(FigureSchema, yield* AtomicFile.entry(folder, name + valueEnding))
  return figure satisfies Option.Option<Figure>
})

/** Names of a folder's files with this extension, sorted. */
const names = Effect.fnUntraced(function* (folder: string, ending: string) {
  const entries = yield* FolderFiles.names(folder)
  return entries
    .filter((entry) => entry.endsWith(ending) && !AtomicFile.isTemporary(entry))
    .map((entry) => entry.slice(0, -ending.length))
    .sort()
})

/** All figures of a folder, by name. */
export const readAll = Effect.fn("FigureFolder.readAll")(function* (folder: string) {
  const figures = yield* Effect.forEach(yield* names(folder, valueEnding), (name) => read(folder, name))
  return figures.flatMap(Option.toArray)
})

/** The description of the animation or page stored under this name, or none. */
export const readDescription = Effect.fnUntraced(function* (folder: string, name: string) {
  return yield* JsonFile.read(DescriptionSchema, yield* AtomicFile.entry(folder, name + descriptionEnding))
})

/** Whether all files of a figure, an animation or a page exist. */
export const has = Effect.fnUntraced(function* (folder: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const exists = (ending: string) => Effect.orElseSucceed(fs.exists(join(folder, name + ending)), () => false)
  const about = yield* Effect.orElseSucceed(readDescription(folder, name), () => Option.none())
  const endings = Option.isSome(about) ? about.value.files.map((ending) => `.${ending}`) : [".png", valueEnding]
  return (yield* Effect.forEach(endings, exists)).every((there) => there)
})

const escape = (text: string): string => text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>|#]/g, "\\$&")

/** A title, a file to display, and a caption. */
interface Caption {
  readonly title: string
  readonly caption: string
  /** A file of the folder. */
  readonly file: string
}

/** Titles, images and captions as Markdown; pages are linked. */
export const captions = (entries: ReadonlyArray<Caption>): string =>
  [
    "# Figures",
    ...entries.map(({ caption, file, title }) => {
      const shown = file.endsWith(".html") ? `[Open ${file}](${file})` : `![${escape(title)}](${file})`
      return `## ${escape(title)}\n\n${shown}\n\n${escape(caption)}`
    })
  ].join("\n\n") + "\n"

/** The captions of everything in a folder, by name. */
const captionsOf = Effect.fnUntraced(function* (folder: string) {
  const figures = (yield* readAll(folder)).map(({ caption, name, title }) => ({ caption, file: `${name}.png`, title }))
  const works = yield* Effect.forEach(yield* names(folder, descriptionEnding), (name) =>
    Effect.map(readDescription(folder, name), (about) =>
      Option.toArray(about).map(({ caption, files, title }) => ({ caption, file: `${name}.${files[0]}`, title }))
    )
  )
  return [...figures, ...works.flat()].sort((left, right) => (left.file < right.file ? -1 : 1))
})

const writeStatic = Effect.fnUntraced(function* (folder: string, { figure, png, svg }: StaticFigure) {
  yield* AtomicFile.write(yield* AtomicFile.entry(folder, `${figure.name}.png`), png)
  if (svg !== undefined) yield* AtomicFile.write(yield* AtomicFile.entry(folder, `${figure.name}.svg`), svg)
  yield* JsonFile.write(FigureSchema, yield* AtomicFile.entry(folder, figure.name + valueEnding), figure)
})

const writeMedia = Effect.fnUntraced(function* (folder: string, { caption, files, name, title }: MediaFigure) {
  for (const [ending, content] of Object.entries(files)) {
    yield* AtomicFile.write(yield* AtomicFile.entry(folder, `${name}.${ending}`), content)
  }
  const about = { title, caption, files: Object.keys(files) }
  yield* JsonFile.write(DescriptionSchema, yield* AtomicFile.entry(folder, name + descriptionEnding), about)
})

/**
 * Stores figures, animations and pages, each file atomically, and rewrites `captions.md`. Replaces those of the same
 * name.
 */
export const write = Effect.fn("FigureFolder.write")(function* (
  folder: string,
  artifacts: ReadonlyArray<StoredFigure>
) {
  for (const artifact of artifacts) {
    yield* "figure" in artifact ? writeStatic(folder, artifact) : writeMedia(folder, artifact)
  }
  const { join } = yield* Path.Path
  yield* AtomicFile.write(join(folder, "captions.md"), captions(yield* captionsOf(folder)))
})
