/**
 * Parses untrusted JSON text.
 *
 * Laws: the nesting depth of a parsed value is limited, so that recursive functions do not overflow the stack; its
 * strings are well-formed Unicode, so that it has a canonical form.
 */
import { Predicate, Result } from "effect"

/** Several times the depth of a figure, the deepest stored value. */
const maximumDepth = 200

/** Whether brackets are nested more than `limit` deep. The result for invalid JSON is unspecified. */
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

/** Whether all strings of a value, names included, are well-formed Unicode. */
const isWellFormed = (value: unknown): boolean => {
  if (typeof value === "string") return value.isWellFormed()
  if (Array.isArray(value)) return value.every(isWellFormed)
  if (!Predicate.isObject(value)) return true
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member))
}

/** An escaped surrogate, whose other half may be missing. */
const mayBeHalf = /\\u[dD][89a-fA-F]/

/** Parses a text, or returns the reason of the failure. */
export const parse = (text: string): Result.Result<unknown, string> =>
  isDeeper(text, maximumDepth)
    ? Result.fail(`brackets are nested more than ${maximumDepth} deep`)
    : Result.try({ try: (): unknown => JSON.parse(text), catch: (error) => String(error) }).pipe(
        Result.filterOrFail(
          (value) => !mayBeHalf.test(text) || isWellFormed(value),
          () => "a string in it is not well-formed Unicode"
        )
      )
