/**
 * Gathers and segment sums.
 */
import { type GatherV2Attrs, type UnsortedSegmentSumAttrs, util } from "@tensorflow/tfjs-core"
import type { Value } from "../Graph.ts"
import { type Kernels, NotRecordable, widen } from "../Kernel.ts"
import * as Op from "../Operators.ts"

/**
 * `int64` indices in which negative numbers become too large, so that they are errors instead of counting from the end.
 */
const unsigned = (indices: Value): Value => Op.cast(Op.cast(widen(indices), "uint32"), "int64")

/** Gathers bytes as bytes, so that only gathered ones are widened. */
const gather = ({ x, indices }: { readonly x: Value; readonly indices: Value }, attributes: GatherV2Attrs): Value => {
  if (attributes.batchDims > 0) {
    throw new NotRecordable("kernel GatherV2 is recorded without batch axes only (batchDims = 0)")
  }
  return Op.gather(x, unsigned(indices), util.parseAxisParam(attributes.axis, [...x.shape])[0]!)
}

/** Rows whose segment is out of range go to an additional segment, which is dropped. */
const segmentSum = (
  { x, segmentIds }: { readonly x: Value; readonly segmentIds: Value },
  { numSegments }: UnsortedSegmentSumAttrs
): Value => {
  const rows = Op.cast(widen(x), "float32")
  const ids = widen(segmentIds)
  const outside = Op.or(Op.less(ids, Op.scalar(0, "int32")), Op.greater(ids, Op.scalar(numSegments - 1, "int32")))
  const target = Op.cast(Op.where(outside, Op.scalar(numSegments, "int32"), ids), "int64")
  const shape = [numSegments, ...x.shape.slice(1)]
  const zeros = Op.expand(Op.scalar(0), shape.with(0, numSegments + 1))
  const places = Op.reshape(target, [...target.shape, 1])
  const sums = Op.operation("ScatterND", [zeros, places, rows], zeros.shape, "float32", { reduction: "add" })
  return Op.slice(
    sums,
    shape.map(() => 0),
    shape
  )
}

export const indexing: Kernels = { GatherV2: gather, UnsortedSegmentSum: segmentSum }
