/**
 * The AVX-512 instructions in use, by their form.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
 */
import { read } from "../x86/Encoding.ts"

/** `op to, left, right`; the fused ones add to or read `to` as well. */
export const binary = {
  vaddps: read("0F.W0 58"),
  vmulps: read("0F.W0 59"),
  vsubps: read("0F.W0 5C"),
  vminps: read("0F.W0 5D"),
  vdivps: read("0F.W0 5E"),
  vmaxps: read("0F.W0 5F"),
  vandps: read("0F.W0 54"),
  vandnps: read("0F.W0 55"),
  vorps: read("0F.W0 56"),
  vxorps: read("0F.W0 57"),
  vpandd: read("66.0F.W0 DB"),
  vpandnd: read("66.0F.W0 DF"),
  vpord: read("66.0F.W0 EB"),
  vpxord: read("66.0F.W0 EF"),
  vpaddd: read("66.0F.W0 FE"),
  vpsubd: read("66.0F.W0 FA"),
  vpmulld: read("66.0F38.W0 40"),
  vpmuludq: read("66.0F.W1 F4"),
  vpminsd: read("66.0F38.W0 39"),
  vpmaxsd: read("66.0F38.W0 3D"),
  vpminud: read("66.0F38.W0 3B"),
  vpmaxud: read("66.0F38.W0 3F"),
  vpsrlvd: read("66.0F38.W0 45"),
  vpsravd: read("66.0F38.W0 46"),
  vpsllvd: read("66.0F38.W0 47"),
  vscalefps: read("66.0F38.W0 2C"),
  vfmadd132ps: read("66.0F38.W0 98"),
  vfmadd213ps: read("66.0F38.W0 A8"),
  vfmadd231ps: read("66.0F38.W0 B8"),
  vfmsub132ps: read("66.0F38.W0 9A"),
  vfmsub213ps: read("66.0F38.W0 AA"),
  vfmsub231ps: read("66.0F38.W0 BA"),
  vfnmadd132ps: read("66.0F38.W0 9C"),
  vfnmadd213ps: read("66.0F38.W0 AC"),
  vfnmadd231ps: read("66.0F38.W0 BC"),
  vfnmsub132ps: read("66.0F38.W0 9E"),
  vfnmsub213ps: read("66.0F38.W0 AE"),
  vfnmsub231ps: read("66.0F38.W0 BE"),
  vunpcklps: read("0F.W0 14"),
  vunpckhps: read("0F.W0 15"),
  vunpcklpd: read("66.0F.W1 14"),
  vunpckhpd: read("66.0F.W1 15"),
  vpermps: read("66.0F38.W0 16"),
  vpermd: read("66.0F38.W0 36"),
  vpermi2ps: read("66.0F38.W0 77"),
  vpermt2ps: read("66.0F38.W0 7F"),
  vblendmps: read("66.0F38.W0 65"),
  vpblendmd: read("66.0F38.W0 64")
} as const

/** `op to, from`. */
export const unary = {
  vsqrtps: read("0F.W0 51"),
  vgetexpps: read("66.0F38.W0 42"),
  /** 1 / x, and 1 / sqrt(x), to a relative error of 2^-14. */
  vrcp14ps: read("66.0F38.W0 4C"),
  vrsqrt14ps: read("66.0F38.W0 4E"),
  vpabsd: read("66.0F38.W0 1E"),
  vcvtdq2ps: read("0F.W0 5B"),
  vcvtudq2ps: read("F2.0F.W0 7A"),
  vcvtps2dq: read("66.0F.W0 5B"),
  vcvttps2dq: read("F3.0F.W0 5B"),
  vcvttps2udq: read("0F.W0 78"),
  vpmovzxbd: read("66.0F38.W0 31", "quarter"),
  vpmovsxbd: read("66.0F38.W0 21", "quarter"),
  vbroadcastss: read("66.0F38.W0 18", 4),
  vpbroadcastd: read("66.0F38.W0 58", 4),
  vbroadcastf32x4: read("66.0F38.W0 1A", 16),
  vbroadcastf64x4: read("66.0F38.W1 1B", 32)
} as const

/** `op to, left, right, number`. */
export const binaryWithNumber = {
  vshufps: read("0F.W0 C6"),
  vshuff32x4: read("66.0F3A.W0 23"),
  vshuff64x2: read("66.0F3A.W1 23"),
  valignd: read("66.0F3A.W0 03"),
  vpternlogd: read("66.0F3A.W0 25"),
  vrangeps: read("66.0F3A.W0 50"),
  vinsertf32x4: read("66.0F3A.W0 18", 16),
  vinsertf32x8: read("66.0F3A.W0 1A", 32),
  vinsertf64x4: read("66.0F3A.W1 1A", 32)
} as const

/** `op to, from, number`. */
export const unaryWithNumber = {
  vrndscaleps: read("66.0F3A.W0 08"),
  vgetmantps: read("66.0F3A.W0 26"),
  vpermilps: read("66.0F3A.W0 04"),
  vpshufd: read("66.0F.W0 70")
} as const

/** `op to, from, number`, where the opcode's digit stands for the first register. */
export const shifts = {
  vpsrld: read("66.0F.W0 72 /2"),
  vpsrad: read("66.0F.W0 72 /4"),
  vpslld: read("66.0F.W0 72 /6")
} as const

/** `op mask, left, right, number`: the number says which comparison. */
export const comparisons = {
  vcmpps: read("0F.W0 C2"),
  vpcmpd: read("66.0F3A.W0 1F"),
  vpcmpud: read("66.0F3A.W0 1E")
} as const

/** `op mask, left, right`: whether the two have (not) any bit in common. */
export const tests = {
  vptestmd: read("66.0F38.W0 27"),
  vptestnmd: read("F3.0F38.W0 27")
} as const

/** `op to, from`, from memory and to memory. */
export const moves = {
  vmovups: [read("0F.W0 10"), read("0F.W0 11")],
  vmovaps: [read("0F.W0 28"), read("0F.W0 29")],
  vmovdqu32: [read("F3.0F.W0 6F"), read("F3.0F.W0 7F")],
  vmovdqu8: [read("F2.0F.W0 6F"), read("F2.0F.W0 7F")],
  vmovss: [read("F3.0F.W0 10", 4), read("F3.0F.W0 11", 4)]
} as const

/** `op to, from`: to a narrower vector or memory. */
export const narrowings = {
  vpmovdb: read("F3.0F38.W0 31", "quarter"),
  vpmovusdb: read("F3.0F38.W0 11", "quarter")
} as const

/** `op to, from, number`: a part, to a narrower vector or memory. */
export const extractions = {
  vextractf32x4: read("66.0F3A.W0 19", 16),
  vextractf32x8: read("66.0F3A.W0 1B", 32),
  vextractf64x4: read("66.0F3A.W1 1B", 32)
} as const

/** `op to, [base + vector * scale], mask`: the mask is cleared on the way. */
export const gathers = {
  vgatherdps: read("66.0F38.W0 92", 4),
  vpgatherdd: read("66.0F38.W0 90", 4)
} as const

/** Between a general register and a vector. */
export const crossings = {
  /** Every lane from a general register's lower half. */
  vpbroadcastd: read("66.0F38.W0 7C", 4),
  toVector: read("66.0F.W0 6E", 4),
  toGeneral: read("66.0F.W0 7E", 4)
} as const

/** Predicates of `vpcmpd`. */
export const IntegerComparison = {
  equal: 0,
  less: 1,
  lessOrEqual: 2,
  notEqual: 4,
  greaterOrEqual: 5,
  greater: 6
} as const
