/**
 * Operators on images `[batch, height, width, channels]` that a graph has for machine code alone; each is one phase.
 *
 * | operator | inputs | result |
 * | --- | --- | --- |
 * | `native.Convolve` | image, filter, and perhaps bias, where | the window's outputs |
 * | `native.ConvolveBack` | derivative by the outputs, filter, and perhaps bias, where | the window's inputs |
 * | `native.FilterParts` | image, derivative by the outputs | sums of pieces |
 * | `native.FilterGradient` | sums of pieces | the filter's derivative, and perhaps sums of one of the two |
 * | `native.Pool` | image | the window's outputs |
 * | `native.PoolBack` | derivative by the outputs, image, and perhaps where | the window's inputs |
 */
import { type Shape, sizeOf } from "../../Tensors.ts"
import type { Attribute, Operation, Value } from "../onnxruntime/Graph.ts"
import * as Op from "../onnxruntime/Operators.ts"
import type { Axis, Window } from "../onnxruntime/Window.ts"
import * as Convolution from "./Convolution.ts"
import * as FilterGradient from "./FilterGradient.ts"
import { parts } from "./FilterParts.ts"
import { together } from "./FilterTogether.ts"
import { sumVectors } from "./PaddedImage.ts"
import type { Phase } from "./Phase.ts"
import * as Pooling from "./Pooling.ts"
import { Unsupported } from "./Unsupported.ts"

type Attributes = Readonly<Record<string, Attribute>>

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

const attributesOf = ({ columns, rows }: Window): Attributes => ({ rows: listOf(rows), columns: listOf(columns) })
const windowOf = ({ attributes }: Operation): Window => ({
  rows: axisOf(attributes["rows"]!),
  columns: axisOf(attributes["columns"]!)
})

const operation = (
  operator: string,
  inputs: ReadonlyArray<Value>,
  shape: Shape,
  window: Window,
  attributes: Attributes = {}
): Operation => Op.operation(operator, inputs, shape, "float32", { ...attributesOf(window), ...attributes })

export const convolve = (image: Value, filter: Value, shape: Shape, window: Window): Operation =>
  operation("native.Convolve", [image, filter], shape, window)

export const convolveBack = (gradient: Value, filter: Value, shape: Shape, window: Window): Operation =>
  operation("native.ConvolveBack", [gradient, filter], shape, window)

type Sums = FilterGradient.FilterGradient["sums"]
const sumsBy = [undefined, "inputs", "outputs"] as const

const filterGradientOf = (operation: Operation): FilterGradient.FilterGradient => {
  const [batch, inputs, outputs, sums] = operation.attributes["sizes"] as readonly [number, number, number, number]
  const of = sumsBy[sums]
  return { batch, inputs, outputs, window: windowOf(operation), ...(of && { sums: of }) }
}

/** `[rows, columns, inputs, outputs]`; with sums behind, all in one row. */
export const filterGradient = (image: Value, gradient: Value, window: Window, sums?: Sums): Operation => {
  const [batch, inputs, outputs] = [image.shape[0]!, image.shape[3]!, gradient.shape[3]!]
  const sizes = { sizes: [batch, inputs, outputs, sumsBy.indexOf(sums)] }
  const shape = FilterGradient.partsShape({ batch, inputs, outputs, window, ...(sums && { sums }) })
  const parts = operation("native.FilterParts", [image, gradient], shape, window, sizes)
  const filter = [window.rows.size, window.columns.size, inputs, outputs]
  const result = sums === undefined ? filter : [sizeOf(filter) + (sums === "inputs" ? inputs : outputs)]
  return operation("native.FilterGradient", [parts], result, window, sizes)
}

/** A filter's derivative again, beside sums over all pixels of one of the two images that it is made from. */
export interface WithSums {
  readonly summed: Value
  /** Both as rows; made when called. */
  readonly join: () => { readonly filterGradient: Value; readonly sums: Value }
}

/** How sums can be had with a filter's derivative; none for other values. */
export const withSums = (value: Value): ReadonlyArray<WithSums> => {
  const [parts] = value.kind === "operation" && value.operator === "native.FilterGradient" ? value.inputs : []
  if (value.kind !== "operation" || parts?.kind !== "operation" || value.shape.length !== 4) return []
  const [image, gradient] = parts.inputs as readonly [Value, Value]
  const ways: ReadonlyArray<readonly [Sums, Value]> = [
    ["outputs", gradient],
    ...(sumVectors({ channels: image.shape[3]! }) === undefined ? [] : [["inputs", image] as const])
  ]
  const size = sizeOf(value.shape)
  return ways.map(([sums, summed]) => ({
    summed,
    join: () => {
      const both = filterGradient(image, gradient, windowOf(value), sums)
      return { filterGradient: Op.slice(both, [0], [size]), sums: Op.slice(both, [size], [summed.shape[3]!]) }
    }
  }))
}

export const pool = (kind: Pooling.Pooling["kind"], image: Value, shape: Shape, window: Window): Operation =>
  operation("native.Pool", [image], shape, window, { kind })

export const poolBack = (kind: Pooling.Pooling["kind"], gradient: Value, image: Value, window: Window): Operation =>
  operation("native.PoolBack", [gradient, image], image.shape, window, { kind })

/** Where the operator has its optional inputs among the others: a bias first, what masks last. */
const optional = ({ attributes, inputs }: Operation) => ({
  bias: attributes["biased"] === 1 ? 2 : undefined,
  where: attributes["masked"] === 1 ? inputs.length - 1 : undefined
})

/** The operator with a bias `[channels]` added to its results; none where it cannot be. */
export const withBias = (value: Operation, bias: Value): Operation | undefined =>
  isConvolution(value) && !isFinished(value)
    ? { ...value, inputs: [...value.inputs, bias], attributes: { ...value.attributes, biased: 1 } }
    : undefined

/** The operator whose results are cut off at 0; none where it cannot be. */
export const rectified = (value: Operation): Operation | undefined =>
  isConvolution(value) && value.attributes["rectified"] !== 1 && value.attributes["masked"] !== 1
    ? { ...value, attributes: { ...value.attributes, rectified: 1 } }
    : undefined

/** The operator whose results are 0 where `where`, of their shape, is not above 0; none where it cannot be. */
export const masked = (value: Operation, where: Value): Operation | undefined =>
  (isConvolution(value) || value.operator === "native.PoolBack") && value.attributes["masked"] !== 1
    ? { ...value, inputs: [...value.inputs, where], attributes: { ...value.attributes, masked: 1 } }
    : undefined

const isConvolution = ({ operator }: Operation): boolean =>
  operator === "native.Convolve" || operator === "native.ConvolveBack"

const isFinished = ({ attributes }: Operation): boolean =>
  ["biased", "rectified", "masked"].some((name) => attributes[name] === 1)

export const isImageOperator = ({ operator }: Operation): boolean => operator in phases

/** The phase that does an operation on what lies in the slots of its inputs. Raises `Unsupported`. */
export const imagePhase = (operation: Operation, slots: ReadonlyArray<number>, to: number): Phase => {
  for (const value of [operation, ...operation.inputs])
    if (4 * sizeOf(value!.shape) > mostBytes) throw new Unsupported("images of more than 2 GiB")
  return phases[operation.operator]!(operation, slots, to)
}

/** Where a thread's share begins is part of an instruction, as a number of 32 bits. */
const mostBytes = 2 ** 31 - 1

const convolution = (operation: Operation, slots: ReadonlyArray<number>, to: number): Convolution.Convolution => {
  const [inputs, outputs] = operation.inputs[1]!.shape.slice(2) as [number, number]
  const { bias, where } = optional(operation)
  return {
    batch: operation.shape[0]!,
    window: windowOf(operation),
    inputs,
    outputs,
    from: slots[0]!,
    filter: slots[1]!,
    to,
    finish: {
      rectified: operation.attributes["rectified"] === 1,
      ...(bias !== undefined && { bias: slots[bias]! }),
      ...(where !== undefined && { where: slots[where]! })
    }
  }
}

const pooling = (operation: Operation): Pooling.Pooling => ({
  kind: operation.attributes["kind"] as Pooling.Pooling["kind"],
  batch: operation.shape[0]!,
  window: windowOf(operation),
  channels: operation.shape[3]!
})

const phases: Readonly<Record<string, (operation: Operation, slots: ReadonlyArray<number>, to: number) => Phase>> = {
  "native.Convolve": (operation, slots, to) => Convolution.convolve(convolution(operation, slots, to)),
  "native.ConvolveBack": (operation, slots, to) => Convolution.convolveBack(convolution(operation, slots, to)),
  "native.FilterParts": (operation, [image, gradient], to) =>
    parts(filterGradientOf(operation), { image: image!, gradient: gradient!, to }),
  "native.FilterGradient": (operation, [sums], to) => together(filterGradientOf(operation), { parts: sums!, to }),
  "native.Pool": (operation, [from], to) => Pooling.pool(pooling(operation), { from: from!, to }),
  "native.PoolBack": (operation, slots, to) => {
    const { where } = optional(operation)
    return Pooling.poolBack(pooling(operation), {
      gradient: slots[0]!,
      image: slots[1]!,
      to,
      ...(where !== undefined && { where: slots[where]! })
    })
  }
}
