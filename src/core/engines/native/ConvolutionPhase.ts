/**
 * Direct convolution of a batch of images.
 *
 * Each vector of a tile of results is in a register: the channels of one pixel, or of several neighbours if channels are
 * few. For each input that they read, the input times a vector of the packed filter is added. Padding takes part, and so
 * do zeros in the packed filter where neighbours read different inputs: a result that would have been finite is NaN if
 * an input beside its window is infinite.
 *
 * Laws: each image is computed by one thread, so that the bits of results do not depend on the number of threads.
 */
import type { Job } from "./ConvolutionJob.ts"
import { emitPart, type Part } from "./ConvolutionTiles.ts"
import { repeat } from "./CountedLoop.ts"
import type { Assembler } from "./InstructionSet.ts"
import { type Channels, pack, packedBytes } from "./PackedFilter.ts"
import { bytesOf, clear, copyImage, type Image, type PaddedImage, paddedFor } from "./PaddedImage.ts"
import { type Phase, rangeOf, scratchBytes, type Share, slot } from "./Phase.ts"
import { Unsupported } from "./Unsupported.ts"
import { at, r15, rax, rbp, rbx, rdi, rsi } from "./x86/Operands.ts"

/** Channels in as few vectors as possible. */
const channelsOf = ({ channels }: Image, lanes: number): ReadonlyArray<Channels> =>
  Array.from({ length: Math.ceil(channels / lanes) }, (_, index) => ({
    first: index * lanes,
    count: Math.min(lanes, channels - index * lanes)
  }))

/** The phase of a convolution. Raises `Unsupported` if a thread's scratch memory is too small. */
export const phase = (job: Job): Phase => {
  const padded = paddedFor(job.source, job.rows, job.columns)
  const copyBytes = Math.ceil(padded.bytes / 64) * 64
  const pairs = job.rows.flatMap((rows) => job.columns.map((columns) => ({ rows, columns })))
  const filterBytes = pairs.reduce(
    (sum, { columns, rows }) => sum + packedBytes(job.filter, rows, columns, job.lanes),
    0
  )
  if (copyBytes + filterBytes > scratchBytes) throw new Unsupported("a convolution of images or filters this large")
  return {
    name: job.name,
    emit: (code, share) => {
      const [first, end] = rangeOf(share, job.batch)
      if (first === end) return
      if (copyBytes > 0) {
        code.mov(rax, share.scratch)
        clear(code, rax, copyBytes)
      }
      for (const channels of channelsOf(job.target, job.lanes)) {
        let filter = share.scratch + BigInt(copyBytes)
        const parts = pairs.map(({ columns, rows }): Part => {
          const part = { rows, columns, channels, filter }
          pack(code, job.filter, channels, rows, columns, filter)
          filter += BigInt(packedBytes(job.filter, rows, columns, job.lanes))
          return part
        })
        emitImages(code, job, padded, parts, share, first, end)
      }
    }
  }
}

const emitImages = (
  code: Assembler,
  job: Job,
  padded: PaddedImage,
  parts: ReadonlyArray<Part>,
  { scratch }: Share,
  first: number,
  end: number
): void => {
  const { epilogue, source, target } = job
  const { channels } = parts[0]!
  code.mov(rsi, slot(job.from))
  code.add(rsi, first * bytesOf(source))
  code.mov(rdi, slot(job.to))
  if (epilogue.where !== undefined) {
    code.mov(rbp, slot(epilogue.where))
    code.sub(rbp, rdi)
  }
  code.add(rdi, first * bytesOf(target) + 4 * channels.first)
  if (epilogue.bias !== undefined) loadBias(code, epilogue.bias, channels)
  if (epilogue.rectified) code.simd.zero(code.simd.convolution.zero)
  code.push(r15)
  repeat(code, rbx, end - first, () => {
    code.lea(r15, at(rsi, bytesOf(source)))
    if (padded.bytes > 0) copyImage(code, source, padded, rsi, scratch)
    for (const part of parts) emitPart(code, job, padded, part, scratch)
    code.add(rsi, bytesOf(source))
    code.add(rdi, bytesOf(target))
  })
  code.pop(r15)
}

/** Loads the bias for each member of a group. */
const loadBias = (code: Assembler, index: number, { count, first }: Channels): void => {
  const { simd } = code
  const places = Int32Array.from({ length: simd.lanes }, (_, lane) => first + (lane % count))
  code.mov(rax, slot(index))
  simd.load(0, code.constant(places))
  simd.gather(simd.convolution.bias, rax, 0, 0)
}
