/**
 * Emits the operations of a formula for one iteration of a loop: assigns registers, and spills to the stack.
 *
 * If no register is free, the value whose next use is furthest away gives up its own (Belady's rule). It is spilled,
 * unless it can be loaded again from where it came.
 *
 * Source: Belady 1966, A study of replacement algorithms for a virtual-storage computer,
 * https://doi.org/10.1147/sj.52.0078
 */
import { type Fused, type Item, inOrder, operandsOf } from "./Formula.ts"
import type { Assembler, Register, Truth } from "./InstructionSet.ts"
import { Unsupported } from "./Unsupported.ts"
import { at, type Memory, rsp } from "./x86/Operands.ts"

/** What an iteration reads and what becomes of its results. */
export interface Iteration {
  /** In order; each is used as soon as it is computed. */
  readonly results: ReadonlyArray<{ readonly item: Item; readonly use: (register: Register | Truth) => void }>
  readonly load: (item: Item, register: Register | Truth) => void
  /** Values that stay in their registers. */
  readonly pinned: ReadonlyMap<Item, Register>
  /** Vector registers that are not to be used. */
  readonly reserved: ReadonlyArray<Register>
}

/** Bytes of the stack that an iteration may use, from `rsp` on. */
export const stackBytes = 2048

type Pool = "vectors" | "truths"

export const emitIteration = (code: Assembler, { load, pinned, reserved, results }: Iteration): void => {
  const { simd } = code
  const order: Array<Item> = []
  const resultsAfter = new Map<Item, Array<(register: Register | Truth) => void>>()
  const seen = new Set<Item>()
  for (const { item, use } of results) {
    resultsAfter.set(item, [...(resultsAfter.get(item) ?? []), use])
    for (const needed of inOrder([item])) if (!seen.has(needed)) order.push(seen.add(needed) && needed)
  }
  const uses = new Map<Item, Array<number>>()
  order.forEach((item, position) => {
    for (const operand of operandsOf(item)) uses.set(operand, [...(uses.get(operand) ?? []), position])
  })

  const taken = new Set([...pinned.values(), ...reserved])
  const registers = new Map<Item, Register | Truth>(pinned)
  const spilled = new Map<Item, number>()
  const free: Record<Pool, Array<number>> = {
    vectors: Array.from({ length: simd.loop.vectors }, (_, index) => index).filter((index) => !taken.has(index)),
    truths: [...(simd.loop.truths ?? [])]
  }
  let position = 0
  let slots = 0

  const poolOf = ({ kind }: Item): Pool => (kind === "truth" && simd.loop.truths !== undefined ? "truths" : "vectors")
  const nextUse = (item: Item): number => uses.get(item)?.find((use) => use >= position) ?? Number.POSITIVE_INFINITY
  const isSource = ({ step: { name } }: Item): boolean => name === "load" || name === "loadTruth" || name === "constant"
  const stackPlace = (item: Item): Memory => at(rsp, simd.bytes * spilled.get(item)!)

  const evict = (pool: Pool, kept: ReadonlyArray<Item>): void => {
    const candidates = [...registers.keys()].filter(
      (item) => poolOf(item) === pool && !pinned.has(item) && !kept.includes(item)
    )
    if (candidates.length === 0) throw new Unsupported("an operator with more operands than there are registers")
    const victim = candidates.reduce((one, other) => (nextUse(other) > nextUse(one) ? other : one))
    if (!isSource(victim) && !spilled.has(victim)) {
      spilled.set(victim, slots++)
      if (simd.bytes * slots > stackBytes) throw new Unsupported("a chain of operators needs too many values at once")
      simd[victim.kind === "lanes" ? "store" : "storeTruth"](stackPlace(victim), registers.get(victim)!)
    }
    release(victim)
  }
  const release = (item: Item): void => {
    const register = registers.get(item)
    if (register === undefined || pinned.has(item)) return
    free[poolOf(item)].push(register)
    registers.delete(item)
  }
  const allocate = (item: Item, kept: ReadonlyArray<Item>): number => {
    const pool = poolOf(item)
    if (free[pool].length === 0) evict(pool, kept)
    const register = free[pool].pop()!
    registers.set(item, register)
    return register
  }

  /** The item's register; it is loaded if it is not in one. */
  const inRegister = (item: Item, kept: ReadonlyArray<Item>): number => {
    const present = registers.get(item)
    if (present !== undefined) return present
    const register = allocate(item, kept)
    const { step } = item
    if (step.name === "constant") simd.fill(register, step.bits)
    else if (isSource(item)) load(item, register)
    else simd[item.kind === "lanes" ? "load" : "loadTruth"](register, stackPlace(item))
    return register
  }
  /** The item as an instruction's last operand, which may be in memory. */
  const place = (item: Item, kept: ReadonlyArray<Item>): number | Memory => {
    if (!registers.has(item) && item.step.name === "constant") return simd.constant(item.step.bits)
    if (!registers.has(item) && spilled.has(item) && item.kind === "lanes") return stackPlace(item)
    return inRegister(item, kept)
  }
  const releaseDead = (operands: ReadonlyArray<Item>): void => {
    position += 1
    for (const operand of operands) if (nextUse(operand) === Number.POSITIVE_INFINITY) release(operand)
    position -= 1
  }
  const diesHere = (item: Item): boolean => {
    const last = uses.get(item)!.at(-1)!
    return last === position && !pinned.has(item)
  }

  /** Fused operations overwrite one of their operands. */
  const emitFused = (name: Fused, item: Item, [a, b, c]: ReadonlyArray<Item>): void => {
    const negative = name === "negativeMultiplyAdd"
    const operands = [a!, b!, c!]
    const into = (victim: Item): void => {
      const register = registers.get(victim)!
      registers.delete(victim)
      registers.set(item, register)
    }
    if (c!.step.name !== "constant" && diesHere(c!)) {
      const register = inRegister(c!, operands)
      const factor = inRegister(a!, operands)
      simd.fusedIntoAddend(negative, register, factor, place(b!, operands))
      into(c!)
    } else {
      const [victim, other] = b!.step.name !== "constant" && diesHere(b!) && !diesHere(a!) ? [b!, a!] : [a!, b!]
      const from = inRegister(victim, operands)
      const factor = inRegister(other, operands)
      const addend = place(c!, operands)
      if (diesHere(victim)) {
        simd.fusedIntoFactor(negative, from, factor, addend)
        into(victim)
      } else {
        const register = allocate(item, operands)
        simd.move(register, from)
        simd.fusedIntoFactor(negative, register, factor, addend)
      }
    }
    releaseDead(operands)
  }

  const emit = (item: Item): void => {
    const { step } = item
    if (!("operands" in step)) return
    const { name, number, operands } = step
    if (name === "multiplyAdd" || name === "negativeMultiplyAdd") return emitFused(name, item, operands)
    // The last operand may be in memory; it is placed last, so that the others are in registers by then.
    const first = operands.slice(0, -1).map((operand) => inRegister(operand, operands))
    const last = operands.at(-1)!
    const lastPlace = last.kind === "truth" ? inRegister(last, operands) : place(last, operands)
    releaseDead(operands)
    const live = operands.filter((operand) => registers.has(operand))
    simd.compute[name]!(allocate(item, live), [...first, lastPlace], number)
  }

  for (const item of order) {
    emit(item)
    const after = resultsAfter.get(item) ?? []
    if (after.length > 0) {
      const register = inRegister(item, [])
      for (const use of after) use(register)
    }
    if (registers.has(item) && !uses.has(item)) release(item)
    position += 1
  }
}
