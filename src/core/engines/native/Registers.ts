/**
 * Writes a formula's instructions for one pass of a loop: who is in which register, and who waits in memory meanwhile.
 *
 * A value that no register is left for is the one that is needed last. It goes to the stack, unless it can be made again
 * from where it came.
 */
import type { Assembler } from "./Assembler.ts"
import { type Fused, type Item, inOrder, operandsOf } from "./Formula.ts"
import { at, broadcast, k, type Memory, rsp, zmm } from "./Operands.ts"
import { Unsupported } from "./Unsupported.ts"

/** What a pass reads and what becomes of its results. */
export interface Pass {
  /** In order; each is used as soon as it is known. */
  readonly results: ReadonlyArray<{ readonly item: Item; readonly use: (register: number) => void }>
  readonly load: (item: Item, register: number) => void
  /** Values that stay in their registers. */
  readonly pinned: ReadonlyMap<Item, number>
  /** Registers of vectors that the pass leaves alone. */
  readonly reserved: ReadonlyArray<number>
}

/** Bytes of the stack that a pass may use, from `rsp` on. */
export const stackBytes = 64 * 32

/** Vector 31 and masks 6 and 7 are left to the loop. */
const pools = { lanes: 31, truth: 6 }
const firstOf = { lanes: 0, truth: 1 }

export const emitPass = (code: Assembler, { load, pinned, reserved, results }: Pass): void => {
  const order: Array<Item> = []
  const resultsAfter = new Map<Item, Array<(register: number) => void>>()
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
  const registers = new Map<Item, number>(pinned)
  const waiting = new Map<Item, number>()
  const free = {
    lanes: Array.from({ length: pools.lanes }, (_, index) => index).filter((index) => !taken.has(index)),
    truth: Array.from({ length: pools.truth - 1 }, (_, index) => firstOf.truth + index)
  }
  let position = 0
  let spilled = 0

  const nextUse = (item: Item): number => uses.get(item)?.find((use) => use >= position) ?? Number.POSITIVE_INFINITY
  const isSource = ({ step: { name } }: Item): boolean => name === "load" || name === "loadTruth" || name === "constant"
  const stackPlace = (item: Item): Memory => at(rsp, 64 * waiting.get(item)!)

  const evict = (kind: Item["kind"], kept: ReadonlyArray<Item>): void => {
    const candidates = [...registers.keys()].filter(
      (item) => item.kind === kind && !pinned.has(item) && !kept.includes(item)
    )
    const victim = candidates.reduce((one, other) => (nextUse(other) > nextUse(one) ? other : one))
    if (!isSource(victim) && !waiting.has(victim)) {
      waiting.set(victim, spilled++)
      if (64 * spilled > stackBytes) throw new Unsupported("a chain of operators needs too many values at once")
      if (kind === "lanes") code.vmovups(stackPlace(victim), zmm(registers.get(victim)!))
      else code.kmovw(stackPlace(victim), k(registers.get(victim)!))
    }
    release(victim)
  }
  const release = (item: Item): void => {
    const register = registers.get(item)
    if (register === undefined || pinned.has(item)) return
    free[item.kind].push(register)
    registers.delete(item)
  }
  const allocate = (item: Item, kept: ReadonlyArray<Item>): number => {
    if (free[item.kind].length === 0) evict(item.kind, kept)
    const register = free[item.kind].pop()!
    registers.set(item, register)
    return register
  }
  const constantPlace = (bits: number): Memory => broadcast(code.constant(Int32Array.of(bits)))

  /** Its register, into which it is brought if it is not there. */
  const inRegister = (item: Item, kept: ReadonlyArray<Item>): number => {
    const present = registers.get(item)
    if (present !== undefined) return present
    const register = allocate(item, kept)
    const { step } = item
    if (step.name === "constant") code.vbroadcastss(zmm(register), { ...constantPlace(step.bits), broadcast: false })
    else if (isSource(item)) load(item, register)
    else if (item.kind === "lanes") code.vmovups(zmm(register), stackPlace(item))
    else code.kmovw(k(register), stackPlace(item))
    return register
  }
  /** Where an instruction finds its last operand. */
  const place = (item: Item, kept: ReadonlyArray<Item>) => {
    if (!registers.has(item) && item.step.name === "constant") return constantPlace(item.step.bits)
    if (!registers.has(item) && waiting.has(item) && item.kind === "lanes") return stackPlace(item)
    return zmm(inRegister(item, kept))
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

  /** `a b + c` and `c - a b` overwrite one of their operands. */
  const emitFused = (name: Fused, item: Item, [a, b, c]: ReadonlyArray<Item>): void => {
    const operands = [a!, b!, c!]
    const into = (victim: Item): void => {
      const register = registers.get(victim)!
      registers.delete(victim)
      registers.set(item, register)
    }
    if (c!.step.name !== "constant" && diesHere(c!)) {
      const register = zmm(inRegister(c!, operands))
      code[`${name}231ps`](register, zmm(inRegister(a!, operands)), place(b!, operands))
      into(c!)
    } else {
      const [victim, other] = b!.step.name !== "constant" && diesHere(b!) && !diesHere(a!) ? [b!, a!] : [a!, b!]
      const from = zmm(inRegister(victim, operands))
      const factor = zmm(inRegister(other, operands))
      const addend = place(c!, operands)
      if (diesHere(victim)) {
        code[`${name}213ps`](from, factor, addend)
        into(victim)
      } else {
        const register = zmm(allocate(item, operands))
        code.vmovaps(register, from)
        code[`${name}213ps`](register, factor, addend)
      }
    }
    releaseDead(operands)
  }

  const emit = (item: Item): void => {
    const { step } = item
    if (!("operands" in step)) return
    const { name, number, operands } = step
    if (name === "vfmadd" || name === "vfnmadd") return emitFused(name, item, operands)
    // The last operand may be in memory; it is asked for last, so that the others are there.
    const first = operands.slice(0, -1).map((operand) => inRegister(operand, operands))
    const last = operands.at(-1)!
    const lastPlace = last.kind === "truth" ? k(inRegister(last, operands)) : place(last, operands)
    releaseDead(operands)
    const live = operands.filter((operand) => registers.has(operand))
    const register = allocate(item, live)
    // The tables of instructions say how many operands each has; `Formula.Name` is the union of their names.
    const write = code[name as "vaddps"] as (...operands: ReadonlyArray<unknown>) => void
    const to = item.kind === "lanes" ? zmm(register) : k(register)
    const numbers = number === undefined ? [] : [number]
    if (name === "vblendmps") write(to, zmm(first[1]!), lastPlace, k(first[0]!))
    else
      write(
        to,
        ...first.map((index, at) => (operands[at]!.kind === "lanes" ? zmm(index) : k(index))),
        lastPlace,
        ...numbers
      )
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
