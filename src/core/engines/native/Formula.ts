/**
 * What is computed for 16 elements at once, before it has registers: values made by vector instructions from each other.
 *
 * Laws: a value is made once, however often it is asked for; nothing here knows where elements lie.
 */
import type * as Instructions from "./Instructions.ts"

/** 16 floats or integers. */
export interface Lanes {
  readonly kind: "lanes"
  readonly step: Step
}

/** 16 truth values. */
export interface Truth {
  readonly kind: "truth"
  readonly step: Step
}

export type Item = Lanes | Truth

/** An instruction by its name in the assembler, or one of the sources. */
export type Step =
  | { readonly name: "load" | "loadTruth"; readonly leaf: number }
  /** The same 32 bits in every lane. */
  | { readonly name: "constant"; readonly bits: number }
  | {
      readonly name: Name
      readonly operands: ReadonlyArray<Item>
      readonly number?: number
    }

export type Fused = "vfmadd" | "vfnmadd"
export type Logic = "kandw" | "korw" | "kxnorw" | "knotw"
export type Name =
  | keyof typeof Instructions.binary
  | keyof typeof Instructions.unary
  | keyof typeof Instructions.unaryWithNumber
  | keyof typeof Instructions.shifts
  | keyof typeof Instructions.comparisons
  | Fused
  | Logic

/** Makes the values of one formula. */
export interface Formula {
  readonly load: (leaf: number) => Lanes
  /** Bytes that are 0 or not. */
  readonly loadTruth: (leaf: number) => Truth
  readonly float: (value: number) => Lanes
  readonly integer: (value: number) => Lanes
  readonly lanes: (name: Name, operands: ReadonlyArray<Item>, number?: number) => Lanes
  readonly truth: (name: Name, operands: ReadonlyArray<Item>, number?: number) => Truth
}

export const make = (): Formula => {
  const known = new Map<string, Item>()
  const numbers = new Map<Item, number>()
  const once = <A extends Item>(key: string, item: () => A): A => {
    const found = known.get(key) ?? item()
    known.set(key, found)
    numbers.set(found, numbers.get(found) ?? numbers.size)
    return found as A
  }
  const constant = (bits: number): Lanes =>
    once(`constant ${bits}`, () => ({ kind: "lanes", step: { name: "constant", bits } }))
  const made =
    <Kind extends "lanes" | "truth">(kind: Kind) =>
    (name: Name, operands: ReadonlyArray<Item>, number?: number) => {
      const step = { name, operands, ...(number !== undefined && { number }) }
      const key = `${kind} ${name} ${operands.map((operand) => numbers.get(operand)).join()} ${number}`
      return once(key, () => ({ kind, step }) as Item)
    }
  return {
    load: (leaf) => once(`load ${leaf}`, () => ({ kind: "lanes", step: { name: "load", leaf } })),
    loadTruth: (leaf) => once(`truth of ${leaf}`, () => ({ kind: "truth", step: { name: "loadTruth", leaf } })),
    float: (value) => constant(new Int32Array(Float32Array.of(value).buffer)[0]!),
    integer: (value) => constant(value | 0),
    lanes: made("lanes") as Formula["lanes"],
    truth: made("truth") as Formula["truth"]
  }
}

/** An item's operands. */
export const operandsOf = ({ step }: Item): ReadonlyArray<Item> => ("operands" in step ? step.operands : [])

/** The items that some items need, each after its operands. */
export const inOrder = (items: Iterable<Item>): ReadonlyArray<Item> => {
  const done = new Set<Item>()
  const visit = (item: Item): void => {
    if (done.has(item)) return
    operandsOf(item).forEach(visit)
    done.add(item)
  }
  for (const item of items) visit(item)
  return [...done]
}
