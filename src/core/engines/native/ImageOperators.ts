/**
 * Operators on images `[batch, height, width, channels]` as machine code: each is one phase. They are those of
 * `graph/ImageOperators.ts`, with more inputs where something is done with their results, and the gradient by a filter in
 * two operators.
 *
 * | operator | inputs | result |
 * | --- | --- | --- |
 * | `image.Conv` | image, filter, optionally bias, mask | the window's outputs |
 * | `image.ConvInputGradient` | gradient by the outputs, filter, optionally bias, mask | the gradient by the image |
 * | `native.FilterParts` | image, gradient by the outputs | partial sums |
 * | `native.FilterGradient` | partial sums | the gradient by the filter, optionally followed by sums of one of the two |
 * | `image.Pool` | image | the window's outputs |
 * | `image.PoolGradient` | gradient by the outputs, image, optionally mask | the gradient by the image |
 */
import { sizeOf } from "../../Tensors.ts"
import type { Operation, Value } from "../graph/Graph.ts"
import { imageOperation, type PoolKind, windowOf } from "../graph/ImageOperators.ts"
import * as Op from "../graph/Operators.ts"
import type { Window } from "../graph/Window.ts"
import * as Convolution from "./Convolution.ts"
import * as FilterGradient from "./FilterGradient.ts"
import { parts } from "./FilterPartialSums.ts"
import { reduce } from "./FilterReduction.ts"
import type { InstructionSet } from "./InstructionSet.ts"
import { sumVectors } from "./PaddedImage.ts"
import type { Phase } from "./Phase.ts"
import * as Pooling from "./Pooling.ts"
import { Unsupported } from "./Unsupported.ts"

type Sums = FilterGradient.FilterGradient["sums"]
const sumsBy = [undefined, "inputs", "outputs"] as const

const filterGradientOf = (operation: Operation, { registers }: InstructionSet): FilterGradient.FilterGradient => {
  const [batch, inputs, outputs, sums] = operation.attributes["sizes"] as readonly [number, number, number, number]
  const of = sumsBy[sums]
  return { batch, inputs, outputs, registers, window: windowOf(operation), ...(of && { sums: of }) }
}

/** `[rows, columns, inputs, outputs]`; flat if sums follow. */
const filterGradient = (
  image: Value,
  gradient: Value,
  window: Window,
  { registers }: InstructionSet,
  sums?: Sums
): Operation => {
  const [batch, inputs, outputs] = [image.shape[0]!, image.shape[3]!, gradient.shape[3]!]
  const sizes = { sizes: [batch, inputs, outputs, sumsBy.indexOf(sums)] }
  const shape = FilterGradient.partsShape({ batch, inputs, outputs, registers, window, ...(sums && { sums }) })
  const parts = imageOperation("native.FilterParts", [image, gradient], shape, window, sizes)
  const filter = [window.rows.size, window.columns.size, inputs, outputs]
  const result = sums === undefined ? filter : [sizeOf(filter) + (sums === "inputs" ? inputs : outputs)]
  return imageOperation("native.FilterGradient", [parts], result, window, sizes)
}

/** Lowers the gradient by a filter to its two operators; other values are returned unchanged. */
export const lowered = (value: Value, set: InstructionSet): Value =>
  value.kind === "operation" && value.operator === "image.ConvFilterGradient"
    ? filterGradient(value.inputs[0]!, value.inputs[1]!, windowOf(value), set)
    : value

/** The gradient by a filter together with sums over all pixels of one of its two operands. */
export interface WithSums {
  readonly summed: Value
  /** Both, flat; created when called. */
  readonly join: () => { readonly filterGradient: Value; readonly sums: Value }
}

/** The sums that the gradient by a filter can compute in passing; none for other values. */
export const withSums = (value: Value, set: InstructionSet): ReadonlyArray<WithSums> => {
  const [parts] = value.kind === "operation" && value.operator === "native.FilterGradient" ? value.inputs : []
  if (value.kind !== "operation" || parts?.kind !== "operation" || value.shape.length !== 4) return []
  const [image, gradient] = parts.inputs as readonly [Value, Value]
  const ways: ReadonlyArray<readonly [Sums, Value]> = [
    ["outputs", gradient],
    ...(sumVectors(image.shape[3]!, set.registers) === undefined ? [] : [["inputs", image] as const])
  ]
  const size = sizeOf(value.shape)
  return ways.map(([sums, summed]) => ({
    summed,
    join: () => {
      const both = filterGradient(image, gradient, windowOf(value), set, sums)
      return { filterGradient: Op.slice(both, [0], [size]), sums: Op.slice(both, [size], [summed.shape[3]!]) }
    }
  }))
}

/** The positions of the optional inputs: a bias first, a mask last. */
const optional = ({ attributes, inputs }: Operation) => ({
  bias: attributes["biased"] === 1 ? 2 : undefined,
  where: attributes["masked"] === 1 ? inputs.length - 1 : undefined
})

/** The operator with a bias `[channels]` added to its results; undefined if it cannot be. */
export const withBias = (value: Operation, bias: Value): Operation | undefined =>
  isConvolution(value) && !isFinished(value)
    ? { ...value, inputs: [...value.inputs, bias], attributes: { ...value.attributes, biased: 1 } }
    : undefined

/** The operator with rectified results; undefined if it cannot be. */
export const rectified = (value: Operation): Operation | undefined =>
  isConvolution(value) && value.attributes["rectified"] !== 1 && value.attributes["masked"] !== 1
    ? { ...value, attributes: { ...value.attributes, rectified: 1 } }
    : undefined

/** The operator whose results are 0 where `where`, of their shape, is not positive; undefined if it cannot be. */
export const masked = (value: Operation, where: Value): Operation | undefined =>
  (isConvolution(value) || value.operator === "image.PoolGradient") && value.attributes["masked"] !== 1
    ? { ...value, inputs: [...value.inputs, where], attributes: { ...value.attributes, masked: 1 } }
    : undefined

const isConvolution = ({ operator }: Operation): boolean =>
  operator === "image.Conv" || operator === "image.ConvInputGradient"

const isFinished = ({ attributes }: Operation): boolean =>
  ["biased", "rectified", "masked"].some((name) => attributes[name] === 1)

export const isImageOperator = ({ operator }: Operation): boolean => operator in phases

/** The phase of an operation, with the slots of its inputs and of its result. Raises `Unsupported`. */
export const imagePhase = (
  operation: Operation,
  slots: ReadonlyArray<number>,
  to: number,
  set: InstructionSet
): Phase => {
  for (const value of [operation, ...operation.inputs])
    if (4 * sizeOf(value!.shape) > mostBytes) throw new Unsupported("images of more than 2 GiB")
  return phases[operation.operator]!(operation, slots, to, set)
}

/** Offsets of threads' shares are immediates of 32 bits. */
const mostBytes = 2 ** 31 - 1

const convolution = (
  operation: Operation,
  slots: ReadonlyArray<number>,
  to: number,
  { registers }: InstructionSet
): Convolution.Convolution => {
  const [inputs, outputs] = operation.inputs[1]!.shape.slice(2) as [number, number]
  const { bias, where } = optional(operation)
  return {
    batch: operation.shape[0]!,
    window: windowOf(operation),
    lanes: registers.lanes,
    inputs,
    outputs,
    from: slots[0]!,
    filter: slots[1]!,
    to,
    epilogue: {
      rectified: operation.attributes["rectified"] === 1,
      ...(bias !== undefined && { bias: slots[bias]! }),
      ...(where !== undefined && { where: slots[where]! })
    }
  }
}

const pooling = (operation: Operation): Pooling.Pooling => ({
  kind: operation.attributes["kind"] as PoolKind,
  batch: operation.shape[0]!,
  window: windowOf(operation),
  channels: operation.shape[3]!
})

type Compile = (operation: Operation, slots: ReadonlyArray<number>, to: number, set: InstructionSet) => Phase

const phases: Readonly<Record<string, Compile>> = {
  "image.Conv": (operation, slots, to, set) => Convolution.convolve(convolution(operation, slots, to, set)),
  "image.ConvInputGradient": (operation, slots, to, set) =>
    Convolution.convolveBack(convolution(operation, slots, to, set)),
  "native.FilterParts": (operation, [image, gradient], to, set) =>
    parts(filterGradientOf(operation, set), { image: image!, gradient: gradient!, to }),
  "native.FilterGradient": (operation, [sums], to, set) =>
    reduce(filterGradientOf(operation, set), { parts: sums!, to }),
  "image.Pool": (operation, [from], to) => Pooling.pool(pooling(operation), { from: from!, to }),
  "image.PoolGradient": (operation, slots, to) => {
    const { where } = optional(operation)
    return Pooling.poolBack(pooling(operation), {
      gradient: slots[0]!,
      image: slots[1]!,
      to,
      ...(where !== undefined && { where: slots[where]! })
    })
  }
}
