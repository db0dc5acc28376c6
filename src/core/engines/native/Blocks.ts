/** Loops over a range in blocks whose lengths are known at compile time. */
import type { Assembler } from "./InstructionSet.ts"
import type { General } from "./x86/Operands.ts"

/** `count` consecutive blocks of one length. */
export interface Blocks {
  readonly length: number
  readonly count: number
}

const present = (blocks: ReadonlyArray<Blocks>): ReadonlyArray<Blocks> =>
  blocks.filter(({ count, length }) => count > 0 && length > 0)

/** Blocks of this length, and the remainder. */
export const inBlocks = (total: number, length: number): ReadonlyArray<Blocks> =>
  present([
    { length, count: Math.floor(total / length) },
    { length: total % length, count: 1 }
  ])

/** As few blocks as possible, none longer than `most`, of nearly equal lengths: the longer ones first. */
export const inEqualBlocks = (total: number, most: number): ReadonlyArray<Blocks> => {
  const count = Math.ceil(total / most)
  const length = Math.ceil(total / count)
  const shorter = count * length - total
  return present([
    { length, count: count - shorter },
    { length: length - 1, count: shorter }
  ])
}

/** The same blocks, with the first by itself. */
export const splitFirst = ([first, ...rest]: ReadonlyArray<Blocks>): ReadonlyArray<Blocks> =>
  first === undefined ? [] : present([{ ...first, count: 1 }, { ...first, count: first.count - 1 }, ...rest])

/** The same blocks, with the first and the last each by itself. */
export const splitEnds = (blocks: ReadonlyArray<Blocks>): ReadonlyArray<Blocks> =>
  splitFirst(splitFirst(blocks.toReversed()).toReversed())

/** Runs `body` for each block, with `position` at its first element. Its code is emitted once per length. */
export const forEachBlock = (
  code: Assembler,
  position: General,
  start: number,
  blocks: ReadonlyArray<Blocks>,
  body: (length: number, index: number) => void
): void => {
  let end = start
  code.mov(position, start)
  blocks.forEach(({ count, length }, index) => {
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

/** Calls `body` for each number below `count`: unrolls a loop. */
export const unroll = (count: number, body: (index: number) => void): void => {
  for (let index = 0; index < count; index++) body(index)
}
