/**
 * JSON text that somebody else may have written.
 *
 * Law: what is parsed is no deeper than functions that call themselves can follow, so that nothing that is done with it
 * later runs out of stack.
 */
import { Result } from "effect"

/** Several times the depth of a figure, which is the deepest that is stored. */
const maximumDepth = 200

/** Whether brackets stand within brackets more than `limit` deep; of text that is no JSON whatever comes out. */
const isDeeper = (text: string, limit: number): boolean => {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (quoted) {
      if (character === "\\") at++
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === "[" || character === "{") {
      if (++depth > limit) return true
    } else if (character === "]" || character === "}") depth--
  }
  return false
}

/** The value of a text, or what is wrong with it. */
export const parse = (text: string): Result.Result<unknown, string> =>
  isDeeper(text, maximumDepth)
    ? Result.fail(`brackets are more than ${maximumDepth} deep`)
    : Result.try({ try: (): unknown => JSON.parse(text), catch: (error) => String(error) })
