/**
 * A loop over the elements of tensors, 16 at a time: reads what its formulas need, writes their results, and sums up or
 * finds extremes along axes.
 *
 * Laws: the innermost axis is the one of vectors; nothing is read or written beyond a tensor's elements; a sum is made
 * in one order, whoever makes it, so that its bits do not depend on the number of threads.
 */
import type { Assembler } from "./Assembler.ts"
import { inOrder, type Item } from "./Formula.ts"
import { fold, foldLanes, neutral, type Reducer } from "./Fold.ts"
import { at, k, lower, type Memory, rax, rdx, rsp, xmm, zeroing, zmm } from "./Operands.ts"
import { rangeOf, type Share, slot } from "./Phase.ts"
import { type Pointer, pointersFor } from "./Pointers.ts"
import { emitPass, stackBytes } from "./Registers.ts"
import { Unsupported } from "./Unsupported.ts"

/** Where the elements of one tensor lie for the loop's axes. */
export interface Access {
  /** Of the table of pointers. */
  readonly slot: number
  /** Bytes of an element. Bytes are integers or truth values. */
  readonly width: 1 | 4
  /** In elements. */
  readonly offset: number
  /** Of each axis, in elements; along the innermost 0, 1, or, where it is read and has 4 bytes, any other. */
  readonly strides: ReadonlyArray<number>
  /** The axis whose position is looked up, and where. */
  readonly by?: { readonly axis: number; readonly slot: number }
}

export interface Loop {
  readonly name: string
  /** Lengths, outermost first, at least one. */
  readonly axes: ReadonlyArray<number>
  /** What formulas load, by the number of their leaves. */
  readonly leaves: ReadonlyArray<Access>
  readonly stores: ReadonlyArray<{ readonly item: Item; readonly to: Access }>
  /** Axes along which `to` has the stride 0 are reduced. */
  readonly reductions: ReadonlyArray<{ readonly item: Item; readonly to: Access; readonly reducer: Reducer }>
}

const lanes = 16
const tail = k(7)
const scratchMask = k(6)
const scratch = zmm(31)
/** Sums are held from this vector downwards, and below them numbers that are the same for all elements. */
const lastVector = 30
const pinnedVectors = 8

/** How many threads a loop is worth: each should have some thousand elements. */
const elementsAThread = 2048

const sizeOf = (axes: ReadonlyArray<number>): number => axes.reduce((size, length) => size * length, 1)

/** The axis that is divided among threads, and how many do; none where a sum would be torn. */
const division = ({ axes, reductions }: Loop, threads: number) => {
  const count = Math.min(threads, Math.floor(sizeOf(axes) / elementsAThread))
  const isWhole = (axis: number) => reductions.every(({ to }) => to.strides[axis] !== 0)
  const pieces = axes.map((length, axis) => (axis === axes.length - 1 ? Math.ceil(length / lanes) : length))
  const candidates = axes.flatMap((_, axis) => (isWhole(axis) && pieces[axis]! >= count ? [axis] : []))
  const axis =
    candidates.find((axis) => pieces[axis]! >= 8 * count) ??
    candidates.toSorted((one, other) => pieces[other]! - pieces[one]!)[0]
  return count > 1 && axis !== undefined ? { axis, count } : undefined
}

/** What one thread does of each axis: all of it, but for the divided one. */
const rangesOf = (loop: Loop, { thread, threads }: Share): ReadonlyArray<readonly [from: number, to: number]> => {
  const divided = division(loop, threads)
  return loop.axes.map((length, axis) => {
    if (divided === undefined) return thread === 0 ? [0, length] : [0, 0]
    if (axis !== divided.axis) return [0, length]
    if (thread >= divided.count) return [0, 0]
    const isInner = axis === loop.axes.length - 1
    const [from, to] = rangeOf({ thread, threads: divided.count }, isInner ? Math.ceil(length / lanes) : length)
    return isInner ? [from * lanes, Math.min(length, to * lanes)] : [from, to]
  })
}

/** Whether a loop that several threads could do falls to one, because each way to divide it would tear a sum. */
export const isTorn = (loop: Loop, threads: number): boolean =>
  division(loop, threads) === undefined && division({ ...loop, reductions: [] }, threads) !== undefined

/** The place of the vector that a pass is at. */
const vectorAt = (pointer: Pointer, code: Assembler, { width }: Access): Memory =>
  at(pointer.bring(code), 0, rax, width)

/** Reads the lanes of a leaf at the pass's place. */
const load = (code: Assembler, access: Access, pointer: Pointer, item: Item, register: number, mask?: typeof tail) => {
  const stride = access.strides.at(-1)!
  const masked = mask && zeroing(mask)
  const to = item.kind === "truth" ? scratch : zmm(register)
  if (stride === 0) {
    const element = at(pointer.bring(code))
    if (access.width === 4) code.vbroadcastss(to, element)
    else {
      code.movzx(lower(rdx), element)
      code.vpbroadcastd(to, lower(rdx))
    }
  } else if (stride === 1) {
    if (access.width === 4) code.vmovups(to, vectorAt(pointer, code, access), masked)
    else code.vpmovzxbd(to, vectorAt(pointer, code, access), masked)
  } else {
    if (access.width === 1) throw new Unsupported("bytes that do not lie side by side")
    const far = Int32Array.from({ length: lanes }, (_, lane) => lane * stride)
    const base = pointer.bring(code)
    code.mov(rdx, rax)
    code.imul(rdx, rdx, stride * access.width)
    code.add(rdx, base)
    code.vmovups(scratch, code.constant(far))
    // Lanes beyond the end keep what they were.
    if (mask === undefined) code.kxnorw(scratchMask, scratchMask, scratchMask)
    else code.kmovw(scratchMask, mask)
    code.vpxord(to, to, to)
    code.vgatherdps(to, at(rdx, 0, scratch, 4), scratchMask)
  }
  if (item.kind === "truth") code.vptestmd(k(register), scratch, scratch)
}

const store = (code: Assembler, access: Access, pointer: Pointer, item: Item, register: number, mask?: typeof tail) => {
  const place = () => vectorAt(pointer, code, access)
  if (item.kind === "truth") {
    code.vpbroadcastd(scratch, code.constant(Int32Array.of(1)), zeroing(k(register)))
    code.vpmovdb(place(), scratch, mask)
  } else if (access.width === 1) code.vpmovdb(place(), zmm(register), mask)
  else code.vmovups(place(), zmm(register), mask)
}

/** Whether a reduction is put together from passes that are not next to each other. */
const isGathered = ({ axes }: Loop, { strides }: Access): boolean =>
  axes.slice(0, -1).some((length, axis) => length > 1 && strides[axis] === 0)

const reducesLanes = ({ strides }: Access): boolean => strides.at(-1) === 0

/** Writes the reductions' first values. */
const clear = (code: Assembler, loop: Loop, share: Share): void => {
  for (const { to, reducer } of loop.reductions) {
    if (!isGathered(loop, to)) continue
    const ranges = rangesOf(loop, share).map(([from, end], axis): readonly [number, number] =>
      to.strides[axis] === 0 ? [0, Math.min(1, end - from)] : [from, end]
    )
    const strides = to.strides.with(to.strides.length - 1, 1)
    const axes = loop.axes.map((length, axis) => (to.strides[axis] === 0 ? 1 : length))
    const stores = [{ item: neutral(reducer), to: { ...to, strides } }]
    nest(code, { name: loop.name, axes, leaves: [], stores, reductions: [] }, ranges)
  }
}

const leafOf = ({ step }: Item): number => (step as { readonly leaf: number }).leaf

/** Loads of one number for all elements. */
const scalarsOf = ({ leaves, reductions, stores }: Loop): ReadonlyArray<Item> =>
  inOrder([...stores, ...reductions].map(({ item }) => item)).filter((item) => {
    if (item.step.name !== "load") return false
    const { by, strides, width } = leaves[item.step.leaf]!
    return width === 4 && by === undefined && strides.every((stride) => stride === 0)
  })

/** The loops themselves, over some of each axis. */
const nest = (code: Assembler, loop: Loop, ranges: ReadonlyArray<readonly [from: number, to: number]>): void => {
  if (ranges.some(([from, to]) => from === to)) return
  const outer = loop.axes.slice(0, -1)
  const accumulators = loop.reductions.map(({ to }, index) => (reducesLanes(to) ? lastVector - index : undefined))
  if (accumulators.length > pinnedVectors) throw new Unsupported(`more than ${pinnedVectors} reductions of one value`)
  const scalars = scalarsOf(loop).slice(0, pinnedVectors)
  const pinned = new Map(scalars.map((item, index) => [item, lastVector - pinnedVectors - index]))
  const inScalars = new Set(scalars.map(leafOf))
  const accesses = [
    ...loop.leaves.filter((_, leaf) => !inScalars.has(leaf)),
    ...[...loop.stores, ...loop.reductions].map(({ to }) => to)
  ]
  const pointers = pointersFor(accesses, ranges)
  const frame = stackBytes + pointers.stackBytes
  code.sub(rsp, frame)
  pointers.begin(code)

  const pass = (mask?: typeof tail): void =>
    emitPass(code, {
      pinned,
      reserved: accumulators.filter((register) => register !== undefined),
      load: (item, register) => {
        const access = loop.leaves[leafOf(item)]!
        load(code, access, pointers.of(access), item, register, mask)
      },
      results: [
        ...loop.stores.map(({ item, to }) => ({
          item,
          use: (register: number) => store(code, to, pointers.of(to), item, register, mask)
        })),
        ...loop.reductions.map(({ item, reducer, to }, index) => ({
          item,
          use: (register: number) => {
            const accumulator = accumulators[index]
            if (accumulator !== undefined) return fold(code, reducer, accumulator, register, mask)
            // Along axes of length 1 there is nothing to put together.
            if (!isGathered(loop, to)) return store(code, to, pointers.of(to), item, register, mask)
            const place = vectorAt(pointers.of(to), code, to)
            code.vmovups(scratch, place, mask && zeroing(mask))
            fold(code, reducer, scratch.index, register)
            code.vmovups(place, scratch, mask)
          }
        }))
      ]
    })

  /** The innermost axis. */
  const vectors = (): void => {
    const [from, to] = ranges.at(-1)!
    const whole = Math.floor((to - from) / lanes)
    loop.reductions.forEach(({ reducer }, index) => {
      const accumulator = accumulators[index]
      if (accumulator !== undefined) code.vbroadcastss(zmm(accumulator), code.constant(Int32Array.of(reducer.neutral)))
    })
    code.mov(lower(rax), from)
    if (whole > 1) {
      const again = code.label()
      code.align(16)
      code.bind(again)
      pass()
      code.add(rax, lanes)
      code.cmp(rax, from + whole * lanes)
      code.jb(again)
    } else if (whole === 1) {
      pass()
      code.add(rax, lanes)
    }
    if ((to - from) % lanes > 0) pass(tail)
    loop.reductions.forEach(({ reducer, to }, index) => {
      const accumulator = accumulators[index]
      if (accumulator === undefined) return
      foldLanes(code, reducer, accumulator)
      const place = at(pointers.of(to).bring(code))
      if (isGathered(loop, to)) {
        code.vmovss(xmm(31), place)
        fold(code, reducer, accumulator, 31)
      }
      code.vmovss(place, xmm(accumulator))
    })
  }

  const axis = (number: number): void => {
    if (number === outer.length) return vectors()
    const [from, to] = ranges[number]!
    const again = code.label()
    const counter = pointers.counter(number)
    if (to - from > 1) {
      code.mov(lower(counter), to - from)
      code.bind(again)
    }
    pointers.lookUp(code, number)
    axis(number + 1)
    pointers.advance(code, number, 1)
    if (to - from > 1) {
      code.dec(counter)
      code.jne(again)
    }
    if (number > 0) pointers.advance(code, number, from - to)
  }

  const rest = (ranges.at(-1)![1] - ranges.at(-1)![0]) % lanes
  if (rest > 0) {
    code.mov(lower(rdx), 2 ** rest - 1)
    code.kmovw(tail, lower(rdx))
  }
  for (const [item, register] of pinned) {
    const { offset, slot: from } = loop.leaves[leafOf(item)]!
    code.mov(rdx, slot(from))
    code.vbroadcastss(zmm(register), at(rdx, 4 * offset))
  }
  axis(0)
  code.add(rsp, frame)
}

/** The loop's code for one thread. */
export const emit = (loop: Loop, code: Assembler, share: Share): void => {
  clear(code, loop, share)
  nest(code, loop, rangesOf(loop, share))
}
