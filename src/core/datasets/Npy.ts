/**
 * Parses header and values of `.npy` files, NumPy's format for one array.
 *
 * A file is `\x93NUMPY`, two version bytes, the length of the header (2 bytes in version 1, 4 in 2 and 3,
 * little-endian), the header (a Python dictionary with the keys descr, fortran_order and shape), then the values.
 * Supported are little-endian arrays in C order; structured types, objects and Fortran order are errors.
 *
 * Source: NumPy Enhancement Proposal 1, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { Result } from "effect"
import type { Purpose } from "./ArrayDataset.ts"

/** What was expected and what was found. */
export interface NpyFault {
  readonly expected: string
  readonly found: string
}

export interface NpyHeader {
  readonly type: NpyType
  /** Sizes of the axes, outermost first. */
  readonly shape: ReadonlyArray<number>
  /** Byte offset of the values. */
  readonly offset: number
}

type View = Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array

type Values = View | BigInt64Array | BigUint64Array

interface ElementType {
  readonly bytes: number
  readonly purposes: ReadonlyArray<Purpose>
  readonly view: (buffer: ArrayBuffer) => Values
}

// typed arrays use the host's byte order: little-endian on every supported machine
const types = {
  uint8: { bytes: 1, purposes: ["pixels", "labels"], view: (buffer) => new Uint8Array(buffer) },
  float32: { bytes: 4, purposes: ["pixels"], view: (buffer) => new Float32Array(buffer) },
  float64: { bytes: 8, purposes: ["pixels"], view: (buffer) => new Float64Array(buffer) },
  int8: { bytes: 1, purposes: ["labels"], view: (buffer) => new Int8Array(buffer) },
  int16: { bytes: 2, purposes: ["labels"], view: (buffer) => new Int16Array(buffer) },
  uint16: { bytes: 2, purposes: ["labels"], view: (buffer) => new Uint16Array(buffer) },
  int32: { bytes: 4, purposes: ["labels"], view: (buffer) => new Int32Array(buffer) },
  uint32: { bytes: 4, purposes: ["labels"], view: (buffer) => new Uint32Array(buffer) },
  int64: { bytes: 8, purposes: ["labels"], view: (buffer) => new BigInt64Array(buffer) },
  uint64: { bytes: 8, purposes: ["labels"], view: (buffer) => new BigUint64Array(buffer) }
} as const satisfies Record<string, ElementType>

export type NpyType = keyof typeof types

const codes: Readonly<Record<string, NpyType>> = {
  "|u1": "uint8",
  "<u1": "uint8",
  "<f4": "float32",
  "<f8": "float64",
  "|i1": "int8",
  "<i1": "int8",
  "<i2": "int16",
  "<u2": "uint16",
  "<i4": "int32",
  "<u4": "uint32",
  "<i8": "int64",
  "<u8": "uint64"
}

/** Size of one value in bytes. */
export const bytesOf = (type: NpyType): number => types[type].bytes

/** Number of bytes at the start of a file that determine the length of its header. */
export const prefixBytes = 12

/** Limit against hostile lengths. NumPy itself accepts at most 10,000 bytes. */
const maximumHeaderBytes = 65_536

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)

const fail = (expected: string, found: string): Result.Result<never, NpyFault> => Result.fail({ expected, found })

const describeStart = (bytes: Uint8Array): string => {
  if (bytes.length === 0) return "nothing"
  const hexadecimal = Array.from(bytes.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join(" ")
  const kind =
    bytes[0] === 0x50 && bytes[1] === 0x4b ? ", a zip archive such as .npz: save one array with numpy.save" : ""
  return `${hexadecimal}${kind}`
}

/** Start and end of the header, from the first `prefixBytes` bytes of a file, or fewer if the file is shorter. */
export const headerPlace = (
  prefix: Uint8Array
): Result.Result<{ readonly start: number; readonly end: number }, NpyFault> => {
  if (magic.some((byte, index) => prefix[index] !== byte)) {
    return fail("a .npy file, which begins with 93 4e 55 4d 50 59", describeStart(prefix))
  }
  if (prefix.length < prefixBytes) return fail(`a header of at least ${prefixBytes} bytes`, `${prefix.length} bytes`)
  const [major, minor] = [prefix[6]!, prefix[7]!]
  if (major < 1 || major > 3 || minor !== 0) return fail("format version 1.0, 2.0 or 3.0", `${major}.${minor}`)
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes)
  const start = major === 1 ? 10 : 12
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > maximumHeaderBytes) return fail(`a header of at most ${maximumHeaderBytes} bytes`, `one of ${length}`)
  return Result.succeed({ start, end: start + length })
}

/** A regular expression in which a space matches Python's white space; JavaScript's `\s` matches more. */
const pattern = (text: string, flags: string): RegExp =>
  new RegExp(text.replaceAll(" ", String.raw`[ \t\n\r\f]*`), flags)

const dictionary = pattern(String.raw`^\{(.*)\} $`, "s")

/** One key with its value: a string, a boolean or a tuple of integers. */
const entry = pattern(
  String.raw` (['"])(descr|fortran_order|shape)\1 : (?:(['"])([^'"\\]*)\3|(True|False)|\(([\d\s,]*)\)) (,|$) `,
  "y"
)

const size = String.raw`(?:0+|[1-9]\d*)`

// Without two adjacent spaces, so that matching takes linear time.
const tuple = pattern(`^ (?:${size} , (?:${size} , )*(?:${size} )?)?$`, "")

/** The unparsed values of the header's dictionary, each key once. */
const entries = (text: string): Partial<Record<string, string>> | undefined => {
  const body = dictionary.exec(text)?.[1]
  if (body === undefined) return undefined
  const found: Partial<Record<string, string>> = {}
  entry.lastIndex = 0
  while (entry.lastIndex < body.length) {
    const match = entry.exec(body)
    if (match === null) return undefined
    const [, , key, , word, truth, sizes] = match
    if (found[key!] !== undefined || (key === "descr") !== (word !== undefined)) return undefined
    if ((key === "shape") !== (sizes !== undefined)) return undefined
    found[key!] = word ?? truth ?? sizes!
  }
  return found
}

/** Parses `3, 4` or `3,`; undefined if it is not a tuple of sizes. */
const sizesOf = (text: string): ReadonlyArray<number> | undefined => {
  if (!tuple.test(text)) return undefined
  const result = text.match(/\d+/g)?.map(Number) ?? []
  return result.every(Number.isSafeInteger) ? result : undefined
}

/** Parses the header. `end` is the offset of the values. */
export const parseHeader = (bytes: Uint8Array, end: number): Result.Result<NpyHeader, NpyFault> => {
  const text = new TextDecoder("latin1").decode(bytes)
  const shown = JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text.trimEnd())
  const { descr, fortran_order: order, shape } = entries(text) ?? {}
  if (descr === undefined || order === undefined || shape === undefined) {
    return fail("a header with one type, fortran_order and shape", shown)
  }
  // not `in`: names such as `constructor` are keys of every object
  const type = Object.hasOwn(codes, descr) ? codes[descr] : undefined
  if (type === undefined) {
    const hint = descr.startsWith(">") ? " (big-endian)" : descr.endsWith("O") ? " (pickled objects)" : ""
    return fail("little-endian values of type uint8, float32 or float64, or integers for labels", `${descr}${hint}`)
  }
  if (order === "True") return fail("an array in C order (save numpy.ascontiguousarray(array))", "Fortran order")
  const lengths = sizesOf(shape)
  if (lengths === undefined) return fail("a tuple of sizes as shape", `(${shape})`)
  return Result.succeed({ type, shape: lengths, offset: end })
}

/** The types and values that an array of this purpose may have, for messages. */
export const allowed = (purpose: Purpose): { readonly types: string; readonly values: string } =>
  purpose === "pixels"
    ? { types: "uint8, float32 or float64", values: "numbers from 0 to 1 (or bytes, as uint8)" }
    : { types: "an integer type", values: "integers from 0 to 255" }

export const serves = (type: NpyType, purpose: Purpose): boolean =>
  (types[type].purposes as ReadonlyArray<Purpose>).includes(purpose)

/**
 * Converts a block of values to bytes: numbers in [0, 1] are multiplied by 255 and rounded, uint8 and labels are
 * copied. Stops at the first invalid value and returns its index in the block and the value.
 */
export const toBytes = (
  type: NpyType,
  block: ArrayBuffer,
  bytes: Uint8Array
): { readonly index: number; readonly value: number | bigint } | undefined => {
  const values: Values = types[type].view(block)
  if (values instanceof Uint8Array) return void bytes.set(values)
  const isReal = type === "float32" || type === "float64"
  const [factor, most] = isReal ? [255, 1] : [1, 255]
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    // NaN fails both comparisons
    if (!(value >= 0 && value <= most)) return { index, value }
    bytes[index] = Math.round(factor * Number(value))
  }
  return undefined
}
