/**
 * Whether a PNG file is as it was written: each of its chunks carries a checksum.
 *
 * Source: https://www.w3.org/TR/png-3/#5Chunk-layout
 */
import { crc32 } from "node:zlib"

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** Length, type and checksum of a chunk, four bytes each. */
const overhead = 12

/** The first thing wrong with the file; undefined for a whole one. */
export const pngFault = (bytes: Uint8Array): string | undefined => {
  if (Buffer.compare(bytes.subarray(0, signature.length), signature) !== 0) return "it is no PNG file"
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let begin = signature.length
  while (begin + overhead <= bytes.length) {
    const length = view.getUint32(begin)
    const end = begin + overhead + length
    if (end > bytes.length) break
    const type = Buffer.from(bytes.subarray(begin + 4, begin + 8)).toString("latin1")
    if (crc32(bytes.subarray(begin + 4, end - 4)) !== view.getUint32(end - 4)) {
      return `the checksum of its part ${JSON.stringify(type)} at byte ${begin} is wrong`
    }
    if (type === "IEND") return end === bytes.length ? undefined : `${bytes.length - end} bytes follow its end`
    begin = end
  }
  return `it is cut off after ${bytes.length} bytes`
}
