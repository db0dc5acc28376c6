/**
 * The project's documents: their code blocks and links.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** The package's folder. */
export const root: string = join(import.meta.dirname, "../..")

/** Paths of all documents, relative to `root`. */
export const documents: ReadonlyArray<string> = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
]

export const textOf = (document: string): string => readFileSync(join(root, document), "utf8")

export interface CodeBlock {
  readonly document: string
  /** 1 for the first line of the document. */
  readonly line: number
  /** Such as `ts`; `ts fragment` for what is not a whole module. */
  readonly language: string
  readonly code: string
}

/** The fenced code blocks of a document. */
export const codeBlocks = (document: string): ReadonlyArray<CodeBlock> => {
  const text = textOf(document)
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(({ 1: language = "", 2: code = "", index }) => ({
    document,
    line: text.slice(0, index).split("\n").length + 1,
    language,
    code
  }))
}

/** `Getting started!` is the anchor `getting-started`, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-")

export const anchors = (document: string): ReadonlyArray<string> =>
  [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading))

/** The targets of a document's relative links and images. */
export const relativeLinks = (document: string): ReadonlyArray<string> =>
  [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) =>
    /^[a-z]+:/.test(target) ? [] : [target]
  )
