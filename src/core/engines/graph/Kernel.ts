/**
 * Recorded kernels: functions from a TensorFlow.js kernel's inputs and attributes to graph values.
 */
import type { ElementType, Value } from "./Graph.ts"
import { cast } from "./Operators.ts"

/** A recorded kernel. `any`, because each kernel declares its own inputs and attributes. */
export type Kernel = (inputs: any, attributes: any) => Value | ReadonlyArray<Value>

export type Kernels = Readonly<Record<string, Kernel>>

/** A program uses an operation that cannot be recorded. */
export class NotRecordable extends Error {
  override readonly name = "NotRecordable"
}

/** Inputs of a unary kernel. */
export interface One {
  readonly x: Value
}

/** Inputs of a binary kernel. */
export interface Two {
  readonly a: Value
  readonly b: Value
}

/** Converts bytes to `int32`, their type in TensorFlow.js. */
export const widen = (x: Value): Value => (x.type === "uint8" ? cast(x, "int32") : x)

/** Kernels whose `uint8` operands are widened first. */
export const onNumbers = (kernels: Kernels): Kernels =>
  Object.fromEntries(
    Object.entries(kernels).map(([name, kernel]): [string, Kernel] => [
      name,
      (inputs: Readonly<Record<string, Value>>, attributes) =>
        kernel(Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, widen(value)])), attributes)
    ])
  )

/** Computes in another type and casts back, for operators with few supported types. */
export const through =
  (type: ElementType, f: (...operands: ReadonlyArray<Value>) => Value) =>
  (...operands: ReadonlyArray<Value>): Value =>
    cast(f(...operands.map((operand) => cast(operand, type))), operands[0]!.type)
