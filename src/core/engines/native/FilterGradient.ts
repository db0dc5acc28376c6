/**
 * The gradient of a convolution by its filter: `to[i, j, c, o] = Σ image[n, y S + i, x S + j, c] gradient[n, y, x, o]`.
 *
 * Partial sums over pieces of the batch are one phase (`FilterPartialSums.ts`), their reduction is the next
 * (`FilterReduction.ts`).
 *
 * Laws: the pieces do not depend on the number of threads, and so neither do the bits of the result.
 */
import type { Window } from "../graph/Window.ts"
import type { Registers } from "./InstructionSet.ts"
import { forwards } from "./OutputGroups.ts"
import { sumVectors } from "./PaddedImage.ts"
import { Unsupported } from "./Unsupported.ts"

export interface FilterGradient {
  /** Of the instruction set. */
  readonly registers: Pick<Registers, "copy" | "lanes">
  readonly batch: number
  readonly window: Window
  /** Channels of the window's inputs and outputs. */
  readonly inputs: number
  readonly outputs: number
  /** Whether sums over all pixels follow the result: of the inputs, or of the gradient by the outputs. */
  readonly sums?: "inputs" | "outputs"
}

const mostPieces = 16
/** Limit of the partial sums of all pieces. */
const mostFloats = 1 << 20

/** A vector of sums: of the products with the input at an offset from the first one, or of the gradient itself. */
type Entry = { readonly row: number; readonly tap: number; readonly channel: number } | undefined

/** Which vectors hold which sums. Raises `Unsupported` for sums over channels that do not fill vectors evenly. */
export const planOf = ({ batch, inputs, outputs, registers, sums, window: { columns, rows } }: FilterGradient) => {
  const { lanes } = registers
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
  const imageSums = sums === "inputs" ? sumVectors(inputs, registers) : 0
  if (imageSums === undefined) throw new Unsupported(`sums of ${inputs} channels`)
  const chunks = Math.ceil(outputs / lanes)
  const size = (chunks * entries.length + imageSums) * lanes
  const each = Math.ceil(batch / Math.max(1, Math.min(batch, mostPieces, Math.floor(mostFloats / size))))
  return { members, line, cells, entries, imageSums, chunks, size, each, pieces: Math.ceil(batch / each) }
}
export type Plan = ReturnType<typeof planOf>

/** The shape of the partial sums, `[pieces, sums per piece]`. */
export const partsShape = (filterGradient: FilterGradient): readonly [pieces: number, sums: number] => {
  const { pieces, size } = planOf(filterGradient)
  return [pieces, size]
}

/** For profiles. */
export const title = ({ inputs, outputs, window: { columns, rows } }: FilterGradient): string =>
  `filter gradient ${rows.input}x${columns.input}x${inputs} to ${outputs}`

/** Channels of the outputs that one vector holds. */
export const channelsOf = ({ outputs, registers: { lanes } }: FilterGradient, chunk: number): number =>
  Math.min(lanes, outputs - chunk * lanes)
