/**
 * Reads a `.npy` file as bytes, block by block, so that memory holds only the result and one block.
 */
import { createHash } from "node:crypto"
import { Effect, FileSystem, Result, Schema } from "effect"
import { sizeOf } from "../Tensors.ts"
import {
  allowed,
  bytesOf,
  headerPlace,
  type NpyFault,
  parseHeader,
  prefixBytes,
  type Purpose,
  serves,
  toBytes
} from "./Npy.ts"

/** A file is not the expected `.npy` file. */
export class NpyError extends Schema.TaggedError<NpyError>()("NpyError", {
  file: Schema.String,
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `${this.file}: expected ${this.expected}, found ${this.found}`
  }
}

export interface NpyBytes {
  readonly shape: ReadonlyArray<number>
  /** In row-major order. */
  readonly values: Uint8Array
  /** Digest of the whole file. */
  readonly sha256: string
}

export interface NpyWanted {
  readonly purpose: Purpose
  /** Whether a shape is accepted. */
  readonly fits: (shape: ReadonlyArray<number>) => boolean
  /** The accepted shapes, for messages. */
  readonly shape: string
}

/** Close to the maximum length of a typed array on some platforms. */
const maximumValues = 2 ** 31 - 1

/** In bytes; a multiple of every type's size. */
const blockBytes = 2 ** 20

/** Fills the buffer and returns the number of bytes read. */
const fill = Effect.fnUntraced(function* (file: FileSystem.File, buffer: Uint8Array) {
  let filled = 0
  while (filled < buffer.length) {
    const count = yield* file.read(buffer.subarray(filled))
    if (count === 0) break
    filled += count
  }
  return filled
})

const describePlace = (shape: ReadonlyArray<number>, index: number): string => {
  const place: Array<number> = []
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]!)
    rest = Math.floor(rest / shape[axis]!)
  }
  return `[${place.join(", ")}]`
}

/** Reads all values as bytes: numbers in [0, 1] are multiplied by 255 and rounded, uint8 and labels are copied. */
export const read = Effect.fn("NpyFile.read")(function* (path: string, wanted: NpyWanted) {
  const { fits, purpose } = wanted
  const fs = yield* FileSystem.FileSystem
  const refuse = ({ expected, found }: NpyFault) => new NpyError({ file: path, expected, found })
  const ensure = <A>(result: Result.Result<A, NpyFault>) => Effect.mapError(Effect.fromResult(result), refuse)
  const { type: kind } = yield* fs.stat(path)
  if (kind !== "File") return yield* refuse({ expected: "a file", found: kind.toLowerCase() })
  const file = yield* fs.open(path, { flag: "r" })
  const { size } = yield* file.stat
  const digest = createHash("sha256")

  const prefix = new Uint8Array(prefixBytes)
  const { end, start } = yield* ensure(headerPlace(prefix.subarray(0, yield* fill(file, prefix))))
  const head = new Uint8Array(end)
  head.set(prefix.subarray(0, Math.min(end, prefixBytes)))
  yield* file.seek(BigInt(Math.min(end, prefixBytes)), "start")
  const read = Math.min(end, prefixBytes) + (yield* fill(file, head.subarray(Math.min(end, prefixBytes))))
  if (read < end) return yield* refuse({ expected: `a header that ends at byte ${end}`, found: `${read} bytes` })
  const { offset, shape, type } = yield* ensure(parseHeader(head.subarray(start), end))
  digest.update(head)

  const { types, values: allowedValues } = allowed(purpose)
  if (!serves(type, purpose)) return yield* refuse({ expected: `values of type ${types}`, found: type })
  if (!fits(shape)) return yield* refuse({ expected: wanted.shape, found: `[${shape.join(", ")}]` })
  const count = sizeOf(shape)
  if (!(count <= maximumValues))
    return yield* refuse({ expected: `at most ${maximumValues} values`, found: `${count}` })
  const length = offset + count * bytesOf(type)
  if (Number(size) !== length) {
    return yield* refuse({
      expected: `${length} bytes for ${count} values of type ${type}, shape [${shape.join(", ")}]`,
      found: `${size} bytes`
    })
  }

  // the size of the file was checked, so a hostile header cannot ask for more
  const values = new Uint8Array(count)
  const block = new Uint8Array(Math.min(blockBytes, length - offset))
  const perBlock = blockBytes / bytesOf(type)
  for (let from = 0; from < count; from += perBlock) {
    const here = Math.min(perBlock, count - from)
    const bytes = block.subarray(0, here * bytesOf(type))
    const filled = yield* fill(file, bytes)
    if (filled < bytes.length) {
      const found = `an end after ${offset + from * bytesOf(type) + filled}`
      return yield* refuse({ expected: `${length} bytes`, found })
    }
    digest.update(bytes)
    const fault = toBytes(
      type,
      here === perBlock ? block.buffer : block.buffer.slice(0, bytes.length),
      values.subarray(from)
    )
    if (fault !== undefined) {
      const found = `${fault.value} at ${describePlace(shape, from + fault.index)}`
      return yield* refuse({ expected: allowedValues, found })
    }
  }
  const result: NpyBytes = { shape, values, sha256: digest.digest("hex") }
  return result
}, Effect.scoped)
