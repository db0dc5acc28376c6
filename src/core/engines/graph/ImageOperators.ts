/**
 * Operators on channels-last images `[batch, height, width, channels]`, which are not part of ONNX.
 *
 * | operator | inputs | result |
 * | --- | --- | --- |
 * | `image.Conv` | image, filter | the window's outputs |
 * | `image.ConvInputGradient` | gradient by the outputs, filter | the gradient by the image |
 * | `image.ConvFilterGradient` | image, gradient by the outputs | the gradient by the filter |
 * | `image.Pool` | image | the window's outputs |
 * | `image.PoolGradient` | gradient by the outputs, image | the gradient by the image |
 *
 * Filters are `[rows, columns, inputs, outputs]`. The gradient of a maximum goes to the first of equal elements.
 */
import type { Shape } from "../../Tensors.ts"
import type { Attribute, Operation, Value } from "./Graph.ts"
import * as Op from "./Operators.ts"
import type { Axis, Window } from "./Window.ts"

type Attributes = Readonly<Record<string, Attribute>>

export type PoolKind = "largest" | "average"

const listOf = (axis: Axis): ReadonlyArray<number> => [
  axis.input,
  axis.output,
  axis.size,
  axis.stride,
  axis.dilation,
  axis.before,
  axis.after
]

const axisOf = (list: Attribute): Axis => {
  const [input, output, size, stride, dilation, before, after] = list as ReadonlyArray<number>
  return {
    input: input!,
    output: output!,
    size: size!,
    stride: stride!,
    dilation: dilation!,
    before: before!,
    after: after!
  }
}

/** The window of an operator on images. */
export const windowOf = ({ attributes }: Operation): Window => ({
  rows: axisOf(attributes["rows"]!),
  columns: axisOf(attributes["columns"]!)
})

/** An operator on images with its window, float32. */
export const imageOperation = (
  operator: string,
  inputs: ReadonlyArray<Value>,
  shape: Shape,
  { columns, rows }: Window,
  attributes: Attributes = {}
): Operation =>
  Op.operation(operator, inputs, shape, "float32", { rows: listOf(rows), columns: listOf(columns), ...attributes })

export const convolve = (image: Value, filter: Value, shape: Shape, window: Window): Operation =>
  imageOperation("image.Conv", [image, filter], shape, window)

export const inputGradient = (gradient: Value, filter: Value, shape: Shape, window: Window): Operation =>
  imageOperation("image.ConvInputGradient", [gradient, filter], shape, window)

export const filterGradient = (image: Value, gradient: Value, window: Window): Operation => {
  const shape = [window.rows.size, window.columns.size, image.shape[3]!, gradient.shape[3]!]
  return imageOperation("image.ConvFilterGradient", [image, gradient], shape, window)
}

export const pool = (kind: PoolKind, image: Value, shape: Shape, window: Window): Operation =>
  imageOperation("image.Pool", [image], shape, window, { kind })

export const poolGradient = (kind: PoolKind, gradient: Value, image: Value, window: Window): Operation =>
  imageOperation("image.PoolGradient", [gradient, image], image.shape, window, { kind })
