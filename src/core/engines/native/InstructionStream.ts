/** The machine code of each thread: the main loop of pool threads, and each thread's share of compiled phases. */
import { arrive, awaitCaller, awaitOthers, type Layout, release } from "./Barrier.ts"
import type { Assembler, InstructionSet } from "./InstructionSet.ts"
import { type Address, processorsBytes } from "./Libc.ts"
import type { Phase, Share } from "./Phase.ts"
import { at, lower, r15, rax, rbx, rdi, rdx, rsi } from "./x86/Operands.ts"

/** Time stamps: where they are stored, and whether each phase is stamped. */
export interface Stamping {
  readonly address: Address
  readonly ofPhases: boolean
}

/**
 * A pool thread keeps away from the caller's processor. On a busy machine both can end up on one, where they take turns by
 * yielding; to the scheduler that looks balanced, so it would leave them there.
 */
const avoidCaller = (code: Assembler, layout: Layout, thread: number, processors: number): void => {
  const apart = code.label()
  code.mov(rdi, layout.callerAt)
  code.mov(lower(rdx), at(rdi))
  code.mov(rdi, layout.avoidedBy(thread))
  code.cmp(lower(rdx), at(rdi))
  code.je(apart)
  code.mov(at(rdi), lower(rdx))
  code.and(lower(rdx), 0xfff)
  code.cmp(rdx, processors)
  code.jae(apart)
  code.imul(rdx, rdx, processorsBytes)
  code.mov(rax, layout.others)
  code.add(rdx, rax)
  code.mov(rdi, 0)
  code.mov(rsi, processorsBytes)
  code.systemCall("schedSetaffinity")
  code.bind(apart)
}

/** The main loop of a pool thread: it waits for the caller's count, runs its share, and waits again. */
export const workerCode = (layout: Layout, thread: number, processors: number, set: InstructionSet): Assembler => {
  const code = set.assembler()
  const [idle, exit] = [code.label(), code.label()]
  code.enter()
  code.bind(idle)
  arrive(code, layout, thread)
  awaitCaller(code, layout)
  code.mov(rax, layout.table)
  code.mov(r15, at(rax))
  code.test(r15, r15)
  code.je(exit)
  avoidCaller(code, layout, thread, processors)
  code.mov(rax, layout.entryOf(thread))
  code.mov(rax, at(rax))
  code.call(rax)
  code.jmp(idle)
  code.bind(exit)
  code.leave()
  return code
}

/**
 * One thread's share of all phases. The caller's begins by releasing the others, follows the C calling convention, and ends
 * when the others wait for the next release: only then is no thread in this code any more, which may be unmapped. It
 * stamps the time at its start and end, and between phases if asked.
 */
export const streamOf = (
  phases: ReadonlyArray<Phase>,
  layout: Layout,
  share: Share,
  { address: stampsAt, ofPhases }: Stamping,
  set: InstructionSet
): Assembler => {
  const { thread, threads } = share
  const code = set.assembler()
  const barrier = code.label()
  const stamp = (index: number): void => {
    if (thread > 0) return
    code.storeTime(stampsAt + 8n * BigInt(index))
  }
  if (thread === 0) {
    code.enter()
    code.mov(r15, rdi)
    stamp(0)
    if (threads > 1) release(code, layout)
  }
  phases.forEach((phase, index) => {
    if (threads > 1 && index > 0) code.call(barrier)
    if (ofPhases && index > 0) stamp(index)
    phase.emit(code, share)
  })
  if (thread === 0) {
    if (threads > 1) {
      code.mov(rdi, layout.countOf(0))
      code.mov(lower(rbx), at(rdi))
      code.inc(lower(rbx))
      awaitOthers(code, layout, share)
    }
    stamp(phases.length)
    code.leave()
  } else {
    code.endVectors()
    code.ret()
  }
  code.bind(barrier)
  arrive(code, layout, thread)
  awaitOthers(code, layout, share)
  code.ret()
  return code
}
