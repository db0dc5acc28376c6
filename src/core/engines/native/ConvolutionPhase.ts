/**
 * One pass over images, whose results are sums of products of what windows see and a filter.
 *
 * Of a tile of results, each vector is in a register: the channels of a pixel, or of some neighbours where channels are
 * few. To them are added, for each input that they see, the input times a vector of the filter. Zeros around the images
 * take part, and so do zeros in the filter where neighbours do not see the same: a result that would have been finite is
 * NaN where an input beside what it sees is infinite.
 *
 * Laws: each image is one thread's; so the bits of results do not depend on the number of threads.
 */
import type { Assembler } from "./Assembler.ts"
import { bias, emitPart, type Part, zero } from "./ConvolutionTiles.ts"
import { lanes, vectorBytes } from "./Lanes.ts"
import type { Line } from "./Lines.ts"
import { at, k, r15, rax, rbp, rbx, rdi, rsi, zmm } from "./Operands.ts"
import { type Channels, type Filter, pack, packedBytes } from "./PackedFilter.ts"
import { bytesOf, clear, copyImage, type Image, type PaddedImage, paddedFor } from "./PaddedImage.ts"
import { type Phase, rangeOf, scratchBytes, type Share, slot } from "./Phase.ts"
import { repeat } from "./Repeat.ts"
import { Unsupported } from "./Unsupported.ts"

/** What is done with results before they are written. */
export interface Finish {
  /** Slot of `[channels]`, which is added. */
  readonly bias?: number
  /** Whether what is below 0 becomes 0. */
  readonly rectified?: boolean
  /** Slot of a tensor like the result: where it is not above 0, the result is 0. */
  readonly where?: number
}

export interface Job {
  readonly name: string
  readonly batch: number
  readonly source: Image
  readonly target: Image
  readonly rows: ReadonlyArray<Line>
  readonly columns: ReadonlyArray<Line>
  readonly from: number
  readonly to: number
  readonly filter: Filter
  readonly finish: Finish
}

/** Channels in as few groups as vectors have room for. */
const channelsOf = ({ channels }: Image): ReadonlyArray<Channels> =>
  Array.from({ length: Math.ceil(channels / lanes) }, (_, index) => ({
    first: index * lanes,
    count: Math.min(lanes, channels - index * lanes)
  }))

/** Raises `Unsupported` where a thread's own memory is too small. */
export const phase = (job: Job): Phase => {
  const padded = paddedFor(job.source, job.rows, job.columns)
  const copyBytes = Math.ceil(padded.bytes / vectorBytes) * vectorBytes
  const pairs = job.rows.flatMap((rows) => job.columns.map((columns) => ({ rows, columns })))
  const filterBytes = pairs.reduce((sum, { columns, rows }) => sum + packedBytes(job.filter, rows, columns), 0)
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
      for (const channels of channelsOf(job.target)) {
        let filter = share.scratch + BigInt(copyBytes)
        const parts = pairs.map(({ columns, rows }): Part => {
          const part = { rows, columns, channels, filter }
          pack(code, job.filter, channels, rows, columns, filter)
          filter += BigInt(packedBytes(job.filter, rows, columns))
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
  const { finish, source, target } = job
  const { channels } = parts[0]!
  code.mov(rsi, slot(job.from))
  code.add(rsi, first * bytesOf(source))
  code.mov(rdi, slot(job.to))
  if (finish.where !== undefined) {
    code.mov(rbp, slot(finish.where))
    code.sub(rbp, rdi)
  }
  code.add(rdi, first * bytesOf(target) + 4 * channels.first)
  if (finish.bias !== undefined) loadBias(code, finish.bias, channels)
  if (finish.rectified) code.vpxord(zero, zero, zero)
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

/** The bias in the lanes of each member. */
const loadBias = (code: Assembler, index: number, { count, first }: Channels): void => {
  const places = Int32Array.from({ length: lanes }, (_, lane) => first + (lane % count))
  code.mov(rax, slot(index))
  code.vmovups(zmm(0), code.constant(places))
  code.kxnorw(k(1), k(1), k(1))
  code.vgatherdps(bias, at(rax, 0, zmm(0), 4), k(1))
}
