/** The current address of a loop in each tensor: in registers, or on the stack if there are too few. */
import type { Access } from "./Access.ts"
import type { Assembler } from "./InstructionSet.ts"
import {
  at,
  type General,
  lower,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp
} from "./x86/Operands.ts"
import { slot } from "./Phase.ts"
import { stackBytes as reservedBytes } from "./RegisterAllocation.ts"
import { Unsupported } from "./Unsupported.ts"

export interface Pointer {
  /** The register with the address; the same scratch register for all that are on the stack. */
  readonly bring: (code: Assembler) => General
}

export interface Pointers {
  /** Bytes of the stack for addresses. */
  readonly stackBytes: number
  readonly begin: (code: Assembler) => void
  readonly of: (access: Access) => Pointer
  /** The register in which an outer axis is counted. */
  readonly counter: (axis: number) => General
  /** Advances along an outer axis. */
  readonly advance: (code: Assembler, axis: number, count: number) => void
  /** At the start of each iteration of an outer axis: looks up the rows that indices choose. */
  readonly lookUp: (code: Assembler, axis: number) => void
}

type Ranges = ReadonlyArray<readonly [from: number, to: number]>

interface Cursor extends Pointer {
  readonly put: (code: Assembler, from: General) => void
  /** The slot that it starts from; undefined for rows that are looked up. */
  readonly slot: number | undefined
  readonly start: number
  /** Per outer axis, in bytes. */
  readonly strides: ReadonlyArray<number>
}

const registers = [rbx, rcx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13]

const checked = (bytes: number): number => {
  if (Math.abs(bytes) >= 2 ** 31) throw new Unsupported("a tensor of more than 2 GiB")
  return bytes
}

const add = (code: Assembler, cursor: Cursor, bytes: number): void => {
  if (bytes === 0) return
  const register = cursor.bring(code)
  code.add(register, checked(bytes))
  cursor.put(code, register)
}

export const pointersFor = (accesses: ReadonlyArray<Access>, ranges: Ranges): Pointers => {
  const outer = ranges.slice(0, -1)
  const left = [...registers]
  const counters = outer.map(([from, to]) => (to - from > 1 ? left.pop() : undefined))
  const cursors: Array<Cursor> = []
  const known = new Map<string, Cursor>()
  let onStack = 0

  const cursor = (from: number | undefined, offset: number, strides: ReadonlyArray<number>): Cursor => {
    const register = left.pop()
    const place = register === undefined ? at(rsp, reservedBytes + 8 * onStack++) : undefined
    const made: Cursor = {
      slot: from,
      start: outer.reduce((sum, [begin], axis) => sum + begin * strides[axis]!, offset),
      strides,
      bring: (code) => {
        if (register !== undefined) return register
        code.mov(r14, place!)
        return r14
      },
      put: (code, register) => {
        if (place !== undefined) code.mov(place, register)
      }
    }
    cursors.push(made)
    return made
  }
  const once = (key: string, make: () => Cursor): Cursor => {
    const found = known.get(key) ?? make()
    known.set(key, found)
    return found
  }

  const lookUps: Array<{ axis: number; stride: number; base: Cursor; index: Cursor; row: Cursor }> = []
  const keyOf = ({ slot, width, offset, strides, by }: Access): string =>
    JSON.stringify([slot, width, offset, strides, by])
  for (const access of accesses) {
    const { by, offset, slot, width } = access
    const strides = outer.map((_, axis) => access.strides[axis]! * width)
    once(keyOf(access), () => {
      if (by === undefined) return cursor(slot, offset * width, strides)
      const row = cursor(
        undefined,
        0,
        strides.map((stride, axis) => (axis > by.axis ? stride : 0))
      )
      const base = cursor(
        slot,
        offset * width,
        strides.map((stride, axis) => (axis < by.axis ? stride : 0))
      )
      const index = once(`index ${by.slot} ${by.axis}`, () =>
        cursor(
          by.slot,
          0,
          strides.map((_, axis) => (axis === by.axis ? 4 : 0))
        )
      )
      lookUps.push({ axis: by.axis, stride: strides[by.axis]!, base, index, row })
      return row
    })
  }

  return {
    stackBytes: 8 * onStack,
    begin: (code) => {
      for (const cursor of cursors) {
        if (cursor.slot === undefined) continue
        code.mov(rdx, slot(cursor.slot))
        if (cursor.start !== 0) code.add(rdx, checked(cursor.start))
        const register = cursor.bring(code)
        code.mov(register, rdx)
        cursor.put(code, register)
      }
    },
    of: (access) => known.get(keyOf(access))!,
    counter: (axis) => counters[axis]!,
    advance: (code, axis, count) => {
      for (const cursor of cursors) add(code, cursor, cursor.strides[axis]! * count)
    },
    lookUp: (code, axis) => {
      for (const { base, index, row, stride } of lookUps.filter((lookUp) => lookUp.axis === axis)) {
        code.mov(lower(rdx), at(index.bring(code)))
        code.imul(rdx, rdx, checked(stride))
        code.add(rdx, base.bring(code))
        const register = row.bring(code)
        code.mov(register, rdx)
        row.put(code, register)
      }
    }
  }
}
