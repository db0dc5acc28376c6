/**
 * The NEON instructions in use, by their form. Vectors are of four elements of 32 bits unless stated.
 *
 * Source: Arm Architecture Reference Manual for A-profile, DDI 0487, C7.
 */

/** `op to, left, right`; the fused ones and selections read `to` as well. */
export const binary = {
  fadd: 0x4e20d400,
  fsub: 0x4ea0d400,
  fmul: 0x6e20dc00,
  fdiv: 0x6e20fc00,
  fmax: 0x4e20f400,
  fmin: 0x4ea0f400,
  fmla: 0x4e20cc00,
  fmls: 0x4ea0cc00,
  fcmeq: 0x4e20e400,
  fcmge: 0x6e20e400,
  fcmgt: 0x6ea0e400,
  addVector: 0x4ea08400,
  subVector: 0x6ea08400,
  mul: 0x4ea09c00,
  smax: 0x4ea06400,
  smin: 0x4ea06c00,
  cmeq: 0x6ea08c00,
  cmge: 0x4ea03c00,
  cmgt: 0x4ea03400,
  cmtst: 0x4ea08c00,
  andVector: 0x4e201c00,
  bic: 0x4e601c00,
  orr: 0x4ea01c00,
  eor: 0x6e201c00,
  /** Where `to` has ones, `left`, else `right`. */
  bsl: 0x6e601c00,
  /** Where `right` has ones, `left`, else `to`; the other one conversely. */
  bit: 0x6ea01c00,
  bif: 0x6ee01c00,
  zip1: 0x4e803800,
  zip2: 0x4e807800,
  /** Of pairs of elements. */
  zip1Pairs: 0x4ec03800,
  zip2Pairs: 0x4ec07800
} as const

/** `op to, from`. */
export const unary = {
  fsqrt: 0x6ea1f800,
  frintn: 0x4e218800,
  frintm: 0x4e219800,
  frintp: 0x4ea18800,
  scvtf: 0x4e21d800,
  fcvtzs: 0x4ea1b800,
  abs: 0x4ea0b800,
  not: 0x6e205800,
  /** Swaps the elements of each pair. */
  rev64: 0x4ea00800,
  /** The first element to all lanes. */
  dup: 0x4e040400,
  /** The lower halves of elements of 32 bits, and of 16 bits; the other way, zero-extended. */
  xtnFrom32: 0x0e612800,
  xtnFrom16: 0x0e212800,
  uxtlTo16: 0x2f08a400,
  uxtlTo32: 0x2f10a400
} as const

/** `op to, from, distance`: the encoding holds `base` plus or minus the distance. */
export const shifts = {
  shl: { opcode: 0x4f005400, base: 32, sign: 1 },
  ushr: { opcode: 0x6f000400, base: 64, sign: -1 },
  sshr: { opcode: 0x4f000400, base: 64, sign: -1 }
} as const

/** `op register, memory`: whole vectors, and elements of 64 to 8 bits, which clear the rest of a register. */
export const transfers = {
  ldrQ: { opcode: 0x3dc00000, bytes: 16 },
  strQ: { opcode: 0x3d800000, bytes: 16 },
  ldrD: { opcode: 0xfd400000, bytes: 8 },
  strD: { opcode: 0xfd000000, bytes: 8 },
  ldrS: { opcode: 0xbd400000, bytes: 4 },
  strS: { opcode: 0xbd000000, bytes: 4 },
  ldrH: { opcode: 0x7d400000, bytes: 2 },
  strH: { opcode: 0x7d000000, bytes: 2 },
  ldrB: { opcode: 0x3d400000, bytes: 1 },
  strB: { opcode: 0x3d000000, bytes: 1 }
} as const

/** `op register, lane, memory`: one lane of a vector, of 32 or 8 bits. */
export const lanes = {
  ld1S: { opcode: 0x0d408000, bits: 32 },
  st1S: { opcode: 0x0d008000, bits: 32 },
  ld1B: { opcode: 0x0d400000, bits: 8 },
  st1B: { opcode: 0x0d000000, bits: 8 }
} as const
