/** Loops over consecutive positions, in pieces of lengths that are known when compiling. */
import type { Assembler } from "./Assembler.ts"
import type { General } from "./Operands.ts"

/** So many pieces of one length, one after the other. */
export interface Pieces {
  readonly length: number
  readonly count: number
}

const present = (pieces: ReadonlyArray<Pieces>): ReadonlyArray<Pieces> =>
  pieces.filter(({ count, length }) => count > 0 && length > 0)

/** Pieces of this length, and what is left. */
export const inPieces = (total: number, length: number): ReadonlyArray<Pieces> =>
  present([
    { length, count: Math.floor(total / length) },
    { length: total % length, count: 1 }
  ])

/** As few pieces as can be, none longer than `most`, as equal as can be: the longer ones first. */
export const inEqualPieces = (total: number, most: number): ReadonlyArray<Pieces> => {
  const count = Math.ceil(total / most)
  const length = Math.ceil(total / count)
  const shorter = count * length - total
  return present([
    { length, count: count - shorter },
    { length: length - 1, count: shorter }
  ])
}

/** The same pieces, the first by itself. */
export const firstApart = ([first, ...rest]: ReadonlyArray<Pieces>): ReadonlyArray<Pieces> =>
  first === undefined ? [] : present([{ ...first, count: 1 }, { ...first, count: first.count - 1 }, ...rest])

/** The same pieces, the first and the last each by itself. */
export const endsApart = (pieces: ReadonlyArray<Pieces>): ReadonlyArray<Pieces> =>
  firstApart(firstApart(pieces.toReversed()).toReversed())

/** Runs `body` for each piece, `position` at its begin, from `start` on. Its code is there once for pieces of one kind. */
export const walk = (
  code: Assembler,
  position: General,
  start: number,
  pieces: ReadonlyArray<Pieces>,
  body: (length: number, index: number) => void
): void => {
  let end = start
  code.mov(position, start)
  pieces.forEach(({ count, length }, index) => {
    const again = code.label()
    end += count * length
    code.bind(again)
    body(length, index)
    code.add(position, length)
    if (count > 1) {
      code.cmp(position, end)
      code.jb(again)
    }
  })
}

/** Runs `body` now for each number below `count`. */
export const eachOf = (count: number, body: (index: number) => void): void => {
  for (let index = 0; index < count; index++) body(index)
}
