/**
 * Convolutions and pooling, with their derivatives, each as one operation.
 *
 * Images are `[batch, height, width, channels]` and filters `[rows, columns, inputs, outputs]`; ONNX's own operators,
 * which are used for pooling with padding and of integers, have channels before the height.
 */
import type { Shape } from "../../../Tensors.ts"
import type { Operation } from "../../graph/Graph.ts"
import { windowOf } from "../../graph/ImageOperators.ts"
import { type Axis, covered, reach } from "../../graph/Window.ts"
import { combination, type Emitter, integers, matrix, type Rule, type Ssa, typeText } from "../Emitter.ts"
import { fullPrecision } from "./Products.ts"
import { maximum, reduceWindow, type Sliding, sum } from "./Reductions.ts"

interface Convolution {
  readonly strides: ReadonlyArray<number>
  readonly paddings: ReadonlyArray<readonly [number, number]>
  readonly imageDilations: ReadonlyArray<number>
  readonly filterDilations: ReadonlyArray<number>
  /** StableHLO's names of the axes: `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]`. */
  readonly axes: string
}

const convolution = ({ emit }: Emitter, image: Ssa, filter: Ssa, shape: Shape, given: Convolution): Ssa =>
  emit(
    "stablehlo.convolution",
    [image, filter],
    { shape, type: image.type },
    {
      window_strides: integers(given.strides),
      padding: matrix(given.paddings),
      lhs_dilation: integers(given.imageDilations),
      rhs_dilation: integers(given.filterDilations),
      dimension_numbers: `#stablehlo.conv<${given.axes}>`,
      feature_group_count: "1 : i64",
      batch_group_count: "1 : i64",
      precision_config: fullPrecision
    }
  )

const convolve: Rule = (emitter, operation, operand) => {
  const { columns, rows } = windowOf(operation)
  const axes = [rows, columns]
  return convolution(emitter, operand(0), operand(1), operation.shape, {
    strides: axes.map(({ stride }) => stride),
    paddings: axes.map(({ after, before }) => [before, after] as const),
    imageDilations: [1, 1],
    filterDilations: axes.map(({ dilation }) => dilation),
    axes: "[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]"
  })
}

/** Paddings of a window that goes back over the outputs, `stride` apart, to `input` places. */
const backwards = (axis: Axis): readonly [number, number] => {
  const before = reach(axis) - 1 - axis.before
  return [before, axis.input - (covered(axis) - reach(axis) + 1) - before + reach(axis) - 1]
}

const inputGradient: Rule = (emitter, operation, operand) => {
  const { columns, rows } = windowOf(operation)
  const axes = [rows, columns]
  const filter = operand(1)
  const flipped = emitter.emit("stablehlo.reverse", [filter], filter, { dimensions: integers([0, 1]) })
  return convolution(emitter, operand(0), flipped, operation.shape, {
    strides: [1, 1],
    paddings: axes.map(backwards),
    imageDilations: axes.map(({ stride }) => stride),
    filterDilations: axes.map(({ dilation }) => dilation),
    axes: "[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]"
  })
}

/** The batch is summed over, as the channels of a convolution are; the gradient is the filter. */
const filterGradient: Rule = (emitter, operation, operand) => {
  const { columns, rows } = windowOf(operation)
  const axes = [rows, columns]
  return convolution(emitter, operand(0), operand(1), operation.shape, {
    strides: axes.map(({ dilation }) => dilation),
    paddings: axes.map((axis) => [axis.before, covered(axis) - axis.input - axis.before] as const),
    imageDilations: [1, 1],
    filterDilations: axes.map(({ stride }) => stride),
    axes: "[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]"
  })
}

/** ONNX's windows on `[batch, channels, height, width]`. */
const onnxWindow = ({ attributes, inputs, shape }: Operation): ReadonlyArray<Axis> => {
  const listed = (name: string) => attributes[name] as ReadonlyArray<number> | undefined
  return [0, 1].map((index) => ({
    input: inputs[0]!.shape[2 + index]!,
    output: shape[2 + index]!,
    size: listed("kernel_shape")![index]!,
    stride: listed("strides")![index]!,
    dilation: listed("dilations")?.[index] ?? 1,
    before: listed("pads")![index]!,
    after: listed("pads")![index + 2]!
  }))
}

/** From a window's outputs to its inputs. */
const transposed: Rule = (emitter, operation, operand) => {
  const filter = operand(1)
  const flipped = emitter.emit("stablehlo.reverse", [filter], filter, { dimensions: integers([2, 3]) })
  const axes = onnxWindow(operation).map((axis) => ({ ...axis, input: axis.output, output: axis.input }))
  return convolution(emitter, operand(0), flipped, operation.shape, {
    strides: [1, 1],
    paddings: axes.map(backwards),
    imageDilations: axes.map(({ stride }) => stride),
    filterDilations: axes.map(({ dilation }) => dilation),
    axes: "[b, f, 0, 1]x[i, o, 0, 1]->[b, f, 0, 1]"
  })
}

/** A window along two axes of an image, the first of which is given. */
const sliding = (axes: ReadonlyArray<Axis>, first: number): Sliding => {
  const around = <A>(other: A, f: (axis: Axis) => A): ReadonlyArray<A> =>
    Array.from({ length: 4 }, (_, index) => {
      const axis = axes[index - first]
      return axis === undefined ? other : f(axis)
    })
  return {
    size: around(1, ({ size }) => size),
    strides: around(1, ({ stride }) => stride),
    windowDilations: around(1, ({ dilation }) => dilation),
    paddings: around([0, 0] as readonly [number, number], ({ after, before }) => [before, after] as const)
  }
}

/** The largest of what a window sees, or the average, padding left out. */
const pooled = (emitter: Emitter, x: Ssa, window: Sliding, shape: Shape, isLargest: boolean): Ssa => {
  if (isLargest) return reduceWindow(emitter, maximum, x, window, shape)
  const total = reduceWindow(emitter, sum, x, window, shape)
  const isPadded = window.paddings.some(([before, after]) => before > 0 || after > 0)
  const size = window.size.reduce((a, b) => a * b, 1)
  const count = isPadded ? reduceWindow(emitter, sum, emitter.fill(1, x), window, shape) : emitter.fill(size, total)
  return emitter.emit("stablehlo.divide", [total, count], total)
}

const pool: Rule = (emitter, operation, operand) => {
  const { columns, rows } = windowOf(operation)
  const window = sliding([rows, columns], 1)
  return pooled(emitter, operand(0), window, operation.shape, operation.attributes["kind"] === "largest")
}

const onnxPool =
  (isLargest: boolean): Rule =>
  (emitter, operation, operand) =>
    pooled(emitter, operand(0), sliding(onnxWindow(operation), 2), operation.shape, isLargest)

/** The gradient goes to the first of each window's largest elements. */
const largestGradient = (emitter: Emitter, gradient: Ssa, image: Ssa, window: Sliding): Ssa => {
  const scalar = typeText({ shape: [], type: image.type })
  const select =
    `({ ^bb0(%a: ${scalar}, %b: ${scalar}): %c = "stablehlo.compare"(%a, %b) <{comparison_direction = ` +
    `#stablehlo<comparison_direction GE>, compare_type = #stablehlo<comparison_type FLOAT>}> : ` +
    `(${scalar}, ${scalar}) -> tensor<i1> "stablehlo.return"(%c) : (tensor<i1>) -> () }`
  const scatter = combination("add", image.type).slice(1)
  return emitter.emit(
    "stablehlo.select_and_scatter",
    [image, gradient, emitter.fill(0, { shape: [], type: image.type })],
    image,
    {
      window_dimensions: integers(window.size),
      window_strides: integers(window.strides!),
      padding: matrix(window.paddings)
    },
    `${select}, ${scatter}`
  )
}

const poolGradient: Rule = (emitter, operation, operand) => {
  const { columns, rows } = windowOf(operation)
  const axes = [rows, columns]
  if (operation.attributes["kind"] === "largest") {
    return largestGradient(emitter, operand(0), operand(1), sliding(axes, 1))
  }
  const window = sliding(axes, 1)
  const [before, after] = axes.map(backwards) as [readonly [number, number], readonly [number, number]]
  const total = reduceWindow(
    emitter,
    sum,
    operand(0),
    { size: window.size, baseDilations: window.strides!, paddings: [[0, 0], before, after, [0, 0]] },
    operation.shape
  )
  return emitter.emit("stablehlo.divide", [total, emitter.fill(rows.size * columns.size, total)], total)
}

export const images: Readonly<Record<string, Rule>> = {
  AveragePool: onnxPool(false),
  ConvTranspose: transposed,
  MaxPool: onnxPool(true),
  "image.Conv": convolve,
  "image.ConvFilterGradient": filterGradient,
  "image.ConvInputGradient": inputGradient,
  "image.Pool": pool,
  "image.PoolGradient": poolGradient
}
