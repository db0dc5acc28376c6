/**
 * Compiles elementwise arithmetic to WebAssembly: loops over float vectors with 128-bit SIMD.
 *
 * Source: https://webassembly.github.io/spec/core/binary/
 */

/** An operand of a loop: a vector, a scalar in memory, or a constant. */
export type Leaf = "vector" | "scalar" | number

/** One loop. Operand indices count the leaves first, then the steps. */
export interface Loop {
  readonly leaves: ReadonlyArray<Leaf>
  readonly steps: ReadonlyArray<{ readonly operator: string; readonly operands: ReadonlyArray<number> }>
  /** Indices of the operands to store, in order. */
  readonly stores: ReadonlyArray<number>
}

/** Bytes per iteration; vectors are aligned and padded to it. */
export const stride = 16

/** SIMD opcodes by operator. */
const opcodes: Readonly<Record<string, number>> = {
  Abs: 0xe0,
  Neg: 0xe1,
  Sqrt: 0xe3,
  Add: 0xe4,
  Sub: 0xe5,
  Mul: 0xe6,
  Div: 0xe7,
  Min: 0xe8,
  Max: 0xe9
}

/** Whether a loop supports the operator. */
export const isSupported = (operator: string): boolean => operator in opcodes || operator === "Reciprocal"

type Code = Array<number>

/** Encodes an unsigned integer as LEB128. */
const number = (value: number): Code =>
  value < 128 ? [value] : [(value & 127) | 128, ...number(Math.floor(value / 128))]

const list = (items: ReadonlyArray<Code>): Code => [...number(items.length), ...items.flat()]
const sized = (code: Code): Code => [...number(code.length), ...code]
const section = (id: number, items: ReadonlyArray<Code>): Code => [id, ...sized(list(items))]
const text = (value: string): Code => sized([...new TextEncoder().encode(value)])

const [i32, v128] = [0x7f, 0x7b]
const get = (local: number): Code => [0x20, ...number(local)]
const set = (local: number): Code => [0x21, ...number(local)]
const vector = (opcode: number, ...rest: Code): Code => [0xfd, ...number(opcode), ...rest]
const constant = (value: number): Code => {
  const bytes = [...new Uint8Array(Float32Array.of(value).buffer)]
  return vector(0x0c, ...bytes, ...bytes, ...bytes, ...bytes)
}

/** Number of a loop's pointers: those of the leaves in memory, then those of the stores. */
const pointerCount = ({ leaves, stores }: Loop): number =>
  leaves.filter((leaf) => typeof leaf === "string").length + stores.length

/** The function `(bytes, ...pointers) => void`, a loop over `bytes`, a positive multiple of the stride. */
const body = (form: Loop): Code => {
  const pointers = pointerCount(form)
  const position = 1 + pointers
  const local = (operand: number): number => position + 1 + operand
  const at = (pointer: number): Code => [...get(1 + pointer), ...get(position), 0x6a]
  const [aligned4, aligned16] = [
    [2, 0],
    [4, 0]
  ]
  const before: Code = []
  const loads: Code = []
  let pointer = 0
  form.leaves.forEach((leaf, index) => {
    if (leaf === "vector") loads.push(...at(pointer++), ...vector(0x00, ...aligned16), ...set(local(index)))
    else if (leaf === "scalar") before.push(...get(1 + pointer++), ...vector(0x09, ...aligned4), ...set(local(index)))
    else before.push(...constant(leaf), ...set(local(index)))
  })
  const steps = form.steps.flatMap(({ operator, operands }, index) => [
    ...(operator === "Reciprocal" ? constant(1) : []),
    ...operands.flatMap((operand) => get(local(operand))),
    ...vector(opcodes[operator === "Reciprocal" ? "Div" : operator]!),
    ...set(local(form.leaves.length + index))
  ])
  const stores = form.stores.flatMap((operand) => [
    ...at(pointer++),
    ...get(local(operand)),
    ...vector(0x0b, ...aligned16)
  ])
  // position += stride, and once more while position < bytes.
  const advance = [...get(position), 0x41, stride, 0x6a, 0x22, ...number(position), ...get(0), 0x49, 0x0d, 0x00]
  const locals = list([
    [1, i32],
    [...number(form.leaves.length + form.steps.length), v128]
  ])
  return sized([...locals, ...before, 0x03, 0x40, ...loads, ...steps, ...stores, ...advance, 0x0b, 0x0b])
}

/** A module with one function per form, named by its index, that imports the memory `state.memory`. */
export const encodeLoops = (loops: ReadonlyArray<Loop>): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    // "\0asm", version 1.
    0x00,
    0x61,
    0x73,
    0x6d,
    0x01,
    0x00,
    0x00,
    0x00,
    ...section(
      1,
      loops.map((form) => [0x60, ...list(Array.from({ length: 1 + pointerCount(form) }, () => [i32])), 0x00])
    ),
    ...section(2, [[...text("state"), ...text("memory"), 0x02, 0x00, 0x01]]),
    ...section(
      3,
      loops.map((_, index) => number(index))
    ),
    ...section(
      7,
      loops.map((_, index) => [...text(String(index)), 0x00, ...number(index)])
    ),
    ...section(10, loops.map(body))
  ])
