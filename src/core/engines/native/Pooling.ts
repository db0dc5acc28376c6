/**
 * Pooling of images `[batch, height, width, channels]` by windows without padding, and its gradients.
 *
 * Laws: each image is computed by one thread; the gradient of a maximum goes to the first of equal elements.
 */
import type { PoolKind } from "../graph/ImageOperators.ts"
import type { Axis, Window } from "../graph/Window.ts"
import { repeat } from "./CountedLoop.ts"
import { bitsOf } from "./Formula.ts"
import type { Assembler, Register, Tail } from "./InstructionSet.ts"
import { clear } from "./PaddedImage.ts"
import { type Phase, rangeOf, slot } from "./Phase.ts"
import { at, r10, r13, r8, r9, rax, rbp, rbx, rdi, rdx, rsi } from "./x86/Operands.ts"

export interface Pooling {
  readonly kind: PoolKind
  readonly batch: number
  readonly window: Window
  readonly channels: number
}

/** Mask registers of the last channels, and of the last elements of an image. */
const [channelsMask, elementsMask] = [1, 2]

/** What is done at one position of the window for a vector of channels. */
type Visit = (places: {
  /** The offset of each element within the window from `r8`. */
  readonly seen: ReadonlyArray<number>
  /** The offset of the window's output from `r9`. */
  readonly output: number
  readonly tail: Tail | undefined
}) => void

/** Moves the window over one image; `r8` and `r9` are at the first elements of the image and of the output. */
const slide = (code: Assembler, { channels, window: { columns, rows } }: Pooling, visit: Visit): void => {
  const { lanes } = code.simd
  const pixelBytes = 4 * channels
  const rowBytes = columns.input * pixelBytes
  repeat(code, r10, rows.output, () => {
    repeat(code, r13, columns.output, () => {
      for (let first = 0; first < channels; first += lanes) {
        const seen = Array.from(
          { length: rows.size * columns.size },
          (_, index) => Math.floor(index / columns.size) * rowBytes + (index % columns.size) * pixelBytes + 4 * first
        )
        visit({
          seen,
          output: 4 * first,
          tail: channels - first < lanes ? { mask: channelsMask, count: channels - first } : undefined
        })
      }
      code.add(r8, columns.stride * pixelBytes)
      code.add(r9, pixelBytes)
    })
    code.add(r8, rows.stride * rowBytes - columns.output * columns.stride * pixelBytes)
  })
}

/** Runs `body` for each image of a thread's share. */
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
  const rest = channels % code.simd.lanes
  if (rest > 0) code.simd.setTail({ mask: channelsMask, count: rest }, rax)
  repeat(code, rbx, end - first, () => {
    code.mov(r8, rsi)
    code.mov(r9, rdi)
    body()
    code.add(rsi, imageBytes)
    code.add(rdi, outputBytes)
  })
}

const title = (name: string, { channels, window: { columns, rows } }: Pooling): string =>
  `${name} ${rows.input}x${columns.input}x${channels}`

const sizeOf = ({ columns, rows }: Window): number => rows.size * columns.size

/** The largest element or the average of each window. */
export const pool = (pooling: Pooling, slots: { readonly from: number; readonly to: number }): Phase => ({
  name: title("pooling", pooling),
  emit: (code, share) => {
    const { simd } = code
    const [result, element] = [0, 1]
    const isLargest = pooling.kind === "largest"
    const places = { image: slots.from, output: slots.to }
    eachImage(code, pooling, rangeOf(share, pooling.batch), places, () =>
      slide(code, pooling, ({ output, seen, tail }) => {
        simd.fill(result, bitsOf(isLargest ? Number.NEGATIVE_INFINITY : 0))
        for (const place of seen) {
          simd.load(element, at(r8, place), tail)
          // In this order NaN is not the largest.
          if (isLargest) simd.max(result, element, result)
          else simd.add(result, result, element)
        }
        if (!isLargest) simd.mul(result, result, simd.constant(bitsOf(1 / sizeOf(pooling.window))))
        simd.store(at(r9, output), result, tail)
      })
    )
  }
})

/** Whether every element is in exactly one window. */
const isOnce = (axis: Axis): boolean => axis.stride === axis.size && axis.output * axis.size === axis.input

export interface BackSlots {
  /** The gradient by the window's outputs. */
  readonly gradient: number
  /** The window's inputs. */
  readonly image: number
  readonly to: number
  /** A tensor of the inputs' shape: if it is not above 0, the result is 0. */
  readonly where?: number
}

/** The gradient by the window's inputs. */
export const poolBack = (pooling: Pooling, { gradient, image, to, where }: BackSlots): Phase => ({
  name: title("pooling back", pooling),
  emit: (code, share) => {
    const { channels, kind, window } = pooling
    const once = isOnce(window.rows) && isOnce(window.columns)
    const imageBytes = 4 * window.rows.input * window.columns.input * channels
    const range = rangeOf(share, pooling.batch)
    const { simd } = code
    const { isLargest, isOpen, isPositive } = simd.pooling
    const [derivative, largest, element, part, other, zero] = [0, 1, 2, 3, 4, 5]

    /** Stores to an element, or adds to it if it is in several windows. */
    const write = (place: number, value: Register, tail: Tail | undefined): void => {
      let result = value
      if (where !== undefined) {
        result = part
        simd.load(other, at(r8, place, rdx), tail)
        simd.greater(isPositive, other, zero)
        simd.keep(result, value, isPositive)
      }
      if (!once) {
        simd.add(part, result, at(r8, place, rbp), tail)
        result = part
      }
      simd.store(at(r8, place, rbp), result, tail)
    }

    code.mov(rbp, slot(to))
    code.sub(rbp, slot(image))
    if (where !== undefined) {
      code.mov(rdx, slot(where))
      code.sub(rdx, slot(image))
      simd.zero(zero)
    }
    eachImage(code, pooling, range, { image, output: gradient }, () => {
      if (!once) {
        code.lea(rax, at(rsi, 0, rbp))
        clearFloats(code, imageBytes)
      }
      slide(code, pooling, ({ output, seen, tail }) => {
        simd.load(derivative, at(r9, output), tail)
        if (kind === "average") {
          simd.mul(derivative, derivative, simd.constant(bitsOf(1 / sizeOf(window))))
          for (const place of seen) write(place, derivative, tail)
          return
        }
        simd.fill(largest, bitsOf(Number.NEGATIVE_INFINITY))
        for (const place of seen) {
          simd.load(element, at(r8, place), tail)
          simd.max(largest, element, largest)
        }
        simd.setAll(isOpen)
        for (const place of seen) {
          simd.load(element, at(r8, place), tail)
          simd.equalWithin(isLargest, element, largest, isOpen)
          simd.andNot(isOpen, isLargest, isOpen)
          simd.keep(part, derivative, isLargest)
          write(place, part, tail)
        }
      })
    })
  }
})

/** Clears memory at `rax`, and nothing beyond. */
const clearFloats = (code: Assembler, bytes: number): void => {
  const { simd } = code
  const tail: Tail = { mask: elementsMask, count: (bytes % simd.bytes) / 4 }
  clear(code, rax, bytes - 4 * tail.count)
  simd.zero(0)
  simd.setTail(tail, r10)
  simd.store(at(rax), 0, tail)
}
