/**
 * The AVX, AVX2 and FMA instructions in use, by their form.
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
  vpaddd: read("66.0F.W0 FE"),
  vpsubd: read("66.0F.W0 FA"),
  vpmulld: read("66.0F38.W0 40"),
  vpminsd: read("66.0F38.W0 39"),
  vpmaxsd: read("66.0F38.W0 3D"),
  vpcmpeqd: read("66.0F.W0 76"),
  vpcmpgtd: read("66.0F.W0 66"),
  vpshufb: read("66.0F38.W0 00"),
  vfmadd213ps: read("66.0F38.W0 A8"),
  vfmadd231ps: read("66.0F38.W0 B8"),
  vfnmadd213ps: read("66.0F38.W0 AC"),
  vfnmadd231ps: read("66.0F38.W0 BC"),
  vunpcklps: read("0F.W0 14"),
  vunpckhps: read("0F.W0 15"),
  vunpcklpd: read("66.0F.W0 14"),
  vunpckhpd: read("66.0F.W0 15"),
  vpunpckldq: read("66.0F.W0 62")
} as const

/** `op to, from`. */
export const unary = {
  vsqrtps: read("0F.W0 51"),
  vpabsd: read("66.0F38.W0 1E"),
  vcvtdq2ps: read("0F.W0 5B"),
  vcvttps2dq: read("F3.0F.W0 5B"),
  vpmovzxbd: read("66.0F38.W0 31"),
  vbroadcastss: read("66.0F38.W0 18"),
  vpbroadcastd: read("66.0F38.W0 58")
} as const

/** `op to, left, right, number`. */
export const binaryWithNumber = {
  vblendps: read("66.0F3A.W0 0C"),
  vcmpps: read("0F.W0 C2"),
  vinsertf128: read("66.0F3A.W0 18"),
  vperm2f128: read("66.0F3A.W0 06"),
  /** One byte from memory. */
  vpinsrb: read("66.0F3A.W0 20")
} as const

/** `op to, from, number`. */
export const unaryWithNumber = {
  vroundps: read("66.0F3A.W0 08"),
  vpermilps: read("66.0F3A.W0 04")
} as const

/** `op to, from, number`: the opcode has a digit in place of the first register. */
export const shifts = {
  vpsrld: read("66.0F.W0 72 /2"),
  vpsrad: read("66.0F.W0 72 /4"),
  vpslld: read("66.0F.W0 72 /6")
} as const

/** `op to, from`, from memory and to memory. */
export const moves = {
  vmovups: [read("0F.W0 10"), read("0F.W0 11")],
  vmovaps: [read("0F.W0 28"), read("0F.W0 29")],
  vmovss: [read("F3.0F.W0 10"), read("F3.0F.W0 11")],
  vmovd: [read("66.0F.W0 6E"), read("66.0F.W0 7E")]
} as const

/** `op to, from`: the first two lanes to memory. */
export const stores = {
  vmovlps: read("0F.W0 13")
} as const

/** `op to, from, number`: a part of a vector to memory, or to a register. */
export const extractions = {
  vextractf128: read("66.0F3A.W0 19"),
  vextractps: read("66.0F3A.W0 17"),
  vpextrb: read("66.0F3A.W0 14")
} as const

/** Instructions with a mask in a vector register. */
export const masked = {
  vblendvps: read("66.0F3A.W0 4A"),
  vmaskmovps: read("66.0F38.W0 2C"),
  vgatherdps: read("66.0F38.W0 92")
} as const
