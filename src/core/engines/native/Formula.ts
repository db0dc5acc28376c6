/**
 * Values computed for all lanes of a vector, as a graph of vector operations before registers are assigned.
 *
 * Laws: a value is created once, however often it is asked for; formulas do not know where elements lie, nor how many
 * lanes a vector has.
 */
/** A vector of floats or integers. */
export interface Lanes {
  readonly kind: "lanes"
  readonly step: Step
}

/** One truth value per lane. */
export interface Truth {
  readonly kind: "truth"
  readonly step: Step
}

export type Item = Lanes | Truth

/** An operation, or a source of values. */
export type Step =
  | { readonly name: "load" | "loadTruth"; readonly leaf: number }
  /** The same 32 bits in every lane. */
  | { readonly name: "constant"; readonly bits: number }
  | {
      readonly name: Name
      readonly operands: ReadonlyArray<Item>
      readonly number?: number
    }

/** `a b + c` and `c - a b`, rounded once. */
export type Fused = "multiplyAdd" | "negativeMultiplyAdd"

/** Operations on floats. `min` and `max` return the second operand if either is NaN; `round` is to even. */
type FloatName = "add" | "sub" | "mul" | "div" | "min" | "max" | "sqrt" | "round" | "floor" | "ceil"
/** Operations on integers and bits. Shifts take their distance as a number. */
type IntegerName =
  | `${"add" | "sub" | "mul" | "min" | "max" | "abs"}Integer`
  | "and"
  | "or"
  | "xor"
  | "shiftLeft"
  | "shiftRight"
  | "shiftRightSigned"
/** Integers to floats, and floats to integers towards 0. */
type ConversionName = "toFloat" | "truncate"
type Comparison = "less" | "lessOrEqual" | "greater" | "greaterOrEqual" | "equal" | "notEqual"
/** Comparisons of floats are false if either is NaN, but for `notEqual` and `unordered`. */
type TruthName = Comparison | "unordered" | `${Comparison}Integer` | `${"and" | "or" | "xnor" | "not"}Truth`
/** Operations that only some instruction sets have, for their own {@link Primitives}. */
type PrimitiveName = "scale" | "exponent" | "mantissa"

/** `select` takes the condition, the value otherwise, and the value where the condition holds. */
export type Name = FloatName | IntegerName | ConversionName | TruthName | PrimitiveName | Fused | "select"

/** Parts of elementary functions that sets compute in their own ways, as formulas. */
export interface Primitives {
  /** `x 2^n` for a whole number `n` of at most 150 in size and `x` in [1/2, 2], rounded once. */
  readonly scaled: (formula: Formula, x: Lanes, n: Lanes) => Lanes
  /**
   * `x = m 2^e` with `m` in [1, 2) for positive `x`; `m` is 1 and `e` infinite for infinity, `m` is NaN for NaN and below
   * 0, anything for 0.
   */
  readonly split: (formula: Formula, x: Lanes) => { readonly m: Lanes; readonly e: Lanes }
}

/** Creates the values of one formula. */
export interface Formula {
  readonly primitives: Primitives
  readonly load: (leaf: number) => Lanes
  /** Whether a byte is not 0. */
  readonly loadTruth: (leaf: number) => Truth
  readonly float: (value: number) => Lanes
  readonly integer: (value: number) => Lanes
  readonly lanes: (name: Name, operands: ReadonlyArray<Item>, number?: number) => Lanes
  readonly truth: (name: Name, operands: ReadonlyArray<Item>, number?: number) => Truth
}

/** The bits of a float32. */
export const bitsOf = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!

/** The same 32 bits in every lane, outside of any formula. */
export const constantItem = (bits: number): Lanes => ({ kind: "lanes", step: { name: "constant", bits } })

export const make = (primitives: Primitives): Formula => {
  const known = new Map<string, Item>()
  const numbers = new Map<Item, number>()
  const once = <A extends Item>(key: string, item: () => A): A => {
    const found = known.get(key) ?? item()
    known.set(key, found)
    numbers.set(found, numbers.get(found) ?? numbers.size)
    return found as A
  }
  const constant = (bits: number): Lanes => once(`constant ${bits}`, () => constantItem(bits))
  const made =
    <Kind extends "lanes" | "truth">(kind: Kind) =>
    (name: Name, operands: ReadonlyArray<Item>, number?: number) => {
      const step = { name, operands, ...(number !== undefined && { number }) }
      const key = `${kind} ${name} ${operands.map((operand) => numbers.get(operand)).join()} ${number}`
      return once(key, () => ({ kind, step }) as Item)
    }
  return {
    primitives,
    load: (leaf) => once(`load ${leaf}`, () => ({ kind: "lanes", step: { name: "load", leaf } })),
    loadTruth: (leaf) => once(`truth of ${leaf}`, () => ({ kind: "truth", step: { name: "loadTruth", leaf } })),
    float: (value) => constant(bitsOf(value)),
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
