/**
 * Instructions as this assembler and the GNU assembler write them, and the bytes that the latter (2.40) makes of them:
 * `as --64`, `.intel_syntax noprefix`, read with `objdump -d`.
 */
import type { Avx2Assembler } from "../../../../../src/core/engines/native/avx2/Avx2Assembler.ts"
import {
  at,
  lower,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  r8,
  r9,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
  xmm,
  ymm
} from "../../../../../src/core/engines/native/x86/Operands.ts"

export const encodings: ReadonlyArray<readonly [(code: Avx2Assembler) => void, string, string]> = [
  [(code) => code.vaddps(ymm(1), ymm(2), ymm(3)), "vaddps ymm1, ymm2, ymm3", "c5 ec 58 cb"],
  [(code) => code.vaddps(ymm(15), ymm(14), ymm(13)), "vaddps ymm15, ymm14, ymm13", "c4 41 0c 58 fd"],
  [(code) => code.vaddps(ymm(9), ymm(7), at(r13)), "vaddps ymm9, ymm7, ymmword ptr [r13]", "c4 41 44 58 4d 00"],
  [
    (code) => code.vaddps(ymm(4), ymm(12), at(rsp, 128)),
    "vaddps ymm4, ymm12, ymmword ptr [rsp+128]",
    "c5 9c 58 a4 24 80 00 00 00"
  ],
  [
    (code) => code.vaddps(ymm(2), ymm(6), at(r12, 100, r9, 4)),
    "vaddps ymm2, ymm6, ymmword ptr [r12+r9*4+100]",
    "c4 81 4c 58 54 8c 64"
  ],
  [
    (code) => code.vaddps(ymm(0), ymm(0), at(rbp, -8192, rax, 8)),
    "vaddps ymm0, ymm0, ymmword ptr [rbp+rax*8-8192]",
    "c5 fc 58 84 c5 00 e0 ff ff"
  ],
  [(code) => code.vmulps(ymm(15), ymm(14), ymm(13)), "vmulps ymm15, ymm14, ymm13", "c4 41 0c 59 fd"],
  [
    (code) => code.vmulps(ymm(4), ymm(12), at(rsp, 128)),
    "vmulps ymm4, ymm12, ymmword ptr [rsp+128]",
    "c5 9c 59 a4 24 80 00 00 00"
  ],
  [(code) => code.vsubps(ymm(1), ymm(2), ymm(3)), "vsubps ymm1, ymm2, ymm3", "c5 ec 5c cb"],
  [
    (code) => code.vsubps(ymm(2), ymm(6), at(r12, 100, r9, 4)),
    "vsubps ymm2, ymm6, ymmword ptr [r12+r9*4+100]",
    "c4 81 4c 5c 54 8c 64"
  ],
  [(code) => code.vminps(ymm(15), ymm(14), ymm(13)), "vminps ymm15, ymm14, ymm13", "c4 41 0c 5d fd"],
  [
    (code) => code.vminps(ymm(0), ymm(0), at(rbp, -8192, rax, 8)),
    "vminps ymm0, ymm0, ymmword ptr [rbp+rax*8-8192]",
    "c5 fc 5d 84 c5 00 e0 ff ff"
  ],
  [(code) => code.vdivps(ymm(1), ymm(2), ymm(3)), "vdivps ymm1, ymm2, ymm3", "c5 ec 5e cb"],
  [(code) => code.vdivps(ymm(9), ymm(7), at(r13)), "vdivps ymm9, ymm7, ymmword ptr [r13]", "c4 41 44 5e 4d 00"],
  [(code) => code.vmaxps(ymm(15), ymm(14), ymm(13)), "vmaxps ymm15, ymm14, ymm13", "c4 41 0c 5f fd"],
  [
    (code) => code.vmaxps(ymm(4), ymm(12), at(rsp, 128)),
    "vmaxps ymm4, ymm12, ymmword ptr [rsp+128]",
    "c5 9c 5f a4 24 80 00 00 00"
  ],
  [(code) => code.vandps(ymm(1), ymm(2), ymm(3)), "vandps ymm1, ymm2, ymm3", "c5 ec 54 cb"],
  [
    (code) => code.vandps(ymm(2), ymm(6), at(r12, 100, r9, 4)),
    "vandps ymm2, ymm6, ymmword ptr [r12+r9*4+100]",
    "c4 81 4c 54 54 8c 64"
  ],
  [(code) => code.vandnps(ymm(15), ymm(14), ymm(13)), "vandnps ymm15, ymm14, ymm13", "c4 41 0c 55 fd"],
  [
    (code) => code.vandnps(ymm(0), ymm(0), at(rbp, -8192, rax, 8)),
    "vandnps ymm0, ymm0, ymmword ptr [rbp+rax*8-8192]",
    "c5 fc 55 84 c5 00 e0 ff ff"
  ],
  [(code) => code.vorps(ymm(1), ymm(2), ymm(3)), "vorps ymm1, ymm2, ymm3", "c5 ec 56 cb"],
  [(code) => code.vorps(ymm(9), ymm(7), at(r13)), "vorps ymm9, ymm7, ymmword ptr [r13]", "c4 41 44 56 4d 00"],
  [(code) => code.vxorps(ymm(15), ymm(14), ymm(13)), "vxorps ymm15, ymm14, ymm13", "c4 41 0c 57 fd"],
  [
    (code) => code.vxorps(ymm(4), ymm(12), at(rsp, 128)),
    "vxorps ymm4, ymm12, ymmword ptr [rsp+128]",
    "c5 9c 57 a4 24 80 00 00 00"
  ],
  [(code) => code.vpaddd(ymm(1), ymm(2), ymm(3)), "vpaddd ymm1, ymm2, ymm3", "c5 ed fe cb"],
  [
    (code) => code.vpaddd(ymm(2), ymm(6), at(r12, 100, r9, 4)),
    "vpaddd ymm2, ymm6, ymmword ptr [r12+r9*4+100]",
    "c4 81 4d fe 54 8c 64"
  ],
  [(code) => code.vpsubd(ymm(15), ymm(14), ymm(13)), "vpsubd ymm15, ymm14, ymm13", "c4 41 0d fa fd"],
  [
    (code) => code.vpsubd(ymm(0), ymm(0), at(rbp, -8192, rax, 8)),
    "vpsubd ymm0, ymm0, ymmword ptr [rbp+rax*8-8192]",
    "c5 fd fa 84 c5 00 e0 ff ff"
  ],
  [(code) => code.vpmulld(ymm(1), ymm(2), ymm(3)), "vpmulld ymm1, ymm2, ymm3", "c4 e2 6d 40 cb"],
  [(code) => code.vpmulld(ymm(9), ymm(7), at(r13)), "vpmulld ymm9, ymm7, ymmword ptr [r13]", "c4 42 45 40 4d 00"],
  [(code) => code.vpminsd(ymm(15), ymm(14), ymm(13)), "vpminsd ymm15, ymm14, ymm13", "c4 42 0d 39 fd"],
  [
    (code) => code.vpminsd(ymm(4), ymm(12), at(rsp, 128)),
    "vpminsd ymm4, ymm12, ymmword ptr [rsp+128]",
    "c4 e2 1d 39 a4 24 80 00 00 00"
  ],
  [(code) => code.vpmaxsd(ymm(1), ymm(2), ymm(3)), "vpmaxsd ymm1, ymm2, ymm3", "c4 e2 6d 3d cb"],
  [
    (code) => code.vpmaxsd(ymm(2), ymm(6), at(r12, 100, r9, 4)),
    "vpmaxsd ymm2, ymm6, ymmword ptr [r12+r9*4+100]",
    "c4 82 4d 3d 54 8c 64"
  ],
  [(code) => code.vpcmpeqd(ymm(15), ymm(14), ymm(13)), "vpcmpeqd ymm15, ymm14, ymm13", "c4 41 0d 76 fd"],
  [
    (code) => code.vpcmpeqd(ymm(0), ymm(0), at(rbp, -8192, rax, 8)),
    "vpcmpeqd ymm0, ymm0, ymmword ptr [rbp+rax*8-8192]",
    "c5 fd 76 84 c5 00 e0 ff ff"
  ],
  [(code) => code.vpcmpgtd(ymm(1), ymm(2), ymm(3)), "vpcmpgtd ymm1, ymm2, ymm3", "c5 ed 66 cb"],
  [(code) => code.vpcmpgtd(ymm(9), ymm(7), at(r13)), "vpcmpgtd ymm9, ymm7, ymmword ptr [r13]", "c4 41 45 66 4d 00"],
  [(code) => code.vpshufb(ymm(15), ymm(14), ymm(13)), "vpshufb ymm15, ymm14, ymm13", "c4 42 0d 00 fd"],
  [
    (code) => code.vpshufb(ymm(4), ymm(12), at(rsp, 128)),
    "vpshufb ymm4, ymm12, ymmword ptr [rsp+128]",
    "c4 e2 1d 00 a4 24 80 00 00 00"
  ],
  [(code) => code.vfmadd213ps(ymm(1), ymm(2), ymm(3)), "vfmadd213ps ymm1, ymm2, ymm3", "c4 e2 6d a8 cb"],
  [
    (code) => code.vfmadd213ps(ymm(2), ymm(6), at(r12, 100, r9, 4)),
    "vfmadd213ps ymm2, ymm6, ymmword ptr [r12+r9*4+100]",
    "c4 82 4d a8 54 8c 64"
  ],
  [(code) => code.vfmadd231ps(ymm(15), ymm(14), ymm(13)), "vfmadd231ps ymm15, ymm14, ymm13", "c4 42 0d b8 fd"],
  [
    (code) => code.vfmadd231ps(ymm(0), ymm(0), at(rbp, -8192, rax, 8)),
    "vfmadd231ps ymm0, ymm0, ymmword ptr [rbp+rax*8-8192]",
    "c4 e2 7d b8 84 c5 00 e0 ff ff"
  ],
  [(code) => code.vfnmadd213ps(ymm(1), ymm(2), ymm(3)), "vfnmadd213ps ymm1, ymm2, ymm3", "c4 e2 6d ac cb"],
  [
    (code) => code.vfnmadd213ps(ymm(9), ymm(7), at(r13)),
    "vfnmadd213ps ymm9, ymm7, ymmword ptr [r13]",
    "c4 42 45 ac 4d 00"
  ],
  [(code) => code.vfnmadd231ps(ymm(15), ymm(14), ymm(13)), "vfnmadd231ps ymm15, ymm14, ymm13", "c4 42 0d bc fd"],
  [
    (code) => code.vfnmadd231ps(ymm(4), ymm(12), at(rsp, 128)),
    "vfnmadd231ps ymm4, ymm12, ymmword ptr [rsp+128]",
    "c4 e2 1d bc a4 24 80 00 00 00"
  ],
  [(code) => code.vunpcklps(ymm(1), ymm(2), ymm(3)), "vunpcklps ymm1, ymm2, ymm3", "c5 ec 14 cb"],
  [
    (code) => code.vunpcklps(ymm(2), ymm(6), at(r12, 100, r9, 4)),
    "vunpcklps ymm2, ymm6, ymmword ptr [r12+r9*4+100]",
    "c4 81 4c 14 54 8c 64"
  ],
  [(code) => code.vunpckhps(ymm(15), ymm(14), ymm(13)), "vunpckhps ymm15, ymm14, ymm13", "c4 41 0c 15 fd"],
  [
    (code) => code.vunpckhps(ymm(0), ymm(0), at(rbp, -8192, rax, 8)),
    "vunpckhps ymm0, ymm0, ymmword ptr [rbp+rax*8-8192]",
    "c5 fc 15 84 c5 00 e0 ff ff"
  ],
  [(code) => code.vunpcklpd(ymm(1), ymm(2), ymm(3)), "vunpcklpd ymm1, ymm2, ymm3", "c5 ed 14 cb"],
  [(code) => code.vunpcklpd(ymm(9), ymm(7), at(r13)), "vunpcklpd ymm9, ymm7, ymmword ptr [r13]", "c4 41 45 14 4d 00"],
  [(code) => code.vunpckhpd(ymm(15), ymm(14), ymm(13)), "vunpckhpd ymm15, ymm14, ymm13", "c4 41 0d 15 fd"],
  [
    (code) => code.vunpckhpd(ymm(4), ymm(12), at(rsp, 128)),
    "vunpckhpd ymm4, ymm12, ymmword ptr [rsp+128]",
    "c5 9d 15 a4 24 80 00 00 00"
  ],
  [(code) => code.vpunpckldq(ymm(1), ymm(2), ymm(3)), "vpunpckldq ymm1, ymm2, ymm3", "c5 ed 62 cb"],
  [
    (code) => code.vpunpckldq(ymm(2), ymm(6), at(r12, 100, r9, 4)),
    "vpunpckldq ymm2, ymm6, ymmword ptr [r12+r9*4+100]",
    "c4 81 4d 62 54 8c 64"
  ],
  [(code) => code.vxorps(xmm(15), xmm(15), xmm(15)), "vxorps xmm15, xmm15, xmm15", "c4 41 00 57 ff"],
  [(code) => code.vpunpckldq(xmm(15), xmm(15), xmm(14)), "vpunpckldq xmm15, xmm15, xmm14", "c4 41 01 62 fe"],
  [(code) => code.vsqrtps(ymm(3), ymm(12)), "vsqrtps ymm3, ymm12", "c4 c1 7c 51 dc"],
  [
    (code) => code.vsqrtps(ymm(11), at(r8, 32, rcx, 1)),
    "vsqrtps ymm11, ymmword ptr [r8+rcx*1+32]",
    "c4 41 7c 51 5c 08 20"
  ],
  [(code) => code.vpabsd(ymm(3), ymm(12)), "vpabsd ymm3, ymm12", "c4 c2 7d 1e dc"],
  [
    (code) => code.vpabsd(ymm(11), at(r8, 32, rcx, 1)),
    "vpabsd ymm11, ymmword ptr [r8+rcx*1+32]",
    "c4 42 7d 1e 5c 08 20"
  ],
  [(code) => code.vcvtdq2ps(ymm(3), ymm(12)), "vcvtdq2ps ymm3, ymm12", "c4 c1 7c 5b dc"],
  [
    (code) => code.vcvtdq2ps(ymm(11), at(r8, 32, rcx, 1)),
    "vcvtdq2ps ymm11, ymmword ptr [r8+rcx*1+32]",
    "c4 41 7c 5b 5c 08 20"
  ],
  [(code) => code.vcvttps2dq(ymm(3), ymm(12)), "vcvttps2dq ymm3, ymm12", "c4 c1 7e 5b dc"],
  [
    (code) => code.vcvttps2dq(ymm(11), at(r8, 32, rcx, 1)),
    "vcvttps2dq ymm11, ymmword ptr [r8+rcx*1+32]",
    "c4 41 7e 5b 5c 08 20"
  ],
  [(code) => code.vpmovzxbd(ymm(5), at(rdi, 0, rax, 1)), "vpmovzxbd ymm5, qword ptr [rdi+rax*1]", "c4 e2 7d 31 2c 07"],
  [(code) => code.vpmovzxbd(ymm(13), xmm(15)), "vpmovzxbd ymm13, xmm15", "c4 42 7d 31 ef"],
  [(code) => code.vbroadcastss(ymm(8), at(r14, 12)), "vbroadcastss ymm8, dword ptr [r14+12]", "c4 42 7d 18 46 0c"],
  [(code) => code.vpbroadcastd(ymm(10), xmm(10)), "vpbroadcastd ymm10, xmm10", "c4 42 7d 58 d2"],
  [(code) => code.vblendps(ymm(3), ymm(4), ymm(15), 7), "vblendps ymm3, ymm4, ymm15, 7", "c4 c3 5d 0c df 07"],
  [(code) => code.vcmpps(ymm(9), ymm(1), ymm(2), 14), "vcmpps ymm9, ymm1, ymm2, 14", "c5 74 c2 ca 0e"],
  [(code) => code.vcmpps(ymm(1), ymm(10), at(rsi), 3), "vcmpps ymm1, ymm10, ymmword ptr [rsi], 3", "c5 ac c2 0e 03"],
  [
    (code) => code.vinsertf128(ymm(2), ymm(2), at(rdx, 400), 1),
    "vinsertf128 ymm2, ymm2, xmmword ptr [rdx+400], 1",
    "c4 e3 6d 18 92 90 01 00 00 01"
  ],
  [(code) => code.vperm2f128(ymm(13), ymm(4), ymm(4), 1), "vperm2f128 ymm13, ymm4, ymm4, 1", "c4 63 5d 06 ec 01"],
  [
    (code) => code.vpinsrb(xmm(15), xmm(15), at(r9, 3, rax, 1), 3),
    "vpinsrb xmm15, xmm15, byte ptr [r9+rax*1+3], 3",
    "c4 43 01 20 7c 01 03 03"
  ],
  [(code) => code.vroundps(ymm(1), ymm(9), 8), "vroundps ymm1, ymm9, 8", "c4 c3 7d 08 c9 08"],
  [(code) => code.vroundps(ymm(10), at(rcx), 9), "vroundps ymm10, ymmword ptr [rcx], 9", "c4 63 7d 08 11 09"],
  [(code) => code.vpermilps(ymm(13), ymm(2), 0xb1), "vpermilps ymm13, ymm2, 0xb1", "c4 63 7d 04 ea b1"],
  [(code) => code.vpsrld(ymm(1), ymm(2), 23), "vpsrld ymm1, ymm2, 23", "c5 f5 72 d2 17"],
  [(code) => code.vpsrld(ymm(12), ymm(13), 31), "vpsrld ymm12, ymm13, 31", "c4 c1 1d 72 d5 1f"],
  [(code) => code.vpsrad(ymm(1), ymm(2), 23), "vpsrad ymm1, ymm2, 23", "c5 f5 72 e2 17"],
  [(code) => code.vpsrad(ymm(12), ymm(13), 31), "vpsrad ymm12, ymm13, 31", "c4 c1 1d 72 e5 1f"],
  [(code) => code.vpslld(ymm(1), ymm(2), 23), "vpslld ymm1, ymm2, 23", "c5 f5 72 f2 17"],
  [(code) => code.vpslld(ymm(12), ymm(13), 31), "vpslld ymm12, ymm13, 31", "c4 c1 1d 72 f5 1f"],
  [(code) => code.vmovups(ymm(1), ymm(4)), "vmovups ymm1, ymm4", "c5 fc 10 cc"],
  [(code) => code.vmovups(ymm(9), at(rax, 64)), "vmovups ymm9, ymmword ptr [rax+64]", "c5 7c 10 48 40"],
  [
    (code) => code.vmovups(at(r11, -32, r10, 4), ymm(15)),
    "vmovups ymmword ptr [r11+r10*4-32], ymm15",
    "c4 01 7c 11 7c 93 e0"
  ],
  [(code) => code.vmovaps(ymm(1), ymm(4)), "vmovaps ymm1, ymm4", "c5 fc 28 cc"],
  [(code) => code.vmovaps(ymm(9), at(rax, 64)), "vmovaps ymm9, ymmword ptr [rax+64]", "c5 7c 28 48 40"],
  [
    (code) => code.vmovaps(at(r11, -32, r10, 4), ymm(15)),
    "vmovaps ymmword ptr [r11+r10*4-32], ymm15",
    "c4 01 7c 29 7c 93 e0"
  ],
  [(code) => code.vmovups(xmm(2), at(r15)), "vmovups xmm2, xmmword ptr [r15]", "c4 c1 78 10 17"],
  [(code) => code.vmovups(at(rbx), xmm(9)), "vmovups xmmword ptr [rbx], xmm9", "c5 78 11 0b"],
  [(code) => code.vmovss(xmm(13), at(rdi, 8)), "vmovss xmm13, dword ptr [rdi+8]", "c5 7a 10 6f 08"],
  [(code) => code.vmovss(at(rdi, 8), xmm(3)), "vmovss dword ptr [rdi+8], xmm3", "c5 fa 11 5f 08"],
  [(code) => code.vmovd(xmm(15), at(rdi)), "vmovd xmm15, dword ptr [rdi]", "c5 79 6e 3f"],
  [(code) => code.vmovd(at(r9, 4), xmm(7)), "vmovd dword ptr [r9+4], xmm7", "c4 c1 79 7e 79 04"],
  [(code) => code.vmovd(xmm(4), lower(rdx)), "vmovd xmm4, edx", "c5 f9 6e e2"],
  [(code) => code.vmovd(xmm(12), lower(r10)), "vmovd xmm12, r10d", "c4 41 79 6e e2"],
  [(code) => code.vmovlps(at(rax, 16), xmm(15)), "vmovlps qword ptr [rax+16], xmm15", "c5 78 13 78 10"],
  [(code) => code.vextractf128(xmm(15), ymm(3), 1), "vextractf128 xmm15, ymm3, 1", "c4 c3 7d 19 df 01"],
  [
    (code) => code.vextractf128(at(rsi, 16), ymm(11), 1),
    "vextractf128 xmmword ptr [rsi+16], ymm11, 1",
    "c4 63 7d 19 5e 10 01"
  ],
  [(code) => code.vextractps(at(rax, 8), xmm(9), 2), "vextractps dword ptr [rax+8], xmm9, 2", "c4 63 79 17 48 08 02"],
  [
    (code) => code.vpextrb(at(rdi, 5, rax, 1), xmm(15), 5),
    "vpextrb byte ptr [rdi+rax*1+5], xmm15, 5",
    "c4 63 79 14 7c 07 05 05"
  ],
  [(code) => code.vblendvps(ymm(1), ymm(2), ymm(3), ymm(12)), "vblendvps ymm1, ymm2, ymm3, ymm12", "c4 e3 6d 4a cb c0"],
  [
    (code) => code.vblendvps(ymm(10), ymm(9), at(r12, 32), ymm(4)),
    "vblendvps ymm10, ymm9, ymmword ptr [r12+32], ymm4",
    "c4 43 35 4a 54 24 20 40"
  ],
  [
    (code) => code.vmaskmovps(ymm(7), ymm(15), at(r14, 0, rax, 4)),
    "vmaskmovps ymm7, ymm15, ymmword ptr [r14+rax*4]",
    "c4 c2 05 2c 3c 86"
  ],
  [
    (code) => code.vgatherdps(ymm(3), at(rdx, 0, ymm(13), 4), ymm(14)),
    "vgatherdps ymm3, dword ptr [rdx+ymm13*4], ymm14",
    "c4 a2 0d 92 1c aa"
  ],
  [
    (code) => code.vgatherdps(ymm(10), at(r8, 16, ymm(5), 1), ymm(2)),
    "vgatherdps ymm10, dword ptr [r8+ymm5*1+16], ymm2",
    "c4 42 6d 92 54 28 10"
  ]
]
