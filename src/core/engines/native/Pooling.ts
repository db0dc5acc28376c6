/**
 * Pooling of images `[batch, height, width, channels]` whose windows need no padding, and its derivatives.
 *
 * Laws: each image is one thread's; the derivative of a largest element goes to the first of equal ones.
 */
import type { Axis, Window } from "../graph/Window.ts"
import type { Assembler } from "./Assembler.ts"
import { Comparison } from "./Instructions.ts"
import { firstLanes, lanes, vectorBytes } from "./Lanes.ts"
import {
  at,
  broadcast,
  k,
  lower,
  type Memory,
  r10,
  r13,
  r8,
  r9,
  rax,
  rbp,
  rbx,
  rdi,
  rdx,
  rsi,
  type Vector,
  zeroing,
  zmm
} from "./Operands.ts"
import { clear } from "./PaddedImage.ts"
import { type Phase, rangeOf, slot } from "./Phase.ts"
import { repeat } from "./Repeat.ts"

export interface Pooling {
  readonly kind: "largest" | "average"
  readonly batch: number
  readonly window: Window
  readonly channels: number
}

const some = k(1)
const hits = k(2)
const open = k(3)
const positive = k(4)

/** What is done at one place of the window for some channels; elements are where they are told to be. */
type Visit = (places: {
  /** Of each element that the window sees, from `r8` on, or from there as far as the second pointer is. */
  readonly seen: ReadonlyArray<number>
  /** Of the window's output, from `r9` on. */
  readonly output: number
  readonly mask: typeof some | undefined
}) => void

/** Goes over the window's places in one image: `r8` and `r9` are at the image's and the output's beginning. */
const slide = (code: Assembler, { channels, window: { columns, rows } }: Pooling, visit: Visit): void => {
  const pixelBytes = 4 * channels
  const rowBytes = columns.input * pixelBytes
  repeat(code, r10, rows.output, () => {
    repeat(code, r13, columns.output, () => {
      for (let first = 0; first < channels; first += lanes) {
        const seen = Array.from(
          { length: rows.size * columns.size },
          (_, index) => Math.floor(index / columns.size) * rowBytes + (index % columns.size) * pixelBytes + 4 * first
        )
        visit({ seen, output: 4 * first, mask: channels - first < lanes ? some : undefined })
      }
      code.add(r8, columns.stride * pixelBytes)
      code.add(r9, pixelBytes)
    })
    code.add(r8, rows.stride * rowBytes - columns.output * columns.stride * pixelBytes)
  })
}

/** Where the images of a thread's share begin, one after the other. */
const eachImage = (
  code: Assembler,
  pooling: Pooling,
  [first, end]: readonly [number, number],
  slots: { readonly image: number; readonly output: number },
  body: () => void
): void => {
  if (first === end) return
  const {
    channels,
    window: { columns, rows }
  } = pooling
  const imageBytes = 4 * rows.input * columns.input * channels
  const outputBytes = 4 * rows.output * columns.output * channels
  code.mov(rsi, slot(slots.image))
  code.mov(rdi, slot(slots.output))
  code.add(rsi, first * imageBytes)
  code.add(rdi, first * outputBytes)
  if (channels % lanes > 0) {
    firstLanes(code, some, channels % lanes)
  }
  repeat(code, rbx, end - first, () => {
    code.mov(r8, rsi)
    code.mov(r9, rdi)
    body()
    code.add(rsi, imageBytes)
    code.add(rdi, outputBytes)
  })
}

const number = (code: Assembler, value: number): Memory => broadcast(code.constant(Float32Array.of(value)))
const fill = (code: Assembler, to: Vector, value: number): void =>
  code.vbroadcastss(to, code.constant(Float32Array.of(value)))

const title = (name: string, { channels, window: { columns, rows } }: Pooling): string =>
  `${name} ${rows.input}x${columns.input}x${channels}`

const sizeOf = ({ columns, rows }: Window): number => rows.size * columns.size

/** The largest element or the average of what each window sees. */
export const pool = (pooling: Pooling, slots: { readonly from: number; readonly to: number }): Phase => ({
  name: title("pooling", pooling),
  emit: (code, share) => {
    const isLargest = pooling.kind === "largest"
    const places = { image: slots.from, output: slots.to }
    eachImage(code, pooling, rangeOf(share, pooling.batch), places, () =>
      slide(code, pooling, ({ mask, output, seen }) => {
        const result = zmm(0)
        fill(code, result, isLargest ? Number.NEGATIVE_INFINITY : 0)
        for (const place of seen) {
          const element = zmm(1)
          code.vmovups(element, at(r8, place), mask && zeroing(mask))
          // In this order what is not a number is not the largest.
          if (isLargest) code.vmaxps(result, element, result)
          else code.vaddps(result, result, element)
        }
        if (!isLargest) code.vmulps(result, result, number(code, 1 / sizeOf(pooling.window)))
        code.vmovups(at(r9, output), result, mask)
      })
    )
  }
})

/** Whether every element is seen by one window. */
const isOnce = (axis: Axis): boolean => axis.stride === axis.size && axis.output * axis.size === axis.input

export interface BackSlots {
  /** The derivative by the window's outputs. */
  readonly gradient: number
  /** The window's inputs. */
  readonly image: number
  readonly to: number
  /** A tensor like the inputs: where it is not above 0, the result is 0. */
  readonly where?: number
}

/** The derivative by the window's inputs. */
export const poolBack = (pooling: Pooling, { gradient, image, to, where }: BackSlots): Phase => ({
  name: title("pooling back", pooling),
  emit: (code, share) => {
    const { channels, kind, window } = pooling
    const once = isOnce(window.rows) && isOnce(window.columns)
    const imageBytes = 4 * window.rows.input * window.columns.input * channels
    const range = rangeOf(share, pooling.batch)
    const derivative = zmm(0)
    const [largest, element, part] = [zmm(1), zmm(2), zmm(3)]

    /** Writes to an element, or adds where several windows see it. */
    const write = (place: number, value: Vector, mask: typeof some | undefined): void => {
      let result = value
      if (where !== undefined) {
        result = part
        code.vmovups(zmm(4), at(r8, place, rdx), mask && zeroing(mask))
        code.vcmpps(positive, zmm(4), zmm(5), Comparison.greater)
        code.vmovaps(result, value, zeroing(positive))
      }
      if (!once) {
        code.vaddps(part, result, at(r8, place, rbp), mask && zeroing(mask))
        result = part
      }
      code.vmovups(at(r8, place, rbp), result, mask)
    }

    code.mov(rbp, slot(to))
    code.sub(rbp, slot(image))
    if (where !== undefined) {
      code.mov(rdx, slot(where))
      code.sub(rdx, slot(image))
      code.vpxord(zmm(5), zmm(5), zmm(5))
    }
    eachImage(code, pooling, range, { image, output: gradient }, () => {
      if (!once) {
        code.lea(rax, at(rsi, 0, rbp))
        clearFloats(code, imageBytes)
      }
      slide(code, pooling, ({ mask, output, seen }) => {
        code.vmovups(derivative, at(r9, output), mask && zeroing(mask))
        if (kind === "average") {
          code.vmulps(derivative, derivative, number(code, 1 / sizeOf(window)))
          for (const place of seen) write(place, derivative, mask)
          return
        }
        fill(code, largest, Number.NEGATIVE_INFINITY)
        for (const place of seen) {
          code.vmovups(element, at(r8, place), mask && zeroing(mask))
          code.vmaxps(largest, element, largest)
        }
        code.kxnorw(open, open, open)
        for (const place of seen) {
          code.vmovups(element, at(r8, place), mask && zeroing(mask))
          code.vcmpps(hits, element, largest, Comparison.equal, open)
          code.kandnw(open, hits, open)
          code.vmovaps(part, derivative, zeroing(hits))
          write(place, part, mask)
        }
      })
    })
  }
})

/** Zeros at `rax`, no byte more. */
const clearFloats = (code: Assembler, bytes: number): void => {
  const rest = (bytes % vectorBytes) / 4
  clear(code, rax, bytes - 4 * rest)
  code.vpxord(zmm(0), zmm(0), zmm(0))
  code.mov(lower(r10), 2 ** rest - 1)
  code.kmovw(hits, lower(r10))
  code.vmovups(at(rax), zmm(0), hits)
}
