/**
 * Instructions, in this assembler's and in the GNU assembler's words, and the bytes that the latter (2.40) made of them:
 * `as --64`, `.intel_syntax noprefix`, read with `objdump -d`.
 */
import type { Avx512Assembler } from "../../../../../src/core/engines/native/avx512/Avx512Assembler.ts"
import {
  at,
  broadcast,
  k,
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
  ymm,
  zeroing,
  zmm
} from "../../../../../src/core/engines/native/x86/Operands.ts"

export const encodings: ReadonlyArray<readonly [(code: Avx512Assembler) => void, string, string]> = [
  [(code) => code.vaddps(zmm(1), zmm(2), zmm(3)), "vaddps zmm1, zmm2, zmm3", "62 f1 6c 48 58 cb"],
  [(code) => code.vaddps(zmm(31), zmm(30), zmm(29), k(7)), "vaddps zmm31{k7}, zmm30, zmm29", "62 01 0c 47 58 fd"],
  [
    (code) => code.vaddps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vaddps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 51 74 c1 58 4d 00"
  ],
  [
    (code) => code.vaddps(zmm(4), zmm(12), at(rsp, 128)),
    "vaddps zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f1 1c 48 58 64 24 02"
  ],
  [
    (code) => code.vaddps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vaddps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 81 4c 48 58 a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vaddps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vaddps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f1 7c 48 58 44 c5 80"
  ],
  [
    (code) => code.vaddps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vaddps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f1 04 50 58 47 7f"
  ],
  [
    (code) => code.vaddps(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vaddps zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d1 74 58 58 86 00 04 00 00"
  ],
  [(code) => code.vmulps(zmm(31), zmm(30), zmm(29), k(7)), "vmulps zmm31{k7}, zmm30, zmm29", "62 01 0c 47 59 fd"],
  [
    (code) => code.vmulps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vmulps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 81 4c 48 59 a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vsubps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vsubps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 51 74 c1 5c 4d 00"
  ],
  [
    (code) => code.vsubps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vsubps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f1 7c 48 5c 44 c5 80"
  ],
  [
    (code) => code.vminps(zmm(4), zmm(12), at(rsp, 128)),
    "vminps zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f1 1c 48 5d 64 24 02"
  ],
  [
    (code) => code.vminps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vminps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f1 04 50 5d 47 7f"
  ],
  [
    (code) => code.vdivps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vdivps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 81 4c 48 5e a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vdivps(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vdivps zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d1 74 58 5e 86 00 04 00 00"
  ],
  [
    (code) => code.vmaxps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vmaxps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f1 7c 48 5f 44 c5 80"
  ],
  [(code) => code.vmaxps(zmm(1), zmm(2), zmm(3)), "vmaxps zmm1, zmm2, zmm3", "62 f1 6c 48 5f cb"],
  [
    (code) => code.vandps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vandps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f1 04 50 54 47 7f"
  ],
  [(code) => code.vandps(zmm(31), zmm(30), zmm(29), k(7)), "vandps zmm31{k7}, zmm30, zmm29", "62 01 0c 47 54 fd"],
  [
    (code) => code.vandnps(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vandnps zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d1 74 58 55 86 00 04 00 00"
  ],
  [
    (code) => code.vandnps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vandnps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 51 74 c1 55 4d 00"
  ],
  [(code) => code.vorps(zmm(1), zmm(2), zmm(3)), "vorps zmm1, zmm2, zmm3", "62 f1 6c 48 56 cb"],
  [
    (code) => code.vorps(zmm(4), zmm(12), at(rsp, 128)),
    "vorps zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f1 1c 48 56 64 24 02"
  ],
  [(code) => code.vxorps(zmm(31), zmm(30), zmm(29), k(7)), "vxorps zmm31{k7}, zmm30, zmm29", "62 01 0c 47 57 fd"],
  [
    (code) => code.vxorps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vxorps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 81 4c 48 57 a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vpandd(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vpandd zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 51 75 c1 db 4d 00"
  ],
  [
    (code) => code.vpandd(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vpandd zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f1 7d 48 db 44 c5 80"
  ],
  [
    (code) => code.vpandnd(zmm(4), zmm(12), at(rsp, 128)),
    "vpandnd zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f1 1d 48 df 64 24 02"
  ],
  [
    (code) => code.vpandnd(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vpandnd zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f1 05 50 df 47 7f"
  ],
  [
    (code) => code.vpord(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vpord zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 81 4d 48 eb a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vpord(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vpord zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d1 75 58 eb 86 00 04 00 00"
  ],
  [
    (code) => code.vpxord(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vpxord zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f1 7d 48 ef 44 c5 80"
  ],
  [(code) => code.vpxord(zmm(1), zmm(2), zmm(3)), "vpxord zmm1, zmm2, zmm3", "62 f1 6d 48 ef cb"],
  [
    (code) => code.vpaddd(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vpaddd zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f1 05 50 fe 47 7f"
  ],
  [(code) => code.vpaddd(zmm(31), zmm(30), zmm(29), k(7)), "vpaddd zmm31{k7}, zmm30, zmm29", "62 01 0d 47 fe fd"],
  [
    (code) => code.vpsubd(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vpsubd zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d1 75 58 fa 86 00 04 00 00"
  ],
  [
    (code) => code.vpsubd(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vpsubd zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 51 75 c1 fa 4d 00"
  ],
  [(code) => code.vpmulld(zmm(1), zmm(2), zmm(3)), "vpmulld zmm1, zmm2, zmm3", "62 f2 6d 48 40 cb"],
  [
    (code) => code.vpmulld(zmm(4), zmm(12), at(rsp, 128)),
    "vpmulld zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f2 1d 48 40 64 24 02"
  ],
  [(code) => code.vpmuludq(zmm(1), zmm(2), zmm(3)), "vpmuludq zmm1, zmm2, zmm3", "62 f1 ed 48 f4 cb"],
  [(code) => code.vpmuludq(zmm(31), zmm(30), zmm(29), k(7)), "vpmuludq zmm31{k7}, zmm30, zmm29", "62 01 8d 47 f4 fd"],
  [
    (code) => code.vpmuludq(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vpmuludq zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 51 f5 c1 f4 4d 00"
  ],
  [
    (code) => code.vpmuludq(zmm(4), zmm(12), at(rsp, 128)),
    "vpmuludq zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f1 9d 48 f4 64 24 02"
  ],
  [
    (code) => code.vpmuludq(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vpmuludq zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 81 cd 48 f4 a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vpmuludq(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vpmuludq zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f1 fd 48 f4 44 c5 80"
  ],
  [
    (code) => code.vpmuludq(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vpmuludq zmm0, zmm31, qword ptr [rdi+508]{1to8}",
    "62 f1 85 50 f4 87 fc 01 00 00"
  ],
  [
    (code) => code.vpmuludq(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vpmuludq zmm0, zmm1, qword ptr [r14+1024]{1to8}",
    "62 d1 f5 58 f4 86 00 04 00 00"
  ],
  [
    (code) => code.vpminsd(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vpminsd zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 52 75 c1 39 4d 00"
  ],
  [
    (code) => code.vpminsd(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vpminsd zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 39 44 c5 80"
  ],
  [
    (code) => code.vpmaxsd(zmm(4), zmm(12), at(rsp, 128)),
    "vpmaxsd zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f2 1d 48 3d 64 24 02"
  ],
  [
    (code) => code.vpmaxsd(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vpmaxsd zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f2 05 50 3d 47 7f"
  ],
  [
    (code) => code.vpminud(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vpminud zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 82 4d 48 3b a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vpminud(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vpminud zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d2 75 58 3b 86 00 04 00 00"
  ],
  [
    (code) => code.vpmaxud(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vpmaxud zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 3f 44 c5 80"
  ],
  [(code) => code.vpmaxud(zmm(1), zmm(2), zmm(3)), "vpmaxud zmm1, zmm2, zmm3", "62 f2 6d 48 3f cb"],
  [
    (code) => code.vpsrlvd(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vpsrlvd zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f2 05 50 45 47 7f"
  ],
  [(code) => code.vpsrlvd(zmm(31), zmm(30), zmm(29), k(7)), "vpsrlvd zmm31{k7}, zmm30, zmm29", "62 02 0d 47 45 fd"],
  [
    (code) => code.vpsravd(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vpsravd zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d2 75 58 46 86 00 04 00 00"
  ],
  [
    (code) => code.vpsravd(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vpsravd zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 52 75 c1 46 4d 00"
  ],
  [(code) => code.vpsllvd(zmm(1), zmm(2), zmm(3)), "vpsllvd zmm1, zmm2, zmm3", "62 f2 6d 48 47 cb"],
  [
    (code) => code.vpsllvd(zmm(4), zmm(12), at(rsp, 128)),
    "vpsllvd zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f2 1d 48 47 64 24 02"
  ],
  [(code) => code.vscalefps(zmm(31), zmm(30), zmm(29), k(7)), "vscalefps zmm31{k7}, zmm30, zmm29", "62 02 0d 47 2c fd"],
  [
    (code) => code.vscalefps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vscalefps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 82 4d 48 2c a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vfmadd132ps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vfmadd132ps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 52 75 c1 98 4d 00"
  ],
  [
    (code) => code.vfmadd132ps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vfmadd132ps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 98 44 c5 80"
  ],
  [
    (code) => code.vfmadd213ps(zmm(4), zmm(12), at(rsp, 128)),
    "vfmadd213ps zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f2 1d 48 a8 64 24 02"
  ],
  [
    (code) => code.vfmadd213ps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vfmadd213ps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f2 05 50 a8 47 7f"
  ],
  [(code) => code.vfmadd231ps(zmm(1), zmm(2), zmm(3)), "vfmadd231ps zmm1, zmm2, zmm3", "62 f2 6d 48 b8 cb"],
  [
    (code) => code.vfmadd231ps(zmm(31), zmm(30), zmm(29), k(7)),
    "vfmadd231ps zmm31{k7}, zmm30, zmm29",
    "62 02 0d 47 b8 fd"
  ],
  [
    (code) => code.vfmadd231ps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vfmadd231ps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 52 75 c1 b8 4d 00"
  ],
  [
    (code) => code.vfmadd231ps(zmm(4), zmm(12), at(rsp, 128)),
    "vfmadd231ps zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f2 1d 48 b8 64 24 02"
  ],
  [
    (code) => code.vfmadd231ps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vfmadd231ps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 82 4d 48 b8 a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vfmadd231ps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vfmadd231ps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 b8 44 c5 80"
  ],
  [
    (code) => code.vfmadd231ps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vfmadd231ps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f2 05 50 b8 47 7f"
  ],
  [
    (code) => code.vfmadd231ps(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vfmadd231ps zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d2 75 58 b8 86 00 04 00 00"
  ],
  [
    (code) => code.vfmsub132ps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vfmsub132ps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 9a 44 c5 80"
  ],
  [(code) => code.vfmsub132ps(zmm(1), zmm(2), zmm(3)), "vfmsub132ps zmm1, zmm2, zmm3", "62 f2 6d 48 9a cb"],
  [
    (code) => code.vfmsub213ps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vfmsub213ps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f2 05 50 aa 47 7f"
  ],
  [
    (code) => code.vfmsub213ps(zmm(31), zmm(30), zmm(29), k(7)),
    "vfmsub213ps zmm31{k7}, zmm30, zmm29",
    "62 02 0d 47 aa fd"
  ],
  [
    (code) => code.vfmsub231ps(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vfmsub231ps zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d2 75 58 ba 86 00 04 00 00"
  ],
  [
    (code) => code.vfmsub231ps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vfmsub231ps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 52 75 c1 ba 4d 00"
  ],
  [(code) => code.vfnmadd132ps(zmm(1), zmm(2), zmm(3)), "vfnmadd132ps zmm1, zmm2, zmm3", "62 f2 6d 48 9c cb"],
  [
    (code) => code.vfnmadd132ps(zmm(4), zmm(12), at(rsp, 128)),
    "vfnmadd132ps zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f2 1d 48 9c 64 24 02"
  ],
  [
    (code) => code.vfnmadd213ps(zmm(31), zmm(30), zmm(29), k(7)),
    "vfnmadd213ps zmm31{k7}, zmm30, zmm29",
    "62 02 0d 47 ac fd"
  ],
  [
    (code) => code.vfnmadd213ps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vfnmadd213ps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 82 4d 48 ac a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vfnmadd231ps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vfnmadd231ps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 52 75 c1 bc 4d 00"
  ],
  [
    (code) => code.vfnmadd231ps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vfnmadd231ps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 bc 44 c5 80"
  ],
  [
    (code) => code.vfnmsub132ps(zmm(4), zmm(12), at(rsp, 128)),
    "vfnmsub132ps zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f2 1d 48 9e 64 24 02"
  ],
  [
    (code) => code.vfnmsub132ps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vfnmsub132ps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f2 05 50 9e 47 7f"
  ],
  [
    (code) => code.vfnmsub213ps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vfnmsub213ps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 82 4d 48 ae a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vfnmsub213ps(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vfnmsub213ps zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d2 75 58 ae 86 00 04 00 00"
  ],
  [
    (code) => code.vfnmsub231ps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vfnmsub231ps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 be 44 c5 80"
  ],
  [(code) => code.vfnmsub231ps(zmm(1), zmm(2), zmm(3)), "vfnmsub231ps zmm1, zmm2, zmm3", "62 f2 6d 48 be cb"],
  [
    (code) => code.vunpcklps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vunpcklps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f1 04 50 14 47 7f"
  ],
  [(code) => code.vunpcklps(zmm(31), zmm(30), zmm(29), k(7)), "vunpcklps zmm31{k7}, zmm30, zmm29", "62 01 0c 47 14 fd"],
  [
    (code) => code.vunpckhps(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vunpckhps zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d1 74 58 15 86 00 04 00 00"
  ],
  [
    (code) => code.vunpckhps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vunpckhps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 51 74 c1 15 4d 00"
  ],
  [(code) => code.vunpcklpd(zmm(1), zmm(2), zmm(3)), "vunpcklpd zmm1, zmm2, zmm3", "62 f1 ed 48 14 cb"],
  [
    (code) => code.vunpcklpd(zmm(4), zmm(12), at(rsp, 128)),
    "vunpcklpd zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f1 9d 48 14 64 24 02"
  ],
  [(code) => code.vunpckhpd(zmm(31), zmm(30), zmm(29), k(7)), "vunpckhpd zmm31{k7}, zmm30, zmm29", "62 01 8d 47 15 fd"],
  [
    (code) => code.vunpckhpd(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vunpckhpd zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 81 cd 48 15 a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vpermps(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vpermps zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 52 75 c1 16 4d 00"
  ],
  [
    (code) => code.vpermps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vpermps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 16 44 c5 80"
  ],
  [
    (code) => code.vpermd(zmm(4), zmm(12), at(rsp, 128)),
    "vpermd zmm4, zmm12, zmmword ptr [rsp+128]",
    "62 f2 1d 48 36 64 24 02"
  ],
  [
    (code) => code.vpermd(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vpermd zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f2 05 50 36 47 7f"
  ],
  [
    (code) => code.vpermi2ps(zmm(20), zmm(6), at(r12, 100, r9, 4)),
    "vpermi2ps zmm20, zmm6, zmmword ptr [r12+r9*4+100]",
    "62 82 4d 48 77 a4 8c 64 00 00 00"
  ],
  [
    (code) => code.vpermi2ps(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vpermi2ps zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d2 75 58 77 86 00 04 00 00"
  ],
  [
    (code) => code.vpermt2ps(zmm(0), zmm(0), at(rbp, -8192, rax, 8)),
    "vpermt2ps zmm0, zmm0, zmmword ptr [rbp+rax*8-8192]",
    "62 f2 7d 48 7f 44 c5 80"
  ],
  [(code) => code.vpermt2ps(zmm(1), zmm(2), zmm(3)), "vpermt2ps zmm1, zmm2, zmm3", "62 f2 6d 48 7f cb"],
  [
    (code) => code.vblendmps(zmm(0), zmm(31), broadcast(at(rdi, 508))),
    "vblendmps zmm0, zmm31, dword ptr [rdi+508]{1to16}",
    "62 f2 05 50 65 47 7f"
  ],
  [(code) => code.vblendmps(zmm(31), zmm(30), zmm(29), k(7)), "vblendmps zmm31{k7}, zmm30, zmm29", "62 02 0d 47 65 fd"],
  [
    (code) => code.vpblendmd(zmm(0), zmm(1), broadcast(at(r14, 1024))),
    "vpblendmd zmm0, zmm1, dword ptr [r14+1024]{1to16}",
    "62 d2 75 58 64 86 00 04 00 00"
  ],
  [
    (code) => code.vpblendmd(zmm(9), zmm(17), at(r13), zeroing(k(1))),
    "vpblendmd zmm9{k1}{z}, zmm17, zmmword ptr [r13]",
    "62 52 75 c1 64 4d 00"
  ],
  [
    (code) => code.vaddps(ymm(1), ymm(2), at(rax, 32)),
    "{evex} vaddps ymm1, ymm2, ymmword ptr [rax+32]",
    "62 f1 6c 28 58 48 01"
  ],
  [(code) => code.vsqrtps(zmm(19), zmm(2)), "vsqrtps zmm19, zmm2", "62 e1 7c 48 51 da"],
  [(code) => code.vsqrtps(zmm(3), at(rcx, 64), k(3)), "vsqrtps zmm3{k3}, zmmword ptr [rcx+64]", "62 f1 7c 4b 51 59 01"],
  [
    (code) => code.vsqrtps(zmm(3), broadcast(at(r8, 4))),
    "vsqrtps zmm3, dword ptr [r8+4]{1to16}",
    "62 d1 7c 58 51 58 01"
  ],
  [(code) => code.vgetexpps(zmm(19), zmm(2)), "vgetexpps zmm19, zmm2", "62 e2 7d 48 42 da"],
  [
    (code) => code.vgetexpps(zmm(3), at(rcx, 64), k(3)),
    "vgetexpps zmm3{k3}, zmmword ptr [rcx+64]",
    "62 f2 7d 4b 42 59 01"
  ],
  [
    (code) => code.vgetexpps(zmm(3), broadcast(at(r8, 4))),
    "vgetexpps zmm3, dword ptr [r8+4]{1to16}",
    "62 d2 7d 58 42 58 01"
  ],
  [(code) => code.vrcp14ps(zmm(19), zmm(2)), "vrcp14ps zmm19, zmm2", "62 e2 7d 48 4c da"],
  [
    (code) => code.vrcp14ps(zmm(3), at(rcx, 64), k(3)),
    "vrcp14ps zmm3{k3}, zmmword ptr [rcx+64]",
    "62 f2 7d 4b 4c 59 01"
  ],
  [
    (code) => code.vrcp14ps(zmm(3), broadcast(at(r8, 4))),
    "vrcp14ps zmm3, dword ptr [r8+4]{1to16}",
    "62 d2 7d 58 4c 58 01"
  ],
  [(code) => code.vrsqrt14ps(zmm(19), zmm(2)), "vrsqrt14ps zmm19, zmm2", "62 e2 7d 48 4e da"],
  [
    (code) => code.vrsqrt14ps(zmm(3), at(rcx, 64), k(3)),
    "vrsqrt14ps zmm3{k3}, zmmword ptr [rcx+64]",
    "62 f2 7d 4b 4e 59 01"
  ],
  [
    (code) => code.vrsqrt14ps(zmm(3), broadcast(at(r8, 4))),
    "vrsqrt14ps zmm3, dword ptr [r8+4]{1to16}",
    "62 d2 7d 58 4e 58 01"
  ],
  [(code) => code.vpabsd(zmm(19), zmm(2)), "vpabsd zmm19, zmm2", "62 e2 7d 48 1e da"],
  [(code) => code.vpabsd(zmm(3), at(rcx, 64), k(3)), "vpabsd zmm3{k3}, zmmword ptr [rcx+64]", "62 f2 7d 4b 1e 59 01"],
  [(code) => code.vpabsd(zmm(3), broadcast(at(r8, 4))), "vpabsd zmm3, dword ptr [r8+4]{1to16}", "62 d2 7d 58 1e 58 01"],
  [(code) => code.vcvtdq2ps(zmm(19), zmm(2)), "vcvtdq2ps zmm19, zmm2", "62 e1 7c 48 5b da"],
  [
    (code) => code.vcvtdq2ps(zmm(3), at(rcx, 64), k(3)),
    "vcvtdq2ps zmm3{k3}, zmmword ptr [rcx+64]",
    "62 f1 7c 4b 5b 59 01"
  ],
  [
    (code) => code.vcvtdq2ps(zmm(3), broadcast(at(r8, 4))),
    "vcvtdq2ps zmm3, dword ptr [r8+4]{1to16}",
    "62 d1 7c 58 5b 58 01"
  ],
  [(code) => code.vcvtudq2ps(zmm(19), zmm(2)), "vcvtudq2ps zmm19, zmm2", "62 e1 7f 48 7a da"],
  [
    (code) => code.vcvtudq2ps(zmm(3), at(rcx, 64), k(3)),
    "vcvtudq2ps zmm3{k3}, zmmword ptr [rcx+64]",
    "62 f1 7f 4b 7a 59 01"
  ],
  [
    (code) => code.vcvtudq2ps(zmm(3), broadcast(at(r8, 4))),
    "vcvtudq2ps zmm3, dword ptr [r8+4]{1to16}",
    "62 d1 7f 58 7a 58 01"
  ],
  [(code) => code.vcvtps2dq(zmm(19), zmm(2)), "vcvtps2dq zmm19, zmm2", "62 e1 7d 48 5b da"],
  [
    (code) => code.vcvtps2dq(zmm(3), at(rcx, 64), k(3)),
    "vcvtps2dq zmm3{k3}, zmmword ptr [rcx+64]",
    "62 f1 7d 4b 5b 59 01"
  ],
  [
    (code) => code.vcvtps2dq(zmm(3), broadcast(at(r8, 4))),
    "vcvtps2dq zmm3, dword ptr [r8+4]{1to16}",
    "62 d1 7d 58 5b 58 01"
  ],
  [(code) => code.vcvttps2dq(zmm(19), zmm(2)), "vcvttps2dq zmm19, zmm2", "62 e1 7e 48 5b da"],
  [
    (code) => code.vcvttps2dq(zmm(3), at(rcx, 64), k(3)),
    "vcvttps2dq zmm3{k3}, zmmword ptr [rcx+64]",
    "62 f1 7e 4b 5b 59 01"
  ],
  [
    (code) => code.vcvttps2dq(zmm(3), broadcast(at(r8, 4))),
    "vcvttps2dq zmm3, dword ptr [r8+4]{1to16}",
    "62 d1 7e 58 5b 58 01"
  ],
  [(code) => code.vcvttps2udq(zmm(19), zmm(2)), "vcvttps2udq zmm19, zmm2", "62 e1 7c 48 78 da"],
  [
    (code) => code.vcvttps2udq(zmm(3), at(rcx, 64), k(3)),
    "vcvttps2udq zmm3{k3}, zmmword ptr [rcx+64]",
    "62 f1 7c 4b 78 59 01"
  ],
  [
    (code) => code.vcvttps2udq(zmm(3), broadcast(at(r8, 4))),
    "vcvttps2udq zmm3, dword ptr [r8+4]{1to16}",
    "62 d1 7c 58 78 58 01"
  ],
  [
    (code) => code.vpmovzxbd(zmm(3), at(rcx, 48, rdx), k(3)),
    "vpmovzxbd zmm3{k3}, xmmword ptr [rcx+rdx+48]",
    "62 f2 7d 4b 31 5c 11 03"
  ],
  [(code) => code.vpmovzxbd(zmm(3), xmm(25)), "vpmovzxbd zmm3, xmm25", "62 92 7d 48 31 d9"],
  [
    (code) => code.vpmovsxbd(zmm(3), at(rcx, 48, rdx), k(3)),
    "vpmovsxbd zmm3{k3}, xmmword ptr [rcx+rdx+48]",
    "62 f2 7d 4b 21 5c 11 03"
  ],
  [(code) => code.vpmovsxbd(zmm(3), xmm(25)), "vpmovsxbd zmm3, xmm25", "62 92 7d 48 21 d9"],
  [(code) => code.vbroadcastss(zmm(1), xmm(2)), "vbroadcastss zmm1, xmm2", "62 f2 7d 48 18 ca"],
  [(code) => code.vbroadcastss(zmm(1), at(r15, 508)), "vbroadcastss zmm1, dword ptr [r15+508]", "62 d2 7d 48 18 4f 7f"],
  [(code) => code.vpbroadcastd(zmm(21), at(rax)), "vpbroadcastd zmm21, dword ptr [rax]", "62 e2 7d 48 58 28"],
  [(code) => code.vpbroadcastd(zmm(1), lower(r9), k(2)), "vpbroadcastd zmm1{k2}, r9d", "62 d2 7d 4a 7c c9"],
  [(code) => code.vpbroadcastd(zmm(30), xmm(3)), "vpbroadcastd zmm30, xmm3", "62 62 7d 48 58 f3"],
  [
    (code) => code.vbroadcastf32x4(zmm(1), at(rax, 16)),
    "vbroadcastf32x4 zmm1, xmmword ptr [rax+16]",
    "62 f2 7d 48 1a 48 01"
  ],
  [
    (code) => code.vbroadcastf64x4(zmm(1), at(rax, 32)),
    "vbroadcastf64x4 zmm1, ymmword ptr [rax+32]",
    "62 f2 fd 48 1b 48 01"
  ],
  [(code) => code.vshufps(zmm(1), zmm(22), zmm(3), 0x4e), "vshufps zmm1, zmm22, zmm3, 0x4e", "62 f1 4c 40 c6 cb 4e"],
  [
    (code) => code.vshufps(zmm(1), zmm(2), at(rdx, 64), 0xee, k(1)),
    "vshufps zmm1{k1}, zmm2, zmmword ptr [rdx+64], 0xee",
    "62 f1 6c 49 c6 4a 01 ee"
  ],
  [
    (code) => code.vshuff32x4(zmm(1), zmm(22), zmm(3), 0x4e),
    "vshuff32x4 zmm1, zmm22, zmm3, 0x4e",
    "62 f3 4d 40 23 cb 4e"
  ],
  [
    (code) => code.vshuff32x4(zmm(1), zmm(2), at(rdx, 64), 0xee, k(1)),
    "vshuff32x4 zmm1{k1}, zmm2, zmmword ptr [rdx+64], 0xee",
    "62 f3 6d 49 23 4a 01 ee"
  ],
  [
    (code) => code.vshuff64x2(zmm(1), zmm(22), zmm(3), 0x4e),
    "vshuff64x2 zmm1, zmm22, zmm3, 0x4e",
    "62 f3 cd 40 23 cb 4e"
  ],
  [
    (code) => code.vshuff64x2(zmm(1), zmm(2), at(rdx, 64), 0xee, k(1)),
    "vshuff64x2 zmm1{k1}, zmm2, zmmword ptr [rdx+64], 0xee",
    "62 f3 ed 49 23 4a 01 ee"
  ],
  [(code) => code.valignd(zmm(1), zmm(22), zmm(3), 0x4e), "valignd zmm1, zmm22, zmm3, 0x4e", "62 f3 4d 40 03 cb 4e"],
  [
    (code) => code.valignd(zmm(1), zmm(2), at(rdx, 64), 0xee, k(1)),
    "valignd zmm1{k1}, zmm2, zmmword ptr [rdx+64], 0xee",
    "62 f3 6d 49 03 4a 01 ee"
  ],
  [
    (code) => code.vpternlogd(zmm(1), zmm(22), zmm(3), 0x4e),
    "vpternlogd zmm1, zmm22, zmm3, 0x4e",
    "62 f3 4d 40 25 cb 4e"
  ],
  [
    (code) => code.vpternlogd(zmm(1), zmm(2), at(rdx, 64), 0xee, k(1)),
    "vpternlogd zmm1{k1}, zmm2, zmmword ptr [rdx+64], 0xee",
    "62 f3 6d 49 25 4a 01 ee"
  ],
  [(code) => code.vrangeps(zmm(1), zmm(22), zmm(3), 0x4e), "vrangeps zmm1, zmm22, zmm3, 0x4e", "62 f3 4d 40 50 cb 4e"],
  [
    (code) => code.vrangeps(zmm(1), zmm(2), at(rdx, 64), 0xee, k(1)),
    "vrangeps zmm1{k1}, zmm2, zmmword ptr [rdx+64], 0xee",
    "62 f3 6d 49 50 4a 01 ee"
  ],
  [
    (code) => code.vinsertf32x4(zmm(1), zmm(2), at(rax, 16), 3),
    "vinsertf32x4 zmm1, zmm2, xmmword ptr [rax+16], 3",
    "62 f3 6d 48 18 48 01 03"
  ],
  [
    (code) => code.vinsertf32x8(zmm(1), zmm(2), ymm(30), 1),
    "vinsertf32x8 zmm1, zmm2, ymm30, 1",
    "62 93 6d 48 1a ce 01"
  ],
  [
    (code) => code.vinsertf64x4(zmm(1), zmm(2), at(rax, 32), 1),
    "vinsertf64x4 zmm1, zmm2, ymmword ptr [rax+32], 1",
    "62 f3 ed 48 1a 48 01 01"
  ],
  [(code) => code.vrndscaleps(zmm(1), zmm(22), 0x4e), "vrndscaleps zmm1, zmm22, 0x4e", "62 b3 7d 48 08 ce 4e"],
  [
    (code) => code.vrndscaleps(zmm(1), at(rdx, 64), 8, zeroing(k(1))),
    "vrndscaleps zmm1{k1}{z}, zmmword ptr [rdx+64], 8",
    "62 f3 7d c9 08 4a 01 08"
  ],
  [(code) => code.vgetmantps(zmm(1), zmm(22), 0x4e), "vgetmantps zmm1, zmm22, 0x4e", "62 b3 7d 48 26 ce 4e"],
  [
    (code) => code.vgetmantps(zmm(1), at(rdx, 64), 8, zeroing(k(1))),
    "vgetmantps zmm1{k1}{z}, zmmword ptr [rdx+64], 8",
    "62 f3 7d c9 26 4a 01 08"
  ],
  [(code) => code.vpermilps(zmm(1), zmm(22), 0x4e), "vpermilps zmm1, zmm22, 0x4e", "62 b3 7d 48 04 ce 4e"],
  [
    (code) => code.vpermilps(zmm(1), at(rdx, 64), 8, zeroing(k(1))),
    "vpermilps zmm1{k1}{z}, zmmword ptr [rdx+64], 8",
    "62 f3 7d c9 04 4a 01 08"
  ],
  [(code) => code.vpshufd(zmm(1), zmm(22), 0x4e), "vpshufd zmm1, zmm22, 0x4e", "62 b1 7d 48 70 ce 4e"],
  [
    (code) => code.vpshufd(zmm(1), at(rdx, 64), 8, zeroing(k(1))),
    "vpshufd zmm1{k1}{z}, zmmword ptr [rdx+64], 8",
    "62 f1 7d c9 70 4a 01 08"
  ],
  [(code) => code.vpsrld(zmm(1), zmm(22), 23), "vpsrld zmm1, zmm22, 23", "62 b1 75 48 72 d6 17"],
  [
    (code) => code.vpsrld(zmm(21), at(rdx, 64), 8, k(4)),
    "vpsrld zmm21{k4}, zmmword ptr [rdx+64], 8",
    "62 f1 55 44 72 52 01 08"
  ],
  [(code) => code.vpsrad(zmm(1), zmm(22), 23), "vpsrad zmm1, zmm22, 23", "62 b1 75 48 72 e6 17"],
  [
    (code) => code.vpsrad(zmm(21), at(rdx, 64), 8, k(4)),
    "vpsrad zmm21{k4}, zmmword ptr [rdx+64], 8",
    "62 f1 55 44 72 62 01 08"
  ],
  [(code) => code.vpslld(zmm(1), zmm(22), 23), "vpslld zmm1, zmm22, 23", "62 b1 75 48 72 f6 17"],
  [
    (code) => code.vpslld(zmm(21), at(rdx, 64), 8, k(4)),
    "vpslld zmm21{k4}, zmmword ptr [rdx+64], 8",
    "62 f1 55 44 72 72 01 08"
  ],
  [(code) => code.vcmpps(k(1), zmm(22), zmm(3), 5), "vcmpps k1, zmm22, zmm3, 5", "62 f1 4c 40 c2 cb 05"],
  [
    (code) => code.vcmpps(k(7), zmm(2), broadcast(at(rdx, 64)), 2, k(2)),
    "vcmpps k7{k2}, zmm2, dword ptr [rdx+64]{1to16}, 2",
    "62 f1 6c 5a c2 7a 10 02"
  ],
  [(code) => code.vpcmpd(k(1), zmm(22), zmm(3), 5), "vpcmpd k1, zmm22, zmm3, 5", "62 f3 4d 40 1f cb 05"],
  [
    (code) => code.vpcmpd(k(7), zmm(2), broadcast(at(rdx, 64)), 2, k(2)),
    "vpcmpd k7{k2}, zmm2, dword ptr [rdx+64]{1to16}, 2",
    "62 f3 6d 5a 1f 7a 10 02"
  ],
  [(code) => code.vpcmpud(k(1), zmm(22), zmm(3), 5), "vpcmpud k1, zmm22, zmm3, 5", "62 f3 4d 40 1e cb 05"],
  [
    (code) => code.vpcmpud(k(7), zmm(2), broadcast(at(rdx, 64)), 2, k(2)),
    "vpcmpud k7{k2}, zmm2, dword ptr [rdx+64]{1to16}, 2",
    "62 f3 6d 5a 1e 7a 10 02"
  ],
  [(code) => code.vptestmd(k(1), zmm(22), zmm(3)), "vptestmd k1, zmm22, zmm3", "62 f2 4d 40 27 cb"],
  [
    (code) => code.vptestmd(k(7), zmm(2), at(rdx, 64), k(2)),
    "vptestmd k7{k2}, zmm2, zmmword ptr [rdx+64]",
    "62 f2 6d 4a 27 7a 01"
  ],
  [(code) => code.vptestnmd(k(1), zmm(22), zmm(3)), "vptestnmd k1, zmm22, zmm3", "62 f2 4e 40 27 cb"],
  [
    (code) => code.vptestnmd(k(7), zmm(2), at(rdx, 64), k(2)),
    "vptestnmd k7{k2}, zmm2, zmmword ptr [rdx+64]",
    "62 f2 6e 4a 27 7a 01"
  ],
  [
    (code) => code.vmovups(zmm(1), at(r11, 0, r12, 4), zeroing(k(1))),
    "vmovups zmm1{k1}{z}, zmmword ptr [r11+r12*4]",
    "62 91 7c c9 10 0c a3"
  ],
  [
    (code) => code.vmovups(at(rdx, 8128), zmm(29), k(2)),
    "vmovups zmmword ptr [rdx+8128]{k2}, zmm29",
    "62 61 7c 4a 11 6a 7f"
  ],
  [(code) => code.vmovups(zmm(17), zmm(16)), "vmovups zmm17, zmm16", "62 a1 7c 48 10 c8"],
  [
    (code) => code.vmovaps(zmm(1), at(r11, 0, r12, 4), zeroing(k(1))),
    "vmovaps zmm1{k1}{z}, zmmword ptr [r11+r12*4]",
    "62 91 7c c9 28 0c a3"
  ],
  [
    (code) => code.vmovaps(at(rdx, 8128), zmm(29), k(2)),
    "vmovaps zmmword ptr [rdx+8128]{k2}, zmm29",
    "62 61 7c 4a 29 6a 7f"
  ],
  [(code) => code.vmovaps(zmm(17), zmm(16)), "vmovaps zmm17, zmm16", "62 a1 7c 48 28 c8"],
  [
    (code) => code.vmovdqu32(zmm(1), at(r11, 0, r12, 4), zeroing(k(1))),
    "vmovdqu32 zmm1{k1}{z}, zmmword ptr [r11+r12*4]",
    "62 91 7e c9 6f 0c a3"
  ],
  [
    (code) => code.vmovdqu32(at(rdx, 8128), zmm(29), k(2)),
    "vmovdqu32 zmmword ptr [rdx+8128]{k2}, zmm29",
    "62 61 7e 4a 7f 6a 7f"
  ],
  [(code) => code.vmovdqu32(zmm(17), zmm(16)), "vmovdqu32 zmm17, zmm16", "62 a1 7e 48 6f c8"],
  [
    (code) => code.vmovdqu8(zmm(1), at(r11, 0, r12, 4), zeroing(k(1))),
    "vmovdqu8 zmm1{k1}{z}, zmmword ptr [r11+r12*4]",
    "62 91 7f c9 6f 0c a3"
  ],
  [
    (code) => code.vmovdqu8(at(rdx, 8128), zmm(29), k(2)),
    "vmovdqu8 zmmword ptr [rdx+8128]{k2}, zmm29",
    "62 61 7f 4a 7f 6a 7f"
  ],
  [(code) => code.vmovdqu8(zmm(17), zmm(16)), "vmovdqu8 zmm17, zmm16", "62 a1 7f 48 6f c8"],
  [(code) => code.vmovups(at(rax, 32), ymm(17)), "vmovups ymmword ptr [rax+32], ymm17", "62 e1 7c 28 11 48 01"],
  [(code) => code.vmovups(xmm(18), at(rax, 16)), "vmovups xmm18, xmmword ptr [rax+16]", "62 e1 7c 08 10 50 01"],
  [(code) => code.vmovss(xmm(21), at(rax, 4)), "vmovss xmm21, dword ptr [rax+4]", "62 e1 7e 08 10 68 01"],
  [(code) => code.vmovss(at(rax, 4), xmm(21)), "vmovss dword ptr [rax+4], xmm21", "62 e1 7e 08 11 68 01"],
  [(code) => code.vmovd(xmm(17), lower(r9)), "vmovd xmm17, r9d", "62 c1 7d 08 6e c9"],
  [(code) => code.vmovd(lower(r9), xmm(17)), "vmovd r9d, xmm17", "62 c1 7d 08 7e c9"],
  [(code) => code.vmovd(at(rsi, 4), xmm(17)), "vmovd dword ptr [rsi+4], xmm17", "62 e1 7d 08 7e 4e 01"],
  [(code) => code.vpmovdb(at(rax, 16), zmm(2), k(1)), "vpmovdb xmmword ptr [rax+16]{k1}, zmm2", "62 f2 7e 49 31 50 01"],
  [(code) => code.vpmovdb(xmm(20), zmm(2)), "vpmovdb xmm20, zmm2", "62 b2 7e 48 31 d4"],
  [(code) => code.vpmovusdb(xmm(20), zmm(2)), "vpmovusdb xmm20, zmm2", "62 b2 7e 48 11 d4"],
  [(code) => code.vextractf32x4(xmm(20), zmm(2), 3), "vextractf32x4 xmm20, zmm2, 3", "62 b3 7d 48 19 d4 03"],
  [(code) => code.vextractf32x8(ymm(20), zmm(2), 1), "vextractf32x8 ymm20, zmm2, 1", "62 b3 7d 48 1b d4 01"],
  [
    (code) => code.vextractf64x4(at(rax, 64), zmm(2), 1),
    "vextractf64x4 ymmword ptr [rax+64], zmm2, 1",
    "62 f3 fd 48 1b 50 02 01"
  ],
  [
    (code) => code.vgatherdps(zmm(1), at(r9, 8, zmm(30), 4), k(1)),
    "vgatherdps zmm1{k1}, dword ptr [r9+zmm30*4+8]",
    "62 92 7d 41 92 4c b1 02"
  ],
  [
    (code) => code.vpgatherdd(zmm(25), at(rax, 0, zmm(12), 1), k(2)),
    "vpgatherdd zmm25{k2}, dword ptr [rax+zmm12*1]",
    "62 22 7d 4a 90 0c 20"
  ],
  [(code) => code.kmovw(k(1), lower(rax)), "kmovw k1, eax", "c5 f8 92 c8"],
  [(code) => code.kmovw(k(1), lower(r9)), "kmovw k1, r9d", "c4 c1 78 92 c9"],
  [(code) => code.kmovw(lower(r9), k(3)), "kmovw r9d, k3", "c5 78 93 cb"],
  [(code) => code.kmovw(k(1), k(2)), "kmovw k1, k2", "c5 f8 90 ca"],
  [(code) => code.kmovw(k(1), at(r9, 2)), "kmovw k1, word ptr [r9+2]", "c4 c1 78 90 49 02"],
  [(code) => code.kmovw(at(rax, 2), k(1)), "kmovw word ptr [rax+2], k1", "c5 f8 91 48 02"],
  [(code) => code.kandw(k(1), k(2), k(3)), "kandw k1, k2, k3", "c5 ec 41 cb"],
  [(code) => code.kandnw(k(1), k(2), k(3)), "kandnw k1, k2, k3", "c5 ec 42 cb"],
  [(code) => code.korw(k(1), k(2), k(3)), "korw k1, k2, k3", "c5 ec 45 cb"],
  [(code) => code.kxorw(k(1), k(2), k(3)), "kxorw k1, k2, k3", "c5 ec 47 cb"],
  [(code) => code.kxnorw(k(0), k(0), k(0)), "kxnorw k0, k0, k0", "c5 fc 46 c0"],
  [(code) => code.knotw(k(1), k(7)), "knotw k1, k7", "c5 f8 44 cf"],
  [(code) => code.kortestw(k(1), k(2)), "kortestw k1, k2", "c5 f8 98 ca"],
  [(code) => code.mov(rax, r9), "mov rax, r9", "4c 89 c8"],
  [(code) => code.mov(lower(r9), lower(rax)), "mov r9d, eax", "41 89 c1"],
  [(code) => code.mov(rax, at(r15, 8)), "mov rax, qword ptr [r15+8]", "49 8b 47 08"],
  [(code) => code.mov(at(rsp), r12), "mov qword ptr [rsp], r12", "4c 89 24 24"],
  [(code) => code.mov(at(r13), lower(rcx)), "mov dword ptr [r13], ecx", "41 89 4d 00"],
  [(code) => code.mov(rax, 5), "mov eax, 5", "b8 05 00 00 00"],
  [(code) => code.mov(r9, 0xffffffff), "mov r9d, 0xffffffff", "41 b9 ff ff ff ff"],
  [(code) => code.mov(rdi, 0x123456789abcdef0n), "movabs rdi, 0x123456789abcdef0", "48 bf f0 de bc 9a 78 56 34 12"],
  [(code) => code.mov(r10, -1), "movabs r10, -1", "49 ba ff ff ff ff ff ff ff ff"],
  [(code) => code.mov(at(rax, 4), 7), "mov dword ptr [rax+4], 7", "c7 40 04 07 00 00 00"],
  [(code) => code.add(rcx, r8), "add rcx, r8", "4c 01 c1"],
  [(code) => code.add(lower(r8), lower(rbp)), "add r8d, ebp", "41 01 e8"],
  [(code) => code.add(rcx, 64), "add rcx, 64", "48 83 c1 40"],
  [(code) => code.add(r11, 4096), "add r11, 4096", "49 81 c3 00 10 00 00"],
  [(code) => code.add(rcx, at(rax, 0, r10, 2)), "add rcx, qword ptr [rax+r10*2]", "4a 03 0c 50"],
  [(code) => code.add(at(rax), lower(rsi)), "add dword ptr [rax], esi", "01 30"],
  [(code) => code.add(at(rax, 8), 3), "add dword ptr [rax+8], 3", "83 40 08 03"],
  [(code) => code.or(rcx, r8), "or rcx, r8", "4c 09 c1"],
  [(code) => code.or(lower(r8), lower(rbp)), "or r8d, ebp", "41 09 e8"],
  [(code) => code.or(rcx, 64), "or rcx, 64", "48 83 c9 40"],
  [(code) => code.or(r11, 4096), "or r11, 4096", "49 81 cb 00 10 00 00"],
  [(code) => code.or(rcx, at(rax, 0, r10, 2)), "or rcx, qword ptr [rax+r10*2]", "4a 0b 0c 50"],
  [(code) => code.or(at(rax), lower(rsi)), "or dword ptr [rax], esi", "09 30"],
  [(code) => code.or(at(rax, 8), 3), "or dword ptr [rax+8], 3", "83 48 08 03"],
  [(code) => code.and(rcx, r8), "and rcx, r8", "4c 21 c1"],
  [(code) => code.and(lower(r8), lower(rbp)), "and r8d, ebp", "41 21 e8"],
  [(code) => code.and(rcx, 64), "and rcx, 64", "48 83 e1 40"],
  [(code) => code.and(r11, 4096), "and r11, 4096", "49 81 e3 00 10 00 00"],
  [(code) => code.and(rcx, at(rax, 0, r10, 2)), "and rcx, qword ptr [rax+r10*2]", "4a 23 0c 50"],
  [(code) => code.and(at(rax), lower(rsi)), "and dword ptr [rax], esi", "21 30"],
  [(code) => code.and(at(rax, 8), 3), "and dword ptr [rax+8], 3", "83 60 08 03"],
  [(code) => code.sub(rcx, r8), "sub rcx, r8", "4c 29 c1"],
  [(code) => code.sub(lower(r8), lower(rbp)), "sub r8d, ebp", "41 29 e8"],
  [(code) => code.sub(rcx, 64), "sub rcx, 64", "48 83 e9 40"],
  [(code) => code.sub(r11, 4096), "sub r11, 4096", "49 81 eb 00 10 00 00"],
  [(code) => code.sub(rcx, at(rax, 0, r10, 2)), "sub rcx, qword ptr [rax+r10*2]", "4a 2b 0c 50"],
  [(code) => code.sub(at(rax), lower(rsi)), "sub dword ptr [rax], esi", "29 30"],
  [(code) => code.sub(at(rax, 8), 3), "sub dword ptr [rax+8], 3", "83 68 08 03"],
  [(code) => code.xor(rcx, r8), "xor rcx, r8", "4c 31 c1"],
  [(code) => code.xor(lower(r8), lower(rbp)), "xor r8d, ebp", "41 31 e8"],
  [(code) => code.xor(rcx, 64), "xor rcx, 64", "48 83 f1 40"],
  [(code) => code.xor(r11, 4096), "xor r11, 4096", "49 81 f3 00 10 00 00"],
  [(code) => code.xor(rcx, at(rax, 0, r10, 2)), "xor rcx, qword ptr [rax+r10*2]", "4a 33 0c 50"],
  [(code) => code.xor(at(rax), lower(rsi)), "xor dword ptr [rax], esi", "31 30"],
  [(code) => code.xor(at(rax, 8), 3), "xor dword ptr [rax+8], 3", "83 70 08 03"],
  [(code) => code.cmp(rcx, r8), "cmp rcx, r8", "4c 39 c1"],
  [(code) => code.cmp(lower(r8), lower(rbp)), "cmp r8d, ebp", "41 39 e8"],
  [(code) => code.cmp(rcx, 64), "cmp rcx, 64", "48 83 f9 40"],
  [(code) => code.cmp(r11, 4096), "cmp r11, 4096", "49 81 fb 00 10 00 00"],
  [(code) => code.cmp(rcx, at(rax, 0, r10, 2)), "cmp rcx, qword ptr [rax+r10*2]", "4a 3b 0c 50"],
  [(code) => code.cmp(at(rax), lower(rsi)), "cmp dword ptr [rax], esi", "39 30"],
  [(code) => code.cmp(at(rax, 8), 3), "cmp dword ptr [rax+8], 3", "83 78 08 03"],
  [(code) => code.test(r9, rax), "test r9, rax", "49 85 c1"],
  [(code) => code.test(lower(rax), lower(rax)), "test eax, eax", "85 c0"],
  [(code) => code.imul(rax, r9), "imul rax, r9", "49 0f af c1"],
  [(code) => code.imul(rax, at(rdi, 8), 3136), "imul rax, qword ptr [rdi+8], 3136", "48 69 47 08 40 0c 00 00"],
  [(code) => code.inc(rax), "inc rax", "48 ff c0"],
  [(code) => code.dec(lower(r12)), "dec r12d", "41 ff cc"],
  [(code) => code.inc(at(rdi)), "inc dword ptr [rdi]", "ff 07"],
  [(code) => code.neg(rdx), "neg rdx", "48 f7 da"],
  [(code) => code.shl(r9, 6), "shl r9, 6", "49 c1 e1 06"],
  [(code) => code.shr(lower(rax), 4), "shr eax, 4", "c1 e8 04"],
  [(code) => code.sar(rax, 2), "sar rax, 2", "48 c1 f8 02"],
  [(code) => code.lea(r9, at(rax, 16, rcx, 4)), "lea r9, [rax+rcx*4+16]", "4c 8d 4c 88 10"],
  [(code) => code.movzx(lower(r9), at(rax, 0, r10)), "movzx r9d, byte ptr [rax+r10]", "46 0f b6 0c 10"],
  [(code) => code.push(rbx), "push rbx", "53"],
  [(code) => code.push(r15), "push r15", "41 57"],
  [(code) => code.pop(r12), "pop r12", "41 5c"],
  [(code) => code.pop(rbp), "pop rbp", "5d"],
  [(code) => code.call(rax), "call rax", "ff d0"],
  [(code) => code.call(r11), "call r11", "41 ff d3"],
  [(code) => code.jmp(r11), "jmp r11", "41 ff e3"],
  [(code) => code.ret(), "ret", "c3"],
  [(code) => code.lockXadd(at(rdi, 4), lower(rax)), "lock xadd dword ptr [rdi+4], eax", "f0 0f c1 47 04"],
  [(code) => code.xchg(at(rdi), lower(r9)), "xchg dword ptr [rdi], r9d", "44 87 0f"],
  [(code) => code.lockCmpxchg(at(r9), lower(rcx)), "lock cmpxchg dword ptr [r9], ecx", "f0 41 0f b1 09"],
  [(code) => code.pause(), "pause", "f3 90"],
  [(code) => code.mfence(), "mfence", "0f ae f0"],
  [(code) => code.syscall(), "syscall", "0f 05"],
  [(code) => code.rdtsc(), "rdtsc", "0f 31"],
  [(code) => code.rdtscp(), "rdtscp", "0f 01 f9"],
  [(code) => code.cpuid(), "cpuid", "0f a2"],
  [(code) => code.xgetbv(), "xgetbv", "0f 01 d0"],
  [(code) => code.prefetcht0(at(rax, 64)), "prefetcht0 [rax+64]", "0f 18 48 40"],
  [(code) => code.prefetcht1(at(r9)), "prefetcht1 [r9]", "41 0f 18 11"],
  [(code) => code.prefetchw(at(r9)), "prefetchw [r9]", "41 0f 0d 09"],
  [(code) => code.vzeroupper(), "vzeroupper", "c5 f8 77"]
]
