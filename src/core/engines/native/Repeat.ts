/** Loops whose number of rounds is known. */
import type { Assembler } from "./Assembler.ts"
import { type General, lower } from "./Operands.ts"

/** The body must leave the counter alone. */
export const repeat = (code: Assembler, counter: General, rounds: number, body: () => void): void => {
  if (rounds === 1) body()
  if (rounds <= 1) return
  const again = code.label()
  code.mov(lower(counter), rounds)
  code.align(16)
  code.bind(again)
  body()
  code.dec(lower(counter))
  code.jne(again)
}

/** A count in pieces of at most `limit` that differ as little as can be: some of one size, and perhaps a smaller last one. */
export const evenly = (
  count: number,
  limit: number
): { readonly size: number; readonly whole: number; readonly rest: number } => {
  const size = Math.ceil(count / Math.ceil(count / limit))
  const whole = Math.floor(count / size)
  return { size, whole, rest: count - whole * size }
}
