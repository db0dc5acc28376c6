/**
 * Checks the integrity of a PNG file by its chunks' checksums.
 *
 * Source: https://www.w3.org/TR/png-3/#5Chunk-layout
 */
import { crc32 } from "node:zlib"

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** Length, type and checksum of a chunk, four bytes each. */
const overhead = 12

/** The first fault of the file; undefined if it is intact. */
export const pngFault = (bytes: Uint8Array): string | undefined => {
  if (Buffer.compare(bytes.subarray(0, signature.length), signature) !== 0) return "it is not a PNG file"
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let begin = signature.length
  while (begin + overhead <= bytes.length) {
    const length = view.getUint32(begin)
    const end = begin + overhead + length
    if (end > bytes.length) break
    const type = Buffer.from(bytes.subarray(begin + 4, begin + 8)).toString("latin1")
    if (crc32(bytes.subarray(begin + 4, end - 4)) !== view.getUint32(end - 4)) {
      return `the checksum of its chunk ${JSON.stringify(type)} at byte ${begin} is wrong`
    }
    if (type === "IEND") return end === bytes.length ? undefined : `${bytes.length - end} bytes follow its end`
    begin = end
  }
  return `it is truncated after ${bytes.length} bytes`
}
