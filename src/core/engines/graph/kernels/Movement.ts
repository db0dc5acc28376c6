/**
 * Kernels that only move elements, so that bytes stay bytes.
 */
import {
  type CastAttrs,
  type ConcatAttrs,
  type DataType,
  type ExpandDimsAttrs,
  type PackAttrs,
  type PadV2Attrs,
  type ReshapeAttrs,
  type ReverseAttrs,
  type SliceAttrs,
  slice_util,
  type SplitVAttrs,
  type StridedSliceAttrs,
  type TileAttrs,
  type TransposeAttrs,
  type UnpackAttrs,
  backend_util,
  util
} from "@tensorflow/tfjs-core"
import { sizeOf } from "../../../Tensors.ts"
import type { ElementType, Value } from "../Graph.ts"
import { type Kernels, NotRecordable, type One, widen } from "../Kernel.ts"
import * as Op from "../Operators.ts"

type Many = Readonly<Record<string, Value>>

/** The graph's type for a TensorFlow.js type. */
export const elementType = (dtype: DataType): ElementType => {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype
  throw new NotRecordable(`tensors of type ${dtype} cannot be recorded; use float32, int32 or bool`)
}

/** The common type of operands: bytes and other integers become integers. */
const alike = (values: ReadonlyArray<Value>): ReadonlyArray<Value> =>
  values.every(({ type }) => type === "uint8") ? values : values.map(widen)

const axisOf = (axis: number, x: Value): number => util.parseAxisParam(axis, [...x.shape])[0]!

const concat = (inputs: Many, { axis }: ConcatAttrs): Value => {
  const values = alike(Object.values(inputs))
  // TensorFlow.js accepts empty tensors of any length along the axis.
  const filled = values.filter((value) => sizeOf(value.shape) > 0)
  return Op.concat(filled.length === 0 ? values : filled, axisOf(axis, values[0]!))
}

const inserted = (x: Value, axis: number): Value => Op.reshape(x, x.shape.toSpliced(axis, 0, 1))

const pack = (inputs: Many, { axis }: PackAttrs): Value => {
  const values = alike(Object.values(inputs))
  const along = axis < 0 ? axis + values[0]!.shape.length + 1 : axis
  return Op.concat(
    values.map((value) => inserted(value, along)),
    along
  )
}

/** Splits along an axis into parts of the given lengths. */
const pieces = (x: Value, axis: number, lengths: ReadonlyArray<number>): ReadonlyArray<Value> => {
  let begin = 0
  return lengths.map((length) => {
    const piece = Op.slice(
      x,
      x.shape.map((_, index) => (index === axis ? begin : 0)),
      x.shape.with(axis, length)
    )
    begin += length
    return piece
  })
}

const split = ({ x }: One, { numOrSizeSplits, axis }: SplitVAttrs): ReadonlyArray<Value> => {
  const along = axisOf(axis, x)
  // `prepareSplitSize` reads only the shape.
  const lengths = backend_util.prepareSplitSize({ shape: x.shape } as never, numOrSizeSplits, along)
  return pieces(x, along, lengths)
}

const unpack = ({ value }: { readonly value: Value }, { axis }: UnpackAttrs): ReadonlyArray<Value> => {
  const along = axisOf(axis, value)
  const shape = value.shape.toSpliced(along, 1)
  const ones = Array<number>(value.shape[along]!).fill(1)
  return pieces(value, along, ones).map((piece) => Op.reshape(piece, shape))
}

const slice = ({ x }: One, { begin, size }: SliceAttrs): Value => {
  // `parseSliceParams` reads only the shape.
  const [first, lengths] = slice_util.parseSliceParams({ shape: x.shape, rank: x.shape.length } as never, begin, size)
  return Op.slice(x, first!, lengths!)
}

const stridedSlice = ({ x }: One, attributes: StridedSliceAttrs): Value => {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attributes
  const info = slice_util.sliceInfo(
    [...x.shape],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask
  )
  const size = slice_util.computeOutShape(info.begin, info.end, info.strides).map((length) => Math.max(0, length))
  return Op.reshape(Op.slice(x, info.begin, size, info.strides), info.finalShape)
}

/** Repeats axes; an axis of length 1 is expanded, which simplification can remove. */
const tile = ({ x }: One, { reps }: TileAttrs): Value => {
  const shape = x.shape.map((length, axis) => length * reps[axis]!)
  const stretches = x.shape.every((length, axis) => length === 1 || reps[axis] === 1)
  return stretches ? Op.expand(x, shape) : Op.operation("Tile", [x, Op.indices(reps)], shape, x.type)
}

const reverse = ({ x }: One, { dims }: ReverseAttrs): Value => {
  const axes = util.parseAxisParam(dims, [...x.shape])
  const begin = x.shape.map((length, axis) => (axes.includes(axis) ? length - 1 : 0))
  return Op.slice(
    x,
    begin,
    x.shape,
    x.shape.map((_, axis) => (axes.includes(axis) ? -1 : 1))
  )
}

const reshape = ({ x }: One, { shape }: ReshapeAttrs): Value => {
  const size = sizeOf(x.shape)
  const inferred = util.inferFromImplicitShape([...shape], size)
  if (sizeOf(inferred) !== size) {
    throw new NotRecordable(`reshape: [${x.shape}] has ${size} elements, [${shape}] has ${sizeOf(inferred)}`)
  }
  return Op.reshape(x, inferred)
}

export const movement: Kernels = {
  Cast: ({ x }: One, { dtype }: CastAttrs) =>
    dtype === "int32" && x.type === "uint8" ? x : Op.cast(x, elementType(dtype)),
  Concat: concat,
  ExpandDims: ({ input }: { readonly input: Value }, { dim }: ExpandDimsAttrs) =>
    inserted(input, dim < 0 ? dim + input.shape.length + 1 : dim),
  Identity: ({ x }: One) => x,
  Pack: pack,
  PadV2: ({ x }: One, { paddings, constantValue }: PadV2Attrs) => Op.pad(x, paddings, Op.like(x, constantValue)),
  Reshape: reshape,
  Reverse: reverse,
  Slice: slice,
  SplitV: split,
  StridedSlice: stridedSlice,
  Tile: tile,
  Transpose: ({ x }: One, { perm }: TransposeAttrs) => Op.transpose(x, perm),
  Unpack: unpack
}
