/**
 * Aligned columns of text, for a terminal.
 */

export interface Column {
  readonly header: string
  readonly cells: ReadonlyArray<string>
  /** Whether cells are right-aligned, as numbers are. */
  readonly right?: boolean
}

/** Width of the widest cell, in characters. */
export const widthOf = ({ cells, header }: Column): number =>
  Math.max(header.length, ...cells.map((cell) => cell.length))

/** Spaces between two columns. */
export const gap = 2

/** The header line, unless all headers are empty, and one line per row, without trailing spaces. */
export const lines = (columns: ReadonlyArray<Column>): ReadonlyArray<string> => {
  const rows = Math.max(0, ...columns.map(({ cells }) => cells.length))
  const line = (cellOf: (column: Column) => string): string =>
    columns
      .map((column) =>
        column.right === true ? cellOf(column).padStart(widthOf(column)) : cellOf(column).padEnd(widthOf(column))
      )
      .join(" ".repeat(gap))
      .trimEnd()
  const headers = columns.every(({ header }) => header === "") ? [] : [line(({ header }) => header)]
  return [...headers, ...Array.from({ length: rows }, (_, row) => line(({ cells }) => cells[row] ?? ""))]
}

/** Names and values in two aligned columns, each line indented by `indent` spaces. */
export const named = (entries: ReadonlyArray<readonly [name: string, value: string]>, indent = 2): string =>
  lines([
    { header: "", cells: entries.map(([name]) => " ".repeat(indent) + name) },
    { header: "", cells: entries.map(([, value]) => value) }
  ]).join("\n")
