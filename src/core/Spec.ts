/**
 * Specs, the JSON descriptions of components, and their hashes.
 */
import { createHash } from "node:crypto"
import canonicalize from "canonicalize"

export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** The complete description of a component: components with equal specs behave the same. */
export interface Spec {
  readonly _tag: string
  readonly [key: string]: Json
}

/** The first number of a value that is not finite, and so not JSON, and its path, such as `[1].units`. */
export const nonFinite = (value: Json, path = ""): { readonly path: string; readonly value: number } | undefined => {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : { path, value }
  if (typeof value !== "object" || value === null) return undefined
  for (const [key, member] of Object.entries(value)) {
    const found = nonFinite(member, path + (Array.isArray(value) ? `[${key}]` : `.${key}`))
    if (found !== undefined) return found
  }
  return undefined
}

/** RFC 8785 canonical JSON, independent of the order of keys. */
export const canonicalJson = (value: Json): string => canonicalize(value) as string

/** SHA-256 of bytes or text, as lower-case hexadecimal. */
export const sha256 = (content: Uint8Array | string): string => createHash("sha256").update(content).digest("hex")

/** SHA-256 of a value's canonical JSON. */
export const digestOf = (value: Json): string => sha256(canonicalJson(value))
