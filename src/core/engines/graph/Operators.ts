/**
 * ONNX operators (operator set 18) as functions from values to values, with the shape and type of each result.
 *
 * Source: https://onnx.ai/onnx/operators/
 */
import { backend_util } from "@tensorflow/tfjs-core"
import type { Shape } from "../../Tensors.ts"
import type { Attribute, Constant, Elements, ElementType, Input, Operation, Value } from "./Graph.ts"

export const input = (name: string, type: ElementType, shape: Shape): Input => ({ kind: "input", name, type, shape })

export const constant = (type: ElementType, shape: Shape, values: Elements): Constant => ({
  kind: "constant",
  type,
  shape,
  values
})

/** Any operator. */
export const operation = (
  operator: string,
  inputs: ReadonlyArray<Value | undefined>,
  shape: Shape,
  type: ElementType,
  attributes: Readonly<Record<string, Attribute>> = {}
): Operation => ({ kind: "operation", operator, inputs, attributes, shape, type })

const fromNumbers: Record<ElementType, (values: ReadonlyArray<number>) => Elements> = {
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
  int32: (values) => Int32Array.from(values),
  int64: (values) => BigInt64Array.from(values, BigInt),
  uint32: (values) => Uint32Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  bool: (values) => Uint8Array.from(values)
}

/** A 1-D constant. */
export const vector = (values: ReadonlyArray<number>, type: ElementType): Constant =>
  constant(type, [values.length], fromNumbers[type](values))

/** A scalar constant. */
export const scalar = (value: number, type: ElementType = "float32"): Constant =>
  constant(type, [], fromNumbers[type]([value]))

/** A scalar constant with the type of another value. */
export const like = (other: Value, value: number): Constant => scalar(value, other.type)

/** A 1-D `int64` constant: shapes, axes, bounds. */
export const indices = (values: ReadonlyArray<number>): Constant => vector(values, "int64")

/**
 * The broadcast shape: axes are aligned at the end, and axes of length 1 are expanded.
 *
 * Throws an error that names incompatible shapes.
 */
export const broadcastShape = (...shapes: ReadonlyArray<Shape>): Shape =>
  shapes.reduce((a, b) => backend_util.assertAndGetBroadcastShape([...a], [...b]))

// Elementwise

/** A unary operator; default: the same type. */
export const unary = (
  operator: string,
  x: Value,
  type: ElementType = x.type,
  attributes: Readonly<Record<string, Attribute>> = {}
): Value => operation(operator, [x], x.shape, type, attributes)

/** A binary operator on operands of one type, broadcast; default: the same type. */
export const binary = (operator: string, a: Value, b: Value, type: ElementType = a.type): Value =>
  operation(operator, [a, b], broadcastShape(a.shape, b.shape), type)

export const add = (a: Value, b: Value): Value => binary("Add", a, b)
export const sub = (a: Value, b: Value): Value => binary("Sub", a, b)
export const mul = (a: Value, b: Value): Value => binary("Mul", a, b)
export const div = (a: Value, b: Value): Value => binary("Div", a, b)
export const max = (a: Value, b: Value): Value => binary("Max", a, b)
export const min = (a: Value, b: Value): Value => binary("Min", a, b)
export const less = (a: Value, b: Value): Value => binary("Less", a, b, "bool")
export const greater = (a: Value, b: Value): Value => binary("Greater", a, b, "bool")
export const equal = (a: Value, b: Value): Value => binary("Equal", a, b, "bool")
export const and = (a: Value, b: Value): Value => binary("And", a, b, "bool")
export const or = (a: Value, b: Value): Value => binary("Or", a, b, "bool")
export const not = (x: Value): Value => unary("Not", x)
export const abs = (x: Value): Value => unary("Abs", x)
export const exp = (x: Value): Value => unary("Exp", x)
export const log = (x: Value): Value => unary("Log", x)

/** `a` where the condition is true, else `b`. */
export const where = (condition: Value, a: Value, b: Value): Value =>
  operation("Where", [condition, a, b], broadcastShape(condition.shape, a.shape, b.shape), a.type)

/** Casts to another type; the identity if the type is equal. Numbers become `bool` as `x != 0`. */
export const cast = (x: Value, type: ElementType): Value =>
  x.type === type ? x : unary("Cast", x, type, { to: onnxType[type] })

/** ONNX's codes of element types. */
export const onnxType: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12
}

// Shapes

const equalShapes = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, axis) => n === b[axis])

/** Reshapes to another shape of the same size. */
export const reshape = (x: Value, shape: Shape): Value =>
  equalShapes(x.shape, shape) ? x : operation("Reshape", [x, indices(shape)], shape, x.type, { allowzero: 1 })

export const expand = (x: Value, shape: Shape): Value =>
  equalShapes(x.shape, shape) ? x : operation("Expand", [x, indices(shape)], shape, x.type)

/** Transposes; only a reshape if only axes of length 1 move. */
export const transpose = (x: Value, permutation: ReadonlyArray<number>): Value => {
  const shape = permutation.map((axis) => x.shape[axis]!)
  const moved = permutation.filter((axis) => x.shape[axis] !== 1)
  return moved.every((axis, index) => index === 0 || axis > moved[index - 1]!)
    ? reshape(x, shape)
    : operation("Transpose", [x], shape, x.type, { perm: permutation })
}

export const concat = (values: ReadonlyArray<Value>, axis: number): Value => {
  const first = values[0]!
  const length = values.reduce((sum, value) => sum + value.shape[axis]!, 0)
  return values.length === 1 ? first : operation("Concat", values, first.shape.with(axis, length), first.type, { axis })
}

/** A slice: from `begin`, `size` elements of every axis with stride `step`, which may be negative. */
export const slice = (
  x: Value,
  begin: ReadonlyArray<number>,
  size: ReadonlyArray<number>,
  step: ReadonlyArray<number> = begin.map(() => 1)
): Value => {
  if (equalShapes(x.shape, size) && step.every((n) => n === 1)) return x
  // A negative step past the first element has no non-negative end: -length - 1 is before the first element.
  const end = begin.map((first, axis) => {
    const past = first + size[axis]! * step[axis]!
    return past < 0 ? past - x.shape[axis]! : past
  })
  return operation(
    "Slice",
    [x, indices(begin), indices(end), indices(begin.map((_, i) => i)), indices(step)],
    size,
    x.type
  )
}

/** Pads each axis with a constant before and after; negative numbers crop. */
export const pad = (x: Value, paddings: ReadonlyArray<readonly [number, number]>, value: Value): Value =>
  paddings.every(([before, after]) => before === 0 && after === 0)
    ? x
    : operation(
        "Pad",
        [x, indices([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]), value],
        x.shape.map((length, axis) => paddings[axis]![0] + length + paddings[axis]![1]),
        x.type
      )

// Reductions and products

/** Reduces the given axes, which keep length 1 with `keepDims`. */
export const reduce = (operator: string, x: Value, axes: ReadonlyArray<number>, keepDims: boolean): Value => {
  const shape = x.shape.flatMap((length, axis) => (!axes.includes(axis) ? [length] : keepDims ? [1] : []))
  return axes.length === 0 ? x : operation(operator, [x, indices(axes)], shape, x.type, { keepdims: keepDims ? 1 : 0 })
}

/** `[m, k] · [k, n]`, either side transposed first. */
export const gemm = (a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value =>
  operation("Gemm", [a, b], [a.shape[transposeA ? 1 : 0]!, b.shape[transposeB ? 0 : 1]!], a.type, {
    transA: transposeA ? 1 : 0,
    transB: transposeB ? 1 : 0
  })

/** `[..., m, k] · [..., k, n]`, leading axes broadcast. */
export const matMul = (a: Value, b: Value): Value =>
  operation(
    "MatMul",
    [a, b],
    [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), a.shape.at(-2)!, b.shape.at(-1)!],
    a.type
  )

/** Gathers elements of one axis by indices of any shape. */
export const gather = (x: Value, at: Value, axis: number): Value =>
  operation("Gather", [x, at], [...x.shape.slice(0, axis), ...at.shape, ...x.shape.slice(axis + 1)], x.type, { axis })
