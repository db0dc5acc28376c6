/**
 * How TensorFlow.js kernels are recorded: a function from a kernel's inputs and attributes to graph values.
 */
import type { ElementType, Value } from "./Graph.ts"
import { cast } from "./Operators.ts"

/** TensorFlow.js names each kernel's inputs and attributes; each kernel here states its own, hence `any`. */
export type Kernel = (inputs: any, attributes: any) => Value | ReadonlyArray<Value>

export type Kernels = Readonly<Record<string, Kernel>>

/** A program uses something that cannot be recorded. */
export class NotRecordable extends Error {
  override readonly name = "NotRecordable"
}

/** Inputs of a kernel of one operand. */
export interface One {
  readonly x: Value
}

/** Inputs of a kernel of two operands. */
export interface Two {
  readonly a: Value
  readonly b: Value
}

/** Bytes as the `int32` that TensorFlow.js takes them for. */
export const widen = (x: Value): Value => (x.type === "uint8" ? cast(x, "int32") : x)

/** Kernels that take bytes as numbers, so that they meet no `uint8`. */
export const onNumbers = (kernels: Kernels): Kernels =>
  Object.fromEntries(
    Object.entries(kernels).map(([name, kernel]): [string, Kernel] => [
      name,
      (inputs: Readonly<Record<string, Value>>, attributes) =>
        kernel(Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, widen(value)])), attributes)
    ])
  )

/** Computes in another type and returns to the operands' own, for operators that know few types. */
export const through =
  (type: ElementType, f: (...operands: ReadonlyArray<Value>) => Value) =>
  (...operands: ReadonlyArray<Value>): Value =>
    cast(f(...operands.map((operand) => cast(operand, type))), operands[0]!.type)
