/**
 * Reads and writes the safetensors format: eight bytes with the header's length, a JSON header, and the tensors' bytes.
 *
 * Laws: equal tensors and metadata give equal bytes, independent of the order of keys; `decode(encode(x))` is `x`. The
 * metadata contains a SHA-256 of the content, so modified files are refused. Numbers are little-endian, the byte order
 * of every supported machine.
 *
 * Source: https://github.com/huggingface/safetensors#format
 */
import { createHash } from "node:crypto"
import { Predicate, Result, Schema } from "effect"
import { canonicalJson, type Json } from "../../core/Spec.ts"
import { type DType, type HostTensor, type HostTensors, sizeOf } from "../../core/Tensors.ts"
import * as JsonText from "./JsonText.ts"

/** The contents of a file. */
export interface Contents {
  readonly tensors: HostTensors
  readonly metadata: Readonly<Record<string, string>>
}

/** The key of the content's digest in the metadata of a file. */
const digestKey = "sha256"
const metadataKey = "__metadata__"

/** Limits against hostile files, far above the size of a model. */
const maximumHeaderBytes = 16 * 2 ** 20
export const maximumBytes = 2 ** 31 - 1

interface Format {
  readonly code: "F32" | "I32" | "U8"
  /** Bytes of one element. */
  readonly bytes: number
  readonly array: Float32ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor
  readonly view: (bytes: Uint8Array) => HostTensor["values"]
}

const formats: Readonly<Record<DType, Format>> = {
  float32: {
    code: "F32",
    bytes: 4,
    array: Float32Array,
    view: ({ buffer, byteLength, byteOffset }) => new Float32Array(buffer, byteOffset, byteLength / 4)
  },
  int32: {
    code: "I32",
    bytes: 4,
    array: Int32Array,
    view: ({ buffer, byteLength, byteOffset }) => new Int32Array(buffer, byteOffset, byteLength / 4)
  },
  uint8: {
    code: "U8",
    bytes: 1,
    array: Uint8Array,
    view: ({ buffer, byteLength, byteOffset }) => new Uint8Array(buffer, byteOffset, byteLength)
  }
}

const dtypes = { F32: "float32", I32: "int32", U8: "uint8" } as const satisfies Record<string, DType>

const Entry = Schema.Struct({
  dtype: Schema.Literals(["F32", "I32", "U8"]),
  shape: Schema.Array(Schema.Natural),
  data_offsets: Schema.Tuple([Schema.Natural, Schema.Natural])
})
type Entry = typeof Entry.Type

type Header = Readonly<Record<string, Entry | Readonly<Record<string, string>>>>

const bytesOf = ({ values }: HostTensor): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** SHA-256 of the header without the digest, in canonical form, followed by the tensors' bytes. */
const digest = (header: Header, data: ReadonlyArray<Uint8Array>): string => {
  const hash = createHash("sha256").update(canonicalJson(header as unknown as Json))
  for (const piece of data) hash.update(piece)
  return hash.digest("hex")
}

const faultOfTensor = (name: string, tensor: HostTensor): string | undefined => {
  const { array } = formats[tensor.dtype]
  if (name === metadataKey || !name.isWellFormed()) return `${JSON.stringify(name)} is not a valid tensor name`
  if (!(tensor.values instanceof array)) return `the values of ${name} are not of type ${tensor.dtype}`
  if (
    tensor.shape.some((length) => !Number.isSafeInteger(length) || length < 0) ||
    sizeOf(tensor.shape) !== tensor.values.length
  ) {
    return `${name} has ${tensor.values.length} values, but its shape is [${tensor.shape.join(", ")}]`
  }
  return undefined
}

const faultOfMetadata = ([key, value]: readonly [string, string]): string | undefined =>
  key === digestKey || !key.isWellFormed() || !value.isWellFormed()
    ? `the metadata cannot contain ${JSON.stringify(key)}: ${JSON.stringify(value)}`
    : undefined

/** Wide element types first, so that every tensor is aligned; then by name. */
const inOrder = (tensors: HostTensors): ReadonlyArray<readonly [string, HostTensor]> => {
  const names = Object.keys(tensors).sort()
  return [4, 1].flatMap((bytes) =>
    names.flatMap((name) => {
      const tensor = tensors[name]!
      return formats[tensor.dtype].bytes === bytes ? [[name, tensor] as const] : []
    })
  )
}

/** The pieces of a file, or the reason why the contents cannot be encoded. */
export const encode = ({ metadata, tensors }: Contents): Result.Result<ReadonlyArray<Uint8Array>, string> => {
  const fault =
    Object.entries(tensors)
      .map(([name, tensor]) => faultOfTensor(name, tensor))
      .find(Predicate.isNotUndefined) ?? Object.entries(metadata).map(faultOfMetadata).find(Predicate.isNotUndefined)
  if (fault !== undefined) return Result.fail(fault)
  const ordered = inOrder(tensors)
  const data = ordered.map(([, tensor]) => bytesOf(tensor))
  let end = 0
  const entries = ordered.map(([name, { dtype, shape, values }]): readonly [string, Entry] => {
    const begin = end
    end += values.byteLength
    return [name, { dtype: formats[dtype].code, shape, data_offsets: [begin, end] }]
  })
  if (end > maximumBytes - maximumHeaderBytes)
    return Result.fail(`${end} bytes of tensors exceed the maximum of a file`)
  const fields = Object.entries(metadata).sort(([left], [right]) => (left < right ? -1 : 1))
  const plain: Header = Object.fromEntries([[metadataKey, Object.fromEntries(fields)], ...entries])
  const sealed = Object.fromEntries([...fields, [digestKey, digest(plain, data)]])
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries([[metadataKey, sealed], ...entries])))
  // Spaces align the data to 8 bytes.
  const header = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20)
  header.set(text)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true)
  return Result.succeed([length, header, ...data])
}

/** The header's JSON and the bytes after it. */
const split = (bytes: Uint8Array): Result.Result<readonly [Readonly<Record<string, unknown>>, Uint8Array], string> => {
  if (bytes.length < 8) return Result.fail(`it ends after ${bytes.length} bytes, before its header`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > maximumHeaderBytes) return Result.fail(`its header would have ${length} bytes`)
  const begin = 8 + Number(length)
  if (begin > bytes.length) return Result.fail("it ends within its header")
  return Result.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, begin)),
    catch: () => "it is not UTF-8 text"
  }).pipe(
    Result.flatMap(JsonText.parse),
    Result.mapError((fault) => `its header is not JSON: ${fault}`),
    Result.flatMap((json) =>
      Predicate.isObject(json) && !Array.isArray(json)
        ? Result.succeed([json as Record<string, unknown>, bytes.subarray(begin)] as const)
        : Result.fail("its header is not a JSON object")
    )
  )
}

const decodeEntry = Schema.decodeUnknownResult(Entry, { onExcessProperty: "error" })

/** The values of one tensor: a view of the file's bytes if they are aligned. */
const valuesOf = (entry: Entry, data: Uint8Array): HostTensor => {
  const dtype = dtypes[entry.dtype]
  const { bytes, view } = formats[dtype]
  const part = data.subarray(...entry.data_offsets)
  return { shape: entry.shape, dtype, values: view(part.byteOffset % bytes === 0 ? part : new Uint8Array(part)) }
}

/** The tensors' types and offsets, checked to cover the data without gaps or overlaps. */
const entriesOf = (
  fields: ReadonlyArray<readonly [string, unknown]>,
  dataBytes: number
): Result.Result<ReadonlyArray<readonly [string, Entry]>, string> =>
  Result.gen(function* () {
    const entries: Array<readonly [string, Entry]> = []
    for (const [name, field] of fields) {
      const entry = yield* Result.mapError(
        decodeEntry(field),
        () => `its entry for ${JSON.stringify(name)} is malformed`
      )
      const [begin, end] = entry.data_offsets
      if (end - begin !== sizeOf(entry.shape) * formats[dtypes[entry.dtype]].bytes) {
        return yield* Result.fail(`the offsets of ${JSON.stringify(name)} do not match its shape`)
      }
      entries.push([name, entry])
    }
    let end = 0
    const places = entries
      .map(([, entry]) => entry.data_offsets)
      .sort((left, right) => left[0] - right[0] || left[1] - right[1])
    for (const place of places) {
      if (place[0] !== end) return yield* Result.fail("its tensors overlap or leave gaps")
      end = place[1]
    }
    return end === dataBytes ? entries : yield* Result.fail(`it has ${dataBytes} bytes of tensors instead of ${end}`)
  })

/**
 * Decodes a file that `encode` wrote, or returns the reason of the failure. The tensors may be views of the bytes.
 */
export const decode = (bytes: Uint8Array): Result.Result<Contents, string> =>
  Result.gen(function* () {
    const [header, data] = yield* split(bytes)
    const metadata = Object.hasOwn(header, metadataKey) ? header[metadataKey] : undefined
    const isText = Predicate.isObject(metadata) && Object.values(metadata).every(Predicate.isString)
    if (!isText) return yield* Result.fail("its metadata is not a map of strings")
    const fields = Object.entries(metadata as Record<string, string>)
    const plainMetadata = Object.fromEntries(fields.filter(([key]) => key !== digestKey))
    const entries = yield* entriesOf(
      Object.entries(header).filter(([name]) => name !== metadataKey),
      data.length
    )
    const plain: Header = Object.fromEntries([[metadataKey, plainMetadata], ...entries])
    const found = yield* Result.try({
      try: () => digest(plain, [data]),
      catch: () => "its header is not well-formed text"
    })
    const stated = Object.fromEntries(fields)[digestKey]
    if (found !== stated) return yield* Result.fail(`its content has the digest ${found}, its header says ${stated}`)
    return {
      tensors: Object.fromEntries(entries.map(([name, entry]) => [name, valuesOf(entry, data)])),
      metadata: plainMetadata
    }
  })
