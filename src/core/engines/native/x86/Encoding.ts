/**
 * Encodings of vector instructions, in the notation of the manual.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
 */

/** Bytes of an operand in memory: the whole vector's, a fraction of them, or a fixed number. */
export type Extent = "full" | "half" | "quarter" | number

export interface Encoding {
  /** The opcode map: 1 is 0F, 2 is 0F38, 3 is 0F3A. */
  readonly map: number
  /** The mandatory prefix: 0 is none, 1 is 66, 2 is F3, 3 is F2. */
  readonly prefix: number
  /** The W bit, which mostly says that elements have 64 bits. */
  readonly wide: boolean
  readonly opcode: number
  readonly extent: Extent
  /** The opcode extension in the ModRM byte, for instructions that have one in place of a register. */
  readonly digit: number
}

const maps = ["0F", "0F38", "0F3A"]
const prefixes = ["", "66", "F3", "F2"]

/** Parses the notation of the manual: `66.0F38.W1 B8 /6`. */
export const read = (text: string, extent: Extent = "full"): Encoding => {
  const [, prefix = "", map, wide, opcode, digit] = /^(?:(66|F3|F2)\.)?(0F\w*)\.W([01]) (\w\w)(?: \/(\d))?$/.exec(text)!
  return {
    map: maps.indexOf(map!) + 1,
    prefix: prefixes.indexOf(prefix),
    wide: wide === "1",
    opcode: Number.parseInt(opcode!, 16),
    extent,
    digit: Number(digit ?? 0)
  }
}

/** A method for each row of a table of instructions. */
export const methods = <Name extends string, Row, Method>(
  rows: Readonly<Record<Name, Row>>,
  method: (row: Row) => Method
): Record<Name, Method> =>
  Object.fromEntries(Object.entries<Row>(rows).map(([name, row]) => [name, method(row)])) as Record<Name, Method>

/** Predicates of `vcmpps`. Ordered ones are false, and unequal ones true, if an operand is NaN. */
export const Comparison = {
  equal: 0,
  less: 1,
  lessOrEqual: 2,
  unordered: 3,
  notEqual: 4,
  ordered: 7,
  greaterOrEqual: 13,
  greater: 14
} as const

/** Rounding modes of `vroundps` and `vrndscaleps`, which raise no flags. */
export const Rounding = { nearest: 8, down: 9, up: 10 } as const
