/**
 * What the rules of `stablehlo/` write operations with, and MLIR's text for types and attributes.
 *
 * Source: https://mlir.llvm.org/docs/LangRef/
 */
import type { Shape } from "../../Tensors.ts"
import type { Constant, ElementType, Operation } from "../graph/Graph.ts"

/** A value of the module: its name, its shape and its element type. */
export interface Ssa {
  readonly name: string
  readonly shape: Shape
  readonly type: ElementType
}

type Typed = Pick<Ssa, "shape" | "type">

/** What a rule writes with. */
export interface Emitter {
  /** An operation of one result. `attributes` and `region` are MLIR text. */
  readonly emit: (
    operator: string,
    operands: ReadonlyArray<Ssa>,
    result: Typed,
    attributes?: Readonly<Record<string, string>>,
    region?: string
  ) => Ssa
  /** The same number in every element. */
  readonly fill: (value: number, result: Typed) => Ssa
  /** A constant of several numbers. */
  readonly constant: (constant: Omit<Constant, "kind">) => Ssa
  /** An operation of several results. */
  readonly emitAll: (
    operator: string,
    operands: ReadonlyArray<Ssa>,
    results: ReadonlyArray<Typed>,
    attributes: Readonly<Record<string, string>>,
    region: string
  ) => ReadonlyArray<Ssa>
}

/** How an operator is written; `operands` are its inputs, written when they are asked for. */
export type Rule = (
  emitter: Emitter,
  operation: Operation,
  operand: (index: number) => Ssa,
  /** Whether the operator was given this input. */
  has: (index: number) => boolean
) => Ssa

const elementTypes: Readonly<Record<ElementType, string>> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  int64: "i64",
  uint32: "ui32",
  uint8: "ui8",
  bool: "i1"
}

/** `tensor<2x3xf32>`. */
export const typeText = ({ shape, type }: Typed): string => `tensor<${[...shape, elementTypes[type]].join("x")}>`

/** `array<i64: 1, 2>`. */
export const integers = (values: ReadonlyArray<number>): string =>
  values.length === 0 ? "array<i64>" : `array<i64: ${values.join(", ")}>`

/** A matrix of integers, such as one row of paddings per axis. */
export const matrix = (rows: ReadonlyArray<ReadonlyArray<number>>): string =>
  `dense<${JSON.stringify(rows)}> : tensor<${rows.length}x2xi64>`

/** A region of two scalars and one operation on them. */
export const combination = (operator: string, type: ElementType): string => {
  const scalar = typeText({ shape: [], type })
  return (
    `({ ^bb0(%a: ${scalar}, %b: ${scalar}): %c = "stablehlo.${operator}"(%a, %b) : (${scalar}, ${scalar}) -> ${scalar} ` +
    `"stablehlo.return"(%c) : (${scalar}) -> () })`
  )
}
