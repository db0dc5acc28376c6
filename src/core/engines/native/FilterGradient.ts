/**
 * The derivative of a convolution by its filter: `to[i, j, c, o] = Σ image[n, y S + i, x S + j, c] gradient[n, y, x, o]`.
 *
 * Sums of pieces of the batch are one phase (`FilterParts.ts`), the pieces' sum is the next (`FilterTogether.ts`).
 *
 * Laws: the pieces do not depend on the number of threads, and so neither do the bits of the result.
 */
import type { Window } from "../graph/Window.ts"
import { lanes } from "./Lanes.ts"
import { forwards } from "./Lines.ts"
import { sumVectors } from "./PaddedImage.ts"
import { Unsupported } from "./Unsupported.ts"

export interface FilterGradient {
  readonly batch: number
  readonly window: Window
  /** Channels of the window's inputs and outputs. */
  readonly inputs: number
  readonly outputs: number
  /** Whether sums over all pixels lie behind the result: of the inputs, or of the derivative by the outputs. */
  readonly sums?: "inputs" | "outputs"
}

const mostPieces = 16
/** Of all pieces' sums. */
const mostFloats = 1 << 20

/** What a vector of sums belongs to: an element that is seen, as far from the first one, or nothing but the gradient. */
type Entry = { readonly row: number; readonly tap: number; readonly channel: number } | undefined

/** What is summed up in which vectors. Raises `Unsupported` for sums that there are none for. */
export const planOf = ({ batch, inputs, outputs, sums, window: { columns, rows } }: FilterGradient) => {
  const members = Math.min(columns.output, Math.max(1, Math.floor(lanes / outputs)))
  const line = { rows: forwards(rows, 1), columns: forwards(columns, members) }
  const cells = Array.from({ length: line.rows.taps }, (_, row) => row)
    .filter((row) => line.rows.element(row, 0) !== undefined)
    .flatMap((row) =>
      Array.from({ length: line.columns.taps }, (_, tap) => tap)
        .filter((tap) =>
          Array.from({ length: members }, (_, member) => line.columns.element(tap, member)).some((j) => j !== undefined)
        )
        .map((tap) => ({ row, tap }))
    )
  const entries: ReadonlyArray<Entry> = [
    ...cells.flatMap((cell) => Array.from({ length: inputs }, (_, channel) => ({ ...cell, channel }))),
    ...(sums === "outputs" ? [undefined] : [])
  ]
  const imageSums = sums === "inputs" ? sumVectors({ channels: inputs }) : 0
  if (imageSums === undefined) throw new Unsupported(`sums of ${inputs} channels`)
  const chunks = Math.ceil(outputs / lanes)
  const size = (chunks * entries.length + imageSums) * lanes
  const each = Math.ceil(batch / Math.max(1, Math.min(batch, mostPieces, Math.floor(mostFloats / size))))
  return { members, line, cells, entries, imageSums, chunks, size, each, pieces: Math.ceil(batch / each) }
}
export type Plan = ReturnType<typeof planOf>

/** The shape of sums of pieces, `[pieces, sums of a piece]`. */
export const partsShape = (filterGradient: FilterGradient): readonly [pieces: number, sums: number] => {
  const { pieces, size } = planOf(filterGradient)
  return [pieces, size]
}

/** For profiles. */
export const title = ({ inputs, outputs, window: { columns, rows } }: FilterGradient): string =>
  `filter gradient ${rows.input}x${columns.input}x${inputs} to ${outputs}`

/** Channels of the outputs that one vector holds. */
export const channelsOf = ({ outputs }: FilterGradient, chunk: number): number =>
  Math.min(lanes, outputs - chunk * lanes)
