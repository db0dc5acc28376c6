/** Operands of x86-64 instructions: general registers, vectors, opmasks, memory and labels. */

/** A general register (64 bits) or its lower half; writing the lower half clears the upper. */
export interface General {
  readonly kind: "general"
  readonly index: number
  readonly bits: 64 | 32
}

/** A vector register of 16, 8 or 4 floats. Writing a narrower one clears the rest. */
export interface Vector {
  readonly kind: "vector"
  readonly index: number
  readonly bits: 512 | 256 | 128
}

/** An opmask. As the last operand: lanes that are not set keep their values, or become 0 when `zeroing`. */
export interface Mask {
  readonly kind: "mask"
  readonly index: number
  readonly zeroing: boolean
}

/** A position in the code or its constant pool. */
export interface Label {
  readonly kind: "label"
  readonly name: string
}

/** Memory at `base + index * scale + displacement`, or at a label. */
export interface Memory {
  readonly kind: "memory"
  readonly base: General | Label
  /** A vector in gathers. */
  readonly index: General | Vector | undefined
  readonly scale: 1 | 2 | 4 | 8
  readonly displacement: number
  /** One element for all lanes. */
  readonly broadcast: boolean
}

const general = (index: number, bits: 64 | 32): General => ({ kind: "general", index, bits })

export const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15] = Array.from(
  { length: 16 },
  (_, index) => general(index, 64)
) as [
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General,
  General
]

/** The lower half of a general register. */
export const lower = ({ index }: General): General => general(index, 32)

export const zmm = (index: number): Vector => ({ kind: "vector", index, bits: 512 })
export const ymm = (index: number): Vector => ({ kind: "vector", index, bits: 256 })
export const xmm = (index: number): Vector => ({ kind: "vector", index, bits: 128 })

/** Opmasks 1 to 7; as a write mask, 0 means none. */
export const k = (index: number): Mask => ({ kind: "mask", index, zeroing: false })

/** The mask with lanes that are not set becoming 0. */
export const zeroing = (mask: Mask): Mask => ({ ...mask, zeroing: true })

export const at = (
  base: General | Label,
  displacement = 0,
  index?: General | Vector,
  scale: 1 | 2 | 4 | 8 = 1
): Memory => ({ kind: "memory", base, index, scale, displacement, broadcast: false })

/** One element in memory for all lanes. */
export const broadcast = (memory: Memory): Memory => ({ ...memory, broadcast: true })
