/**
 * What an instruction set provides to the compiler: vector registers, operations on them, and how partial vectors are
 * handled. Each set is a folder (`avx512/`, `avx2/`, `neon/`), listed in `InstructionSets.ts`.
 *
 * Laws: an operation reads and writes only the lanes of its tail in memory; it changes no register but its result and
 * the set's own temporaries, which are none of those that {@link Registers} hands out.
 */
import type { Primitives } from "./Formula.ts"
import type { Reducer } from "./Reduction.ts"
import type * as General from "./Assembler.ts"
import type { General as GeneralRegister, Memory } from "./x86/Operands.ts"

/** A vector register, by its number. */
export type Register = number

/** A register that holds a truth value per lane, by its number: an opmask, or a vector. */
export type Truth = number

/** The first `count` lanes of a vector; stores take a count of 0. `mask` names the register that holds them, in sets that have opmasks. */
export interface Tail {
  readonly mask: number
  readonly count: number
}

/** A vector operation of a {@link Formula}, by its name there. The last operand may be in memory. */
export type Compute = (
  to: Register | Truth,
  operands: ReadonlyArray<Register | Truth | Memory>,
  number?: number
) => void

/** Vector operations, each emitted by its call. Elements have 32 bits unless stated. */
export interface Simd extends Registers {
  // Moves
  readonly zero: (to: Register) => void
  readonly move: (to: Register, from: Register) => void
  /** Lanes after the tail become 0. */
  readonly load: (to: Register, from: Memory, tail?: Tail) => void
  readonly store: (to: Memory, from: Register, tail?: Tail) => void
  /** Whole vectors at a multiple of their size. */
  readonly loadAligned: (to: Register, from: Memory) => void
  readonly storeAligned: (to: Memory, from: Register) => void
  /** One element to the first lane, and from it. */
  readonly loadElement: (to: Register, from: Memory) => void
  readonly storeElement: (to: Memory, from: Register) => void
  /** One element to all lanes. */
  readonly broadcast: (to: Register, from: Memory) => void
  /** One byte, zero-extended, to all lanes. Changes `rdx`. */
  readonly broadcastByte: (to: Register, from: Memory) => void
  /** The same 32 bits in all lanes. */
  readonly fill: (to: Register, bits: number) => void
  /** A memory operand that has the same 32 bits in all lanes. */
  readonly constant: (bits: number) => Memory
  /** One byte per lane, zero-extended; lanes after the tail become 0. */
  readonly loadBytes: (to: Register, from: Memory, tail?: Tail) => void
  /** The lowest byte of each lane. */
  readonly storeBytes: (to: Memory, from: Register, tail?: Tail) => void
  /** Makes a tail ready for use, before the loop that needs it. Changes `via`. */
  readonly setTail: (tail: Tail, via: GeneralRegister) => void
  /** The elements at `base` and every `stride` elements from there; lanes after the tail become 0. */
  readonly gatherStrided: (to: Register, base: GeneralRegister, stride: number, tail?: Tail) => void
  /** The elements at `base + offset + 4 indices[lane]`, for all lanes or those of the tail; other lanes become 0. */
  readonly gather: (to: Register, base: GeneralRegister, offset: number, indices: Register, tail?: Tail) => void
  /** The elements at `base + 4 indices[lane]` for lanes whose bit in `lanes` is set; {@link setLanes} comes before. */
  readonly gatherLanes: (
    to: Register,
    base: GeneralRegister,
    indices: Register,
    lanes: number,
    via: GeneralRegister
  ) => void
  readonly setLanes: (lanes: number, via: GeneralRegister) => void

  // Arithmetic
  /** With a tail, lanes after it become 0. */
  readonly add: (to: Register, left: Register, right: Register | Memory, tail?: Tail) => void
  readonly mul: (to: Register, left: Register, right: Register | Memory) => void
  /** The larger; `right` if either is NaN. */
  readonly max: (to: Register, left: Register, right: Register | Memory) => void
  /** `sum += left right`, rounded once. */
  readonly multiplyAdd: (sum: Register, left: Register, right: Register | Memory) => void
  /** `sum += left element`, with one element in memory for all lanes. */
  readonly multiplyAddElement: (sum: Register, left: Register, element: Memory) => void
  /** One element for all lanes, as the factor of {@link multiplyAddFactor} and of nothing else. */
  readonly loadFactor: (to: Register, from: Memory) => void
  readonly multiplyAddFactor: (sum: Register, left: Register, factor: Register) => void
  /** `a b + c`, or `c - a b` where negative: into `c` with the factors `a` and `b`, or into `a`. */
  readonly fusedIntoAddend: (negative: boolean, c: Register, a: Register, b: Register | Memory) => void
  readonly fusedIntoFactor: (negative: boolean, a: Register, b: Register, c: Register | Memory) => void
  readonly compute: Readonly<Record<string, Compute>>

  // Truth values
  /** Whether `left > right` (false if either is NaN), or `left = right` where `within` holds. */
  readonly greater: (to: Truth, left: Register, right: Register) => void
  readonly equalWithin: (to: Truth, left: Register, right: Register, within: Truth) => void
  readonly setAll: (to: Truth) => void
  /** `not left and right`. */
  readonly andNot: (to: Truth, left: Truth, right: Truth) => void
  /** `from` where the truth value holds, else 0. */
  readonly keep: (to: Register, from: Register, where: Truth) => void
  readonly isNonZero: (to: Truth, from: Register) => void
  /** 1 where the truth value holds, else 0. */
  readonly toInteger: (to: Register, from: Truth) => void
  readonly storeTruth: (to: Memory, from: Truth) => void
  readonly loadTruth: (to: Truth, from: Memory) => void

  // Reductions
  /** Combines the lanes of `value`, or those of the tail, with those of `into`. A NaN in either remains. */
  readonly combine: (reducer: Reducer, into: Register, value: Register, tail?: Tail) => void
  /** Combines all lanes of a vector, in a fixed order; each lane then holds the result. Changes {@link Registers.scratch}. */
  readonly combineLanes: (reducer: Reducer, into: Register) => void

  // Transposition
  /** The four elements at `from` to the lanes from `4 quarter` on; quarter 0 clears the others. */
  readonly loadQuarter: (to: Register, from: Memory, quarter: number) => void
  /** Interleaves the low (high) elements, or pairs of elements, of each quarter of two vectors. */
  readonly unpackLow: (to: Register, left: Register, right: Register) => void
  readonly unpackHigh: (to: Register, left: Register, right: Register) => void
  readonly unpackLowPairs: (to: Register, left: Register, right: Register) => void
  readonly unpackHighPairs: (to: Register, left: Register, right: Register) => void
}

/** The lanes of a vector, and how code for each purpose uses the registers. */
export interface Registers {
  /** Elements of 32 bits per vector. */
  readonly lanes: number
  /** Bytes per vector. */
  readonly bytes: number
  /** Loops over elements: what formulas may use, `count` vectors from 0 on and these truth registers. */
  readonly loop: {
    readonly vectors: number
    /** Undefined where truth values are held in vectors. */
    readonly truths: ReadonlyArray<number> | undefined
    /** At most so many vectors hold sums, and so many numbers that are the same for all elements. */
    readonly accumulators: number
    readonly scalars: number
  }
  /** For code of its own beside formulas. */
  readonly scratch: Register
  /** Tiles of matrix products: `rows` by `vectors` sums from register 0 on, a row of the right matrix, factors. */
  readonly product: {
    readonly sums: number
    readonly vectors: number
    readonly row: ReadonlyArray<Register>
    readonly factors: ReadonlyArray<Register>
  }
  /** Tiles of convolutions: sums from register 0 on. */
  readonly convolution: {
    readonly sums: number
    readonly bias: Register
    readonly zero: Register
    readonly scratch: Register
    readonly factors: Register
    readonly isPositive: Truth
  }
  /** Copies of images with sums: vectors in flight from register 0 on, and the first register of their sums. */
  readonly copy: { readonly vectors: number; readonly sums: Register }
  /** Pooling: truth registers beside vectors 0 to 5. */
  readonly pooling: { readonly isLargest: Truth; readonly isOpen: Truth; readonly isPositive: Truth }
}

/** Emits code of one instruction set: general instructions, and operations on vectors. */
export interface Assembler extends General.Assembler {
  readonly simd: Simd
}

export interface InstructionSet {
  /** As it stands in manifests: `avx512`. */
  readonly name: string
  /** As Node calls it. */
  readonly architecture: "x64" | "arm64"
  /** What the processor must have, as Linux calls it. */
  readonly features: ReadonlyArray<Feature>
  readonly registers: Registers
  readonly primitives: Primitives
  /** An empty buffer of code. */
  readonly assembler: () => Assembler
}

/** A property of a processor. */
export type Feature = "avx2" | "fma" | "avx512f" | "avx512dq" | "avx512bw" | "avx512vl" | "rdtscp" | "asimd"
