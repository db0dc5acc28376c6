/**
 * A loop over the elements of tensors, a vector at a time: evaluates formulas of them, stores the results, and reduces
 * them along axes.
 *
 * Laws: vectors go along the innermost axis; nothing is read or written beyond a tensor's elements; each sum is computed
 * in one order, so that its bits do not depend on the number of threads.
 */
import type { Access } from "./Access.ts"
import { inOrder, type Item } from "./Formula.ts"
import type { Assembler, Register, Tail, Truth } from "./InstructionSet.ts"
import { rangeOf, type Share, slot } from "./Phase.ts"
import { type Pointer, pointersFor } from "./Pointers.ts"
import { neutral, type Reducer } from "./Reduction.ts"
import { emitIteration, stackBytes } from "./RegisterAllocation.ts"
import { Unsupported } from "./Unsupported.ts"
import { at, lower, type Memory, rax, rdx, rsp } from "./x86/Operands.ts"

export interface Loop {
  readonly name: string
  /** Lengths, outermost first, at least one. */
  readonly axes: ReadonlyArray<number>
  /** What formulas load, by the number of their leaves. */
  readonly leaves: ReadonlyArray<Access>
  readonly stores: ReadonlyArray<{ readonly item: Item; readonly to: Access }>
  /** Axes along which `to` has the stride 0 are reduced, and elements whose row of `to` is looked up are added to it. */
  readonly reductions: ReadonlyArray<{ readonly item: Item; readonly to: Access; readonly reducer: Reducer }>
}

/** The mask register of the last vector of the innermost axis. */
const tailMask = 7

/** A loop is divided among as many threads as have at least this many elements each. */
const elementsPerThread = 2048

const sizeOf = (axes: ReadonlyArray<number>): number => axes.reduce((size, length) => size * length, 1)

/** The axis that is divided among threads, and their number; undefined if that would split a sum. */
const division = ({ axes, reductions }: Loop, threads: number, lanes: number) => {
  const count = Math.min(threads, Math.floor(sizeOf(axes) / elementsPerThread))
  const isWhole = (axis: number) => reductions.every(({ to }) => to.strides[axis] !== 0 && to.by?.axis !== axis)
  const pieces = axes.map((length, axis) => (axis === axes.length - 1 ? Math.ceil(length / lanes) : length))
  const candidates = axes.flatMap((_, axis) => (isWhole(axis) && pieces[axis]! >= count ? [axis] : []))
  const axis =
    candidates.find((axis) => pieces[axis]! >= 8 * count) ??
    candidates.toSorted((one, other) => pieces[other]! - pieces[one]!)[0]
  return count > 1 && axis !== undefined ? { axis, count } : undefined
}

/** The part of each axis that one thread does: all of it, except for the divided one. */
const rangesOf = (
  loop: Loop,
  { thread, threads }: Share,
  lanes: number
): ReadonlyArray<readonly [from: number, to: number]> => {
  const divided = division(loop, threads, lanes)
  return loop.axes.map((length, axis) => {
    if (divided === undefined) return thread === 0 ? [0, length] : [0, 0]
    if (axis !== divided.axis) return [0, length]
    if (thread >= divided.count) return [0, 0]
    const isInner = axis === loop.axes.length - 1
    const [from, to] = rangeOf({ thread, threads: divided.count }, isInner ? Math.ceil(length / lanes) : length)
    return isInner ? [from * lanes, Math.min(length, to * lanes)] : [from, to]
  })
}

/** Whether a loop that several threads could share is left to one, because every way to divide it would split a sum. */
export const isIndivisible = (loop: Loop, threads: number, lanes: number): boolean =>
  division(loop, threads, lanes) === undefined && division({ ...loop, reductions: [] }, threads, lanes) !== undefined

/** The vector of the current iteration. */
const vectorAt = (pointer: Pointer, code: Assembler, { width }: Access): Memory =>
  at(pointer.bring(code), 0, rax, width)

/** Loads the lanes of a leaf for the current iteration. */
const load = (
  code: Assembler,
  access: Access,
  pointer: Pointer,
  item: Item,
  register: Register | Truth,
  tail?: Tail
): void => {
  const { simd } = code
  const stride = access.strides.at(-1)!
  const to = item.kind === "truth" ? simd.scratch : register
  if (stride === 0) simd[access.width === 4 ? "broadcast" : "broadcastByte"](to, at(pointer.bring(code)))
  else if (stride === 1) simd[access.width === 4 ? "load" : "loadBytes"](to, vectorAt(pointer, code, access), tail)
  else {
    if (access.width === 1) throw new Unsupported("bytes that are not contiguous")
    const base = pointer.bring(code)
    code.mov(rdx, rax)
    code.imul(rdx, rdx, stride * access.width)
    code.add(rdx, base)
    simd.gatherStrided(to, rdx, stride, tail)
  }
  if (item.kind === "truth") simd.isNonZero(register, to)
}

const store = (
  code: Assembler,
  access: Access,
  pointer: Pointer,
  item: Item,
  register: Register | Truth,
  tail?: Tail
): void => {
  const { simd } = code
  const place = () => vectorAt(pointer, code, access)
  if (item.kind === "truth") {
    simd.toInteger(simd.scratch, register)
    simd.storeBytes(place(), simd.scratch, tail)
  } else simd[access.width === 1 ? "storeBytes" : "store"](place(), register, tail)
}

/** Whether the elements of a reduction are spread over several runs of the innermost axis. */
const isSpread = ({ axes }: Loop, { by, strides }: Access): boolean =>
  by !== undefined || axes.slice(0, -1).some((length, axis) => length > 1 && strides[axis] === 0)

const reducesLanes = ({ strides }: Access): boolean => strides.at(-1) === 0

/** Stores the initial values of reductions. */
const clear = (code: Assembler, loop: Loop, share: Share): void => {
  for (const { to, reducer } of loop.reductions) {
    if (!isSpread(loop, to)) continue
    const { by, ...place } = to
    const ranges = rangesOf(loop, share, code.simd.lanes).map(([from, end], axis): readonly [number, number] => {
      if (by?.axis === axis) return [0, end > from ? by.rows : 0]
      return to.strides[axis] === 0 ? [0, Math.min(1, end - from)] : [from, end]
    })
    const strides = to.strides.with(to.strides.length - 1, 1)
    const axes = loop.axes.map((length, axis) => {
      if (by?.axis === axis) return by.rows
      return to.strides[axis] === 0 ? 1 : length
    })
    const stores = [{ item: neutral(reducer), to: { ...place, strides } }]
    nest(code, { name: loop.name, axes, leaves: [], stores, reductions: [] }, ranges)
  }
}

const leafOf = ({ step }: Item): number => (step as { readonly leaf: number }).leaf

/** Loads of one number that is the same for all elements. */
const scalarsOf = ({ leaves, reductions, stores }: Loop): ReadonlyArray<Item> =>
  inOrder([...stores, ...reductions].map(({ item }) => item)).filter((item) => {
    if (item.step.name !== "load") return false
    const { by, strides, width } = leaves[item.step.leaf]!
    return width === 4 && by === undefined && strides.every((stride) => stride === 0)
  })

/** The nest of loops over a range of each axis. */
const nest = (code: Assembler, loop: Loop, ranges: ReadonlyArray<readonly [from: number, to: number]>): void => {
  if (ranges.some(([from, to]) => from === to)) return
  const { simd } = code
  const { lanes } = simd
  const outer = loop.axes.slice(0, -1)
  // Sums are held in the last registers, and before them numbers that are the same for all elements.
  const last = simd.loop.vectors - 1
  const accumulators = loop.reductions.map(({ to }, index) => (reducesLanes(to) ? last - index : undefined))
  if (accumulators.length > simd.loop.accumulators)
    throw new Unsupported(`more than ${simd.loop.accumulators} reductions in one loop`)
  const scalars = scalarsOf(loop).slice(0, simd.loop.scalars)
  const pinned = new Map(scalars.map((item, index) => [item, last - simd.loop.accumulators - index]))
  const inScalars = new Set(scalars.map(leafOf))
  const accesses = [
    ...loop.leaves.filter((_, leaf) => !inScalars.has(leaf)),
    ...[...loop.stores, ...loop.reductions].map(({ to }) => to)
  ]
  const pointers = pointersFor(accesses, ranges)
  const frame = stackBytes + pointers.stackBytes
  code.sub(rsp, frame)
  pointers.begin(code)

  const tail: Tail = { mask: tailMask, count: (ranges.at(-1)![1] - ranges.at(-1)![0]) % lanes }
  const iteration = (tail?: Tail): void =>
    emitIteration(code, {
      pinned,
      reserved: accumulators.filter((register) => register !== undefined),
      load: (item, register) => {
        const access = loop.leaves[leafOf(item)]!
        load(code, access, pointers.of(access), item, register, tail)
      },
      results: [
        ...loop.stores.map(({ item, to }) => ({
          item,
          use: (register: number) => store(code, to, pointers.of(to), item, register, tail)
        })),
        ...loop.reductions.map(({ item, reducer, to }, index) => ({
          item,
          use: (register: number) => {
            const accumulator = accumulators[index]
            if (accumulator !== undefined) return simd.combine(reducer, accumulator, register, tail)
            // Along axes of length 1 there is nothing to combine.
            if (!isSpread(loop, to)) return store(code, to, pointers.of(to), item, register, tail)
            const place = vectorAt(pointers.of(to), code, to)
            simd.load(simd.scratch, place, tail)
            simd.combine(reducer, simd.scratch, register)
            simd.store(place, simd.scratch, tail)
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
      if (accumulator !== undefined) simd.fill(accumulator, reducer.neutral)
    })
    code.mov(lower(rax), from)
    if (whole > 1) {
      const again = code.label()
      code.align(16)
      code.bind(again)
      iteration()
      code.add(rax, lanes)
      code.cmp(rax, from + whole * lanes)
      code.jb(again)
    } else if (whole === 1) {
      iteration()
      code.add(rax, lanes)
    }
    if ((to - from) % lanes > 0) iteration(tail)
    loop.reductions.forEach(({ reducer, to }, index) => {
      const accumulator = accumulators[index]
      if (accumulator === undefined) return
      simd.combineLanes(reducer, accumulator)
      const place = at(pointers.of(to).bring(code))
      if (isSpread(loop, to)) {
        simd.loadElement(simd.scratch, place)
        simd.combine(reducer, accumulator, simd.scratch)
      }
      simd.storeElement(place, accumulator)
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

  if (tail.count > 0) simd.setTail(tail, rdx)
  for (const [item, register] of pinned) {
    const { offset, slot: from } = loop.leaves[leafOf(item)]!
    code.mov(rdx, slot(from))
    simd.broadcast(register, at(rdx, 4 * offset))
  }
  axis(0)
  code.add(rsp, frame)
}

/** The loop's code for one thread. */
export const emit = (loop: Loop, code: Assembler, share: Share): void => {
  clear(code, loop, share)
  nest(code, loop, rangesOf(loop, share, code.simd.lanes))
}
