/**
 * What the processor can do. On x86-64 it is asked with the CPUID instruction: `/proc/cpuinfo` may be missing or incomplete
 * in a container. On arm64, Linux does not run without NEON (`asimd`).
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, CPUID and XGETBV.
 */
import { Effect } from "effect"
import type { Feature } from "./InstructionSet.ts"
import type { Libc, NativeUnavailable } from "./Libc.ts"
import * as Assembler from "./x86/Assembler.ts"
import { at, lower, r8, rax, rbx, rcx, rdi, rdx } from "./x86/Operands.ts"

/** What CPUID and XGETBV report; a register that was not asked for is 0. */
interface Report {
  /** `ecx` of leaf 1. */
  readonly basic: number
  /** `ebx` of leaf 7. */
  readonly extended: number
  /** `edx` of leaf 0x80000001. */
  readonly amd: number
  /** The vector registers that the operating system saves. */
  readonly saved: number
}

const bit = (value: number, position: number): boolean => ((value >>> position) & 1) === 1

/** A function that stores a {@link Report} of 32-bit words at its argument. */
const reportCode = (): Uint8Array => {
  const code = Assembler.make()
  const [noLeaf, noSaved] = [code.label(), code.label()]
  const ask = (leaf: number): void => {
    code.mov(lower(rax), leaf)
    code.mov(lower(rcx), 0)
    code.cpuid()
  }
  code.push(rbx)
  code.mov(r8, rdi)
  ask(1)
  code.mov(at(r8, 0), lower(rcx))
  // XGETBV exists only if the operating system has enabled it.
  code.and(lower(rcx), 1 << 27)
  code.je(noSaved)
  code.mov(lower(rcx), 0)
  code.xgetbv()
  code.mov(at(r8, 12), lower(rax))
  code.bind(noSaved)
  ask(0)
  code.cmp(lower(rax), 7)
  code.jb(noLeaf)
  ask(7)
  code.mov(at(r8, 4), lower(rbx))
  code.bind(noLeaf)
  ask(0x80000001)
  code.mov(at(r8, 8), lower(rdx))
  code.pop(rbx)
  code.ret()
  return code.finish().bytes
}

type X86Feature = Exclude<Feature, "asimd">

/** The features in a report. Vector features need registers that the operating system saves. */
const featuresOf = ({ amd, basic, extended, saved }: Report): ReadonlyArray<Feature> => {
  const savesAvx = (saved & 0b110) === 0b110 && bit(basic, 28)
  const savesAvx512 = savesAvx && (saved & 0b11100000) === 0b11100000
  const present: Record<X86Feature, boolean> = {
    avx2: savesAvx && bit(extended, 5),
    fma: savesAvx && bit(basic, 12),
    avx512f: savesAvx512 && bit(extended, 16),
    avx512dq: savesAvx512 && bit(extended, 17),
    avx512bw: savesAvx512 && bit(extended, 30),
    avx512vl: savesAvx512 && bit(extended, 31),
    rdtscp: bit(amd, 27)
  }
  return (Object.keys(present) as Array<X86Feature>).filter((feature) => present[feature])
}

/** The features of this processor that instruction sets ask for. */
export const features = (libc: Libc): Effect.Effect<ReadonlySet<Feature>, NativeUnavailable> =>
  process.arch === "arm64"
    ? Effect.succeed(new Set<Feature>(["asimd"]))
    : Effect.scoped(
        Effect.gen(function* () {
          const { address, buffer } = yield* libc.reserve(16)
          libc.callable(yield* libc.load(reportCode()))(address)
          const [basic, extended, amd, saved] = new Uint32Array(buffer, 0, 4)
          return new Set<Feature>(featuresOf({ basic: basic!, extended: extended!, amd: amd!, saved: saved! }))
        })
      )
