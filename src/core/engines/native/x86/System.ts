/**
 * What code needs of the calling convention and of Linux on x86-64.
 *
 * Source: System V ABI for x86-64, 3.2; Linux, arch/x86/entry/syscalls/syscall_64.tbl; Intel manual, volume 3A, 9.2.2:
 * loads and stores of a thread are seen in order, except where it reads after it has written.
 */
import type { System, SystemCall } from "../Assembler.ts"
import type { GeneralInstructions } from "./GeneralInstructions.ts"
import { at, lower, r12, r13, r14, r15, rax, rbp, rbx, rcx, rdi, rdx } from "./Operands.ts"

const numbers: Record<SystemCall, number> = { schedYield: 24, futex: 202, schedSetaffinity: 203 }
const calleeSaved = [rbx, rbp, r12, r13, r14, r15]

export const make = (code: GeneralInstructions): System => ({
  enter: () => calleeSaved.forEach((register) => code.push(register)),
  leave: () => {
    code.vzeroupper()
    calleeSaved.toReversed().forEach((register) => code.pop(register))
    code.ret()
  },
  endVectors: () => code.vzeroupper(),
  systemCall: (name) => {
    code.mov(rax, numbers[name])
    code.syscall()
  },
  loadAcquire: (to, from) => code.mov(to, from),
  storeRelease: (to, from) => code.mov(to, from),
  storeTime: (address) => {
    code.rdtsc()
    code.mov(rdi, address)
    code.mov(at(rdi), lower(rax))
    code.mov(at(rdi, 4), lower(rdx))
  },
  storeProcessor: (address) => {
    code.rdtscp()
    code.mov(rdi, address)
    code.mov(at(rdi), lower(rcx))
  }
})
