/** Loops whose number of iterations is known at compile time. */
import type { Assembler } from "./InstructionSet.ts"
import { type General, lower } from "./x86/Operands.ts"

/** Runs `body` so many times. It must not change the counter. */
export const repeat = (code: Assembler, counter: General, iterations: number, body: () => void): void => {
  if (iterations === 1) body()
  if (iterations <= 1) return
  const again = code.label()
  code.mov(lower(counter), iterations)
  code.align(16)
  code.bind(again)
  body()
  code.dec(lower(counter))
  code.jne(again)
}

/** Divides a count into pieces of at most `limit` of nearly equal size: `whole` of one size, and a smaller last one if `rest > 0`. */
export const evenly = (
  count: number,
  limit: number
): { readonly size: number; readonly whole: number; readonly rest: number } => {
  const size = Math.ceil(count / Math.ceil(count / limit))
  const whole = Math.floor(count / size)
  return { size, whole, rest: count - whole * size }
}
