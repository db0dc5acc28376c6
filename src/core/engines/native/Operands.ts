/** What instructions work on: general registers, vectors, masks, memory, and places in the code. */

/** A general register, whole (64 bits) or its lower half, whose use clears the upper. */
export interface General {
  readonly kind: "general"
  readonly index: number
  readonly bits: 64 | 32
}

/** A vector register of 16, 8 or 4 floats. Writing the narrower ones clears the rest. */
export interface Vector {
  readonly kind: "vector"
  readonly index: number
  readonly bits: 512 | 256 | 128
}

/** A mask of lanes. As the last operand: lanes that are not set stay as they were, or become 0 when `zeroing`. */
export interface Mask {
  readonly kind: "mask"
  readonly index: number
  readonly zeroing: boolean
}

/** A place in the code or among its constants. */
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

/** Masks 1 to 7; 0 stands for no mask and can only hold a value. */
export const k = (index: number): Mask => ({ kind: "mask", index, zeroing: false })

/** Lanes that are not set become 0. */
export const zeroing = (mask: Mask): Mask => ({ ...mask, zeroing: true })

export const at = (
  base: General | Label,
  displacement = 0,
  index?: General | Vector,
  scale: 1 | 2 | 4 | 8 = 1
): Memory => ({ kind: "memory", base, index, scale, displacement, broadcast: false })

/** One element in memory for all lanes. */
export const broadcast = (memory: Memory): Memory => ({ ...memory, broadcast: true })
