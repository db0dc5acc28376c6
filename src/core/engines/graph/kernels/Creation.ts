/**
 * Creation of tensors.
 */
import { type FillAttrs, type LinSpaceAttrs, type OneHotAttrs, type RangeAttrs, util } from "@tensorflow/tfjs-core"
import type { Value } from "../Graph.ts"
import { type Kernels, type One, onNumbers } from "../Kernel.ts"
import * as Op from "../Operators.ts"
import { elementType } from "./Movement.ts"

const fill = (_: object, { shape, value, dtype }: FillAttrs): Value =>
  Op.expand(Op.scalar(Number(value), elementType(dtype ?? util.inferDtype(value))), shape)

const filledLike =
  (value: number) =>
  ({ x }: One): Value =>
    Op.expand(Op.like(x, value), x.shape)

const range = (_: object, { start, stop, step, dtype }: RangeAttrs): Value => {
  const count = Math.max(0, Math.ceil((stop - start) / step))
  return Op.vector(
    Array.from({ length: count }, (_, index) => start + index * step),
    dtype
  )
}

const linSpace = (_: object, { start, stop, num }: LinSpaceAttrs): Value =>
  Op.vector(
    Array.from({ length: num }, (_, index) => start + (index * (stop - start)) / Math.max(1, num - 1)),
    "float32"
  )

const oneHot = ({ indices }: { readonly indices: Value }, attributes: OneHotAttrs): Value => {
  const { depth, onValue, offValue, dtype } = attributes
  const classes = Op.vector(
    Array.from({ length: depth }, (_, index) => index),
    "int32"
  )
  const hot = Op.equal(Op.reshape(indices, [...indices.shape, 1]), classes)
  const chosen = Op.where(hot, Op.scalar(onValue), Op.scalar(offValue))
  return Op.cast(chosen, elementType(dtype))
}

export const creation: Kernels = onNumbers({
  Fill: fill,
  LinSpace: linSpace,
  OneHot: oneHot,
  OnesLike: filledLike(1),
  Range: range,
  ZerosLike: filledLike(0)
})
