/**
 * Safetensors files taken apart and put together again, with a right digest or a wrong one.
 */
import { createHash } from "node:crypto"
import { canonical } from "./JsonMutations.ts"
import { concat } from "./Mutations.ts"

type Header = Record<string, unknown>

/** Throws where a file has no header. */
export const headerOf = (bytes: Uint8Array): { readonly header: Header; readonly data: Uint8Array } => {
  const buffer = Buffer.from(bytes)
  const end = 8 + Number(buffer.readBigUInt64LE(0))
  return { header: JSON.parse(buffer.subarray(8, end).toString()), data: new Uint8Array(buffer.subarray(end)) }
}

/** The digest that belongs into a header; none where the header has no place for it. */
const digestOf = (header: Header, data: Uint8Array): string | undefined => {
  const metadata = Object.entries(header).find(([name]) => name === "__metadata__")?.[1]
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return undefined
  const fields = Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== "sha256"))
  const plain = Object.fromEntries(
    Object.entries(header).map(([name, entry]) => [name, name === "__metadata__" ? fields : entry])
  )
  try {
    return createHash("sha256").update(canonical(plain)).update(data).digest("hex")
  } catch (error) {
    // Too deep a header to be put in canonical form has no digest.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** A file of a header, which may be any JSON text, and data; with the digest that belongs to them if it `isSealed`. */
export const reseal = (header: string, data: Uint8Array, isSealed: boolean): Uint8Array => {
  const json: unknown = JSON.parse(header)
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json)
  const digest = isSealed && isObject ? digestOf(json as Header, data) : undefined
  if (digest !== undefined) {
    const metadata = Object.entries(json as Header).find(([name]) => name === "__metadata__")![1] as Header
    metadata["sha256"] = digest
  }
  const text = Buffer.from(digest === undefined ? header : JSON.stringify(json))
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  return concat(length, padded, data)
}
