/**
 * JSON text that somebody else may have written.
 *
 * Laws: what is parsed is no deeper than functions that call themselves can follow, so that nothing that is done with it
 * later runs out of stack; its texts are well-formed Unicode, so that it has a canonical form.
 */
import { Predicate, Result } from "effect"

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

/** Whether all texts in a value, names included, are well-formed Unicode. */
const isWellFormed = (value: unknown): boolean => {
  if (typeof value === "string") return value.isWellFormed()
  if (Array.isArray(value)) return value.every(isWellFormed)
  if (!Predicate.isObject(value)) return true
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member))
}

/** Half a character of two, written as an escape: whether the other half follows is still to be seen. */
const mayBeHalf = /\\u[dD][89a-fA-F]/

/** The value of a text, or what is wrong with it. */
export const parse = (text: string): Result.Result<unknown, string> =>
  isDeeper(text, maximumDepth)
    ? Result.fail(`brackets are more than ${maximumDepth} deep`)
    : Result.try({ try: (): unknown => JSON.parse(text), catch: (error) => String(error) }).pipe(
        Result.filterOrFail(
          (value) => !mayBeHalf.test(text) || isWellFormed(value),
          () => "a text in it is not well-formed Unicode"
        )
      )
