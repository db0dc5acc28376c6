/**
 * Reads an array of bytes from a `.npy` file, or from one inside a `.npz` archive, block by block: at most 1 MiB of the file
 * is in memory at once.
 */
import { Effect, FileSystem, Result } from "effect"
import { sizeOf } from "../Tensors.ts"
import { ArrayError, type OpenedArray, scatter, type Wanted } from "./ArrayDataset.ts"
import { type ByteReader, ofFile } from "./ByteReader.ts"
import { allowed, bytesOf, headerPlace, type NpyFault, parseHeader, prefixBytes, serves, toBytes } from "./Npy.ts"

/** A multiple of every type's size. */
const blockBytes = 2 ** 16

const describePlace = (shape: ReadonlyArray<number>, index: number): string => {
  const place: Array<number> = []
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]!)
    rest = Math.floor(rest / shape[axis]!)
  }
  return `[${place.join(", ")}]`
}

/**
 * Reads the header of an array of `size` bytes, which must be what is wanted; `name` is for messages.
 */
export const open = Effect.fn("NpyFile.open")(function* (
  name: string,
  reader: ByteReader,
  size: number,
  wanted: Wanted
) {
  const { fits, purpose } = wanted
  const refuse = ({ expected, found }: NpyFault) => new ArrayError({ array: name, expected, found })
  const ensure = <A>(result: Result.Result<A, NpyFault>) => Effect.mapError(Effect.fromResult(result), refuse)

  const prefix = new Uint8Array(prefixBytes)
  const { end, start } = yield* ensure(headerPlace(prefix.subarray(0, yield* reader.fill(prefix))))
  const head = new Uint8Array(Math.max(end, prefixBytes))
  head.set(prefix)
  const read = prefixBytes + (yield* reader.fill(head.subarray(prefixBytes)))
  if (read < end) return yield* refuse({ expected: `a header that ends at byte ${end}`, found: `${read} bytes` })
  const { offset, shape, type } = yield* ensure(parseHeader(head.subarray(start, end), end))

  const { types, values: allowedValues } = allowed(purpose)
  if (!serves(type, purpose)) return yield* refuse({ expected: `values of type ${types}`, found: type })
  if (!fits(shape)) return yield* refuse({ expected: wanted.shape, found: `[${shape.join(", ")}]` })
  const count = sizeOf(shape)
  const length = offset + count * bytesOf(type)
  if (size !== length) {
    return yield* refuse({
      expected: `${length} bytes for ${count} values of type ${type}, shape [${shape.join(", ")}]`,
      found: `${size} bytes`
    })
  }

  const readRows: OpenedArray["readRows"] = Effect.fnUntraced(function* (place) {
    const rowSize = sizeOf(shape.slice(1))
    const perBlock = blockBytes / bytesOf(type)
    const block = new Uint8Array(Math.min(blockBytes, length - offset))
    const values = new Uint8Array(Math.min(perBlock, count))
    for (let from = 0; from < count; from += perBlock) {
      const here = Math.min(perBlock, count - from)
      const bytes = block.subarray(0, here * bytesOf(type))
      const filled = yield* reader.fill(bytes)
      if (filled < bytes.length) {
        const found = `an end after ${offset + from * bytesOf(type) + filled}`
        return yield* refuse({ expected: `${length} bytes`, found })
      }
      const buffer = bytes.length === block.length ? block.buffer : block.buffer.slice(0, bytes.length)
      const fault = toBytes(type, buffer, values)
      if (fault !== undefined) {
        const found = `${fault.value} at ${describePlace(shape, from + fault.index)}`
        return yield* refuse({ expected: allowedValues, found })
      }
      scatter(values.subarray(0, here), from, rowSize, place)
    }
  })
  return { shape, readRows } satisfies OpenedArray as OpenedArray
})

/** Opens a `.npy` file until the scope closes and reads its header. */
export const openFile = Effect.fnUntraced(function* (path: string, wanted: Wanted) {
  const fs = yield* FileSystem.FileSystem
  const { size, type } = yield* fs.stat(path)
  // Some devices have no end.
  if (type !== "File") return yield* new ArrayError({ array: path, expected: "a file", found: type.toLowerCase() })
  return yield* open(path, ofFile(yield* fs.open(path, { flag: "r" })), Number(size), wanted)
})
