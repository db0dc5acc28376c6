/**
 * Elementwise arithmetic with broadcasting.
 */
import type { ElementType, Value } from "../Graph.ts"
import { type Kernels, onNumbers, through, type Two } from "../Kernel.ts"
import * as Op from "../Operators.ts"

const widths: ReadonlyArray<ElementType> = ["bool", "int32", "float32"]

/** Casts both operands to the wider of their types, as TensorFlow.js does. */
const aligned =
  (f: (a: Value, b: Value) => Value) =>
  ({ a, b }: Two): Value => {
    const type = widths[Math.max(widths.indexOf(a.type), widths.indexOf(b.type))]!
    return f(Op.cast(a, type), Op.cast(b, type))
  }

/** An integer result, 0 where the divisor is 0 as in TensorFlow.js; onnxruntime's integer division would crash. */
const unlessZero = (divisor: Value, f: (divisor: Value) => Value): Value => {
  const isZero = Op.equal(divisor, Op.like(divisor, 0))
  return Op.where(isZero, Op.scalar(0, "int32"), f(Op.where(isZero, Op.like(divisor, 1), divisor)))
}

/** `floor(a / b)` as `int32`; through `float64`, which holds every `int32`. */
const floorDiv = (a: Value, b: Value): Value =>
  unlessZero(b, (divisor) =>
    Op.cast(Op.unary("Floor", Op.div(Op.cast(a, "float64"), Op.cast(divisor, "float64"))), "int32")
  )

const remainder = (a: Value, b: Value): Value =>
  Op.operation("Mod", [a, b], Op.broadcastShape(a.shape, b.shape), a.type, { fmod: 1 })

/** The remainder with the sign of the divisor. */
const mod = (a: Value, b: Value): Value => {
  const truncated = remainder(a, b)
  const sameSign = Op.equal(Op.less(a, Op.like(a, 0)), Op.less(b, Op.like(b, 0)))
  return Op.where(sameSign, truncated, remainder(Op.add(truncated, b), b))
}

const squaredDifference = (a: Value, b: Value): Value => {
  const difference = Op.sub(a, b)
  return Op.mul(difference, difference)
}

export const arithmetic: Kernels = onNumbers({
  Add: aligned(Op.add),
  AddN: (inputs: Readonly<Record<string, Value>>) => Object.values(inputs).reduce(Op.add),
  FloorDiv: aligned(floorDiv),
  Maximum: aligned(Op.max),
  Minimum: aligned(Op.min),
  Mod: aligned((a, b) =>
    a.type === "int32" ? unlessZero(b, (divisor) => through("float64", mod)(a, divisor)) : mod(a, b)
  ),
  Multiply: aligned(Op.mul),
  Pow: aligned((a, b) => Op.binary("Pow", a, b)),
  Prelu: ({ x, alpha }: { readonly x: Value; readonly alpha: Value }) =>
    Op.where(Op.less(x, Op.like(x, 0)), Op.mul(x, alpha), x),
  RealDiv: aligned(Op.div),
  SquaredDifference: aligned(squaredDifference),
  Sub: aligned(Op.sub)
})
