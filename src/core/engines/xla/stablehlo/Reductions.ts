/**
 * Reductions and scans along axes.
 */
import type { Shape } from "../../../Tensors.ts"
import type { Constant, ElementType } from "../../graph/Graph.ts"
import { combination, type Emitter, integers, matrix, type Rule, type Ssa, typeText } from "../Emitter.ts"
import { broadcast, reshape } from "./Broadcast.ts"

/** An operation of two numbers, and the number that changes nothing. */
interface Monoid {
  readonly operator: string
  readonly neutral: (type: ElementType) => number
}

const lowest = (type: ElementType): number => (type === "int32" ? -(2 ** 31) : Number.NEGATIVE_INFINITY)
const highest = (type: ElementType): number => (type === "int32" ? 2 ** 31 - 1 : Number.POSITIVE_INFINITY)

export const sum: Monoid = { operator: "add", neutral: () => 0 }
export const maximum: Monoid = { operator: "maximum", neutral: lowest }
const minimum: Monoid = { operator: "minimum", neutral: highest }
const product: Monoid = { operator: "multiply", neutral: () => 1 }

/** Reduces the given axes, which disappear. */
export const reduceAxes = (emitter: Emitter, { neutral, operator }: Monoid, x: Ssa, axes: ReadonlyArray<number>): Ssa =>
  emitter.emit(
    "stablehlo.reduce",
    [x, emitter.fill(neutral(x.type), { shape: [], type: x.type })],
    { shape: x.shape.filter((_, axis) => !axes.includes(axis)), type: x.type },
    { dimensions: integers(axes) },
    combination(operator, x.type)
  )

/** A window that slides along every axis. */
export interface Sliding {
  readonly size: ReadonlyArray<number>
  readonly strides?: ReadonlyArray<number>
  readonly paddings: ReadonlyArray<readonly [number, number]>
  /** How far apart the elements of the operand, and of the window, are; default: next to each other. */
  readonly baseDilations?: ReadonlyArray<number>
  readonly windowDilations?: ReadonlyArray<number>
}

/** What each window holds, reduced to one element. */
export const reduceWindow = (
  emitter: Emitter,
  { neutral, operator }: Monoid,
  x: Ssa,
  window: Sliding,
  shape: Shape
): Ssa => {
  const ones = x.shape.map(() => 1)
  return emitter.emit(
    "stablehlo.reduce_window",
    [x, emitter.fill(neutral(x.type), { shape: [], type: x.type })],
    { shape, type: x.type },
    {
      window_dimensions: integers(window.size),
      window_strides: integers(window.strides ?? ones),
      base_dilations: integers(window.baseDilations ?? ones),
      window_dilations: integers(window.windowDilations ?? ones),
      padding: matrix(window.paddings)
    },
    combination(operator, x.type)
  )
}

const axesOf = ({ inputs }: Parameters<Rule>[1]): ReadonlyArray<number> =>
  Array.from((inputs[1] as Constant).values as BigInt64Array, Number)

const reduction =
  (monoid: Monoid): Rule =>
  (emitter, operation, operand) =>
    reshape(emitter, reduceAxes(emitter, monoid, operand(0), axesOf(operation)), operation.shape)

const mean: Rule = (emitter, operation, operand) => {
  const x = operand(0)
  const axes = axesOf(operation)
  const count = axes.reduce((size, axis) => size * x.shape[axis]!, 1)
  const total = reshape(emitter, reduceAxes(emitter, sum, x, axes), operation.shape)
  return emitter.emit("stablehlo.divide", [total, emitter.fill(count, total)], total)
}

/** The index of the first of the largest elements, or of the smallest. */
const argument =
  (direction: "GT" | "LT"): Rule =>
  (emitter, operation, operand) => {
    const x = operand(0)
    const axis = Number(operation.attributes["axis"])
    const indices = emitter.emit(
      "stablehlo.iota",
      [],
      { shape: x.shape, type: "int64" },
      {
        iota_dimension: `${axis} : i64`
      }
    )
    const start = (direction === "GT" ? lowest : highest)(x.type)
    const scalar = { shape: [], type: x.type } as const
    const [value, index] = [typeText(scalar), typeText({ shape: [], type: "int64" })]
    const kind = x.type === "float32" || x.type === "float64" ? "FLOAT" : "SIGNED"
    const compare = (name: string, a: string, b: string, how: string, of: string, type: string) =>
      `${name} = "stablehlo.compare"(${a}, ${b}) <{comparison_direction = #stablehlo<comparison_direction ${how}>, ` +
      `compare_type = #stablehlo<comparison_type ${of}>}> : (${type}, ${type}) -> tensor<i1> `
    const select = (name: string, a: string, b: string, type: string) =>
      `${name} = "stablehlo.select"(%keep, ${a}, ${b}) : (tensor<i1>, ${type}, ${type}) -> ${type} `
    const region =
      `({ ^bb0(%v: ${value}, %i: ${index}, %w: ${value}, %j: ${index}): ` +
      compare("%beyond", "%v", "%w", direction, kind, value) +
      compare("%even", "%v", "%w", "EQ", kind, value) +
      compare("%first", "%i", "%j", "LT", "SIGNED", index) +
      `%tie = "stablehlo.and"(%even, %first) : (tensor<i1>, tensor<i1>) -> tensor<i1> ` +
      `%keep = "stablehlo.or"(%beyond, %tie) : (tensor<i1>, tensor<i1>) -> tensor<i1> ` +
      select("%best", "%v", "%w", value) +
      select("%at", "%i", "%j", index) +
      `"stablehlo.return"(%best, %at) : (${value}, ${index}) -> () })`
    const shape = x.shape.toSpliced(axis, 1)
    const [, at] = emitter.emitAll(
      "stablehlo.reduce",
      [x, indices, emitter.fill(start, scalar), emitter.fill(0, { shape: [], type: "int64" })],
      [
        { shape, type: x.type },
        { shape, type: "int64" }
      ],
      { dimensions: integers([axis]) },
      region
    )
    return reshape(emitter, at!, operation.shape)
  }

/** A window that reaches back to the first element. */
const cumulativeSum: Rule = (emitter, operation, operand) => {
  const x = operand(0)
  const axis = Number(((operation.inputs[1] as Constant).values as BigInt64Array)[0])
  const length = x.shape[axis]!
  const exclusive = Number(operation.attributes["exclusive"])
  const reach: readonly [number, number] = [length - 1 + exclusive, -exclusive]
  const along: readonly [number, number] = operation.attributes["reverse"] === 1 ? [reach[1], reach[0]] : reach
  const size = x.shape.map((_, index) => (index === axis ? length : 1))
  const paddings = x.shape.map((_, index) => (index === axis ? along : ([0, 0] as const)))
  return reduceWindow(emitter, sum, x, { size, paddings }, x.shape)
}

/** `exp(x - max x)` over its sum. */
const softmax: Rule = (emitter, { attributes, shape }, operand) => {
  const x = operand(0)
  const axis = Number(attributes["axis"])
  const across = (reduced: Ssa): Ssa => broadcast(emitter, reshape(emitter, reduced, shape.with(axis, 1)), shape)
  const largest = across(reduceAxes(emitter, maximum, x, [axis]))
  const powers = emitter.emit("stablehlo.exponential", [emitter.emit("stablehlo.subtract", [x, largest], x)], x)
  return emitter.emit("stablehlo.divide", [powers, across(reduceAxes(emitter, sum, powers, [axis]))], x)
}

export const reductions: Readonly<Record<string, Rule>> = {
  ArgMax: argument("GT"),
  ArgMin: argument("LT"),
  CumSum: cumulativeSum,
  ReduceMax: reduction(maximum),
  ReduceMean: mean,
  ReduceMin: reduction(minimum),
  ReduceProd: reduction(product),
  ReduceSum: reduction(sum),
  Softmax: softmax
}
