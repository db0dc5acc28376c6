/**
 * What every engine must compute like the reference engine: for each TensorFlow.js kernel some calls that reach it, over
 * shapes (scalars, axes of length 1, broadcasting), types and extreme values.
 */
import * as tf from "@tensorflow/tfjs-core"
import { float32, type HostTensor, int32, type Shape, sizeOf } from "../core/Tensors.ts"

/** A call of tensor operations. */
export interface KernelCase {
  readonly inputs: ReadonlyArray<HostTensor>
  readonly call: (...inputs: Array<any>) => tf.Tensor | Array<tf.Tensor>
  /** Derivatives by all `float32` inputs are compared, unless this is false. */
  readonly gradient: boolean
  /** Differences up to this many units count as equal: for sums in which numbers of about 1 cancel. */
  readonly floor: number
}

interface Options {
  readonly gradient?: boolean
  readonly floor?: number
}

const of = (
  inputs: ReadonlyArray<HostTensor>,
  call: KernelCase["call"],
  { gradient = true, floor = 1e-37 }: Options = {}
): KernelCase => ({ inputs, call, gradient, floor })

/** Numbers that look random and are the same everywhere, in [low, high). */
const numbers = (count: number, low: number, high: number): Array<number> =>
  Array.from({ length: count }, (_, index) => low + (high - low) * ((((index + 1) * 0.6180339887) % 1) * 0.9 + 0.05))

const floats = (shape: Shape, low = -3, high = 3): HostTensor =>
  float32(shape, Float32Array.from(numbers(sizeOf(shape), low, high)))

const integers = (shape: Shape, low = -5, high = 6): HostTensor =>
  int32(
    shape,
    Int32Array.from(numbers(sizeOf(shape), low, high), (value) => Math.floor(value))
  )

const list = (...values: ReadonlyArray<number>): HostTensor => float32([values.length], Float32Array.from(values))
const integerList = (...values: ReadonlyArray<number>): HostTensor => int32([values.length], Int32Array.from(values))

/** Truth values inside a program. */
const truth = (x: tf.Tensor): tf.Tensor => tf.cast(x, "bool")

const shapes: ReadonlyArray<Shape> = [[], [1], [5], [2, 3, 4], [1, 3, 1]]
const broadcasts: ReadonlyArray<readonly [Shape, Shape]> = [
  [[], []],
  [[3], []],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3]
  ],
  [
    [4, 1, 2],
    [3, 1]
  ],
  [
    [2, 3, 4],
    [2, 3, 4]
  ]
]

const notFinite = list(NaN, Infinity, -Infinity)
const extremes = list(
  -200,
  -90,
  -50,
  -20,
  -5,
  -1,
  -0.51,
  -0.49,
  -1e-3,
  -1e-6,
  -1e-20,
  0,
  1e-20,
  1e-6,
  1e-3,
  0.49,
  0.51,
  1,
  5,
  20,
  50,
  88,
  200
)

/** A function of one operand where it is defined, with its values there at the extremes. */
const unary = (
  call: (x: any) => tf.Tensor,
  {
    low = -3,
    high = 3,
    values = extremes,
    beyond = true,
    ...options
  }: Options & {
    readonly low?: number
    readonly high?: number
    readonly values?: HostTensor
    /** Whether infinity and what is not a number are tried too; never their derivatives. */
    readonly beyond?: boolean
  } = {}
): ReadonlyArray<KernelCase> => [
  ...shapes.map((shape) => of([floats(shape, low, high)], call, options)),
  of([values], call, options),
  ...(beyond ? [of([notFinite], call, { gradient: false })] : [])
]

/** The same on integers, whose results are integers. */
const unaryInteger = (call: (x: any) => tf.Tensor): KernelCase => of([integers([7], -9, 9)], call, { gradient: false })

const binary = (
  call: (a: any, b: any) => tf.Tensor,
  { low = -3, high = 3, ...options }: Options & { readonly low?: number; readonly high?: number } = {}
): ReadonlyArray<KernelCase> =>
  broadcasts.flatMap(([a, b]) => [
    of([floats(a, low, high), floats(b, high / 2, low)], call, options),
    of([floats(b, low, high), floats(a, high / 2, low)], call, options)
  ])

/** For operations whose derivative TensorFlow.js knows for equal shapes only. */
const binaryAlike = (call: (a: any, b: any) => tf.Tensor): ReadonlyArray<KernelCase> => [
  ...binary(call, { gradient: false }),
  of([floats([2, 3]), floats([2, 3], 3, -2)], call),
  of([floats([]), floats([], 3, -2)], call)
]

const binaryInteger = (call: (a: any, b: any) => tf.Tensor): ReadonlyArray<KernelCase> =>
  broadcasts.map(([a, b]) => of([integers(a), integers(b, -3, 4)], call, { gradient: false }))

const compared = (call: (a: any, b: any) => tf.Tensor): ReadonlyArray<KernelCase> => [
  of([list(1, 2, 3, NaN, Infinity, -Infinity, 0), list(2, 2, 2, NaN, Infinity, 3, -0)], call),
  of([integers([4, 1]), integers([5])], call),
  of([integerList(0, 0, 1, 1), integerList(0, 1, 0, 1)], (a, b) => call(truth(a), truth(b)))
]

const logical = (call: (a: any, b: any) => tf.Tensor): ReadonlyArray<KernelCase> => [
  of([integerList(0, 0, 1, 1), integerList(0, 1, 0, 1)], (a, b) => call(truth(a), truth(b))),
  of([int32([2, 1], Int32Array.of(0, 1)), integerList(0, 1, 0)], (a, b) => call(truth(a), truth(b)))
]

/** All axes, one, the last, several, none to keep and all to keep. */
const reduced = (
  call: (x: any, axis?: any, keepDims?: boolean) => tf.Tensor,
  options: Options & { readonly low?: number } = {}
): ReadonlyArray<KernelCase> => [
  of([floats([])], (x) => call(x), options),
  of([floats([1], options.low)], (x) => call(x, 0), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x, 1), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x, 2, true), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x, -1), { ...options, gradient: false }),
  of([floats([2, 3, 4], options.low)], (x) => call(x, [0, 2]), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x, [1, 2], true), options),
  of([floats([3, 1], options.low)], (x) => call(x, 1), options),
  of([integers([3, 4])], (x) => call(x, 1), { gradient: false })
]

const truths = (call: (x: any, axis?: any, keepDims?: boolean) => tf.Tensor): ReadonlyArray<KernelCase> => [
  of([integers([3, 4], 0, 2)], (x) => call(truth(x))),
  of([integers([3, 4], 0, 2)], (x) => call(truth(x), 1)),
  of([integers([3, 1, 4], 0, 2)], (x) => call(truth(x), [0, 1], true))
]

const moved = (shape: Shape, call: (x: any) => tf.Tensor | Array<tf.Tensor>): ReadonlyArray<KernelCase> => [
  of([floats(shape)], call),
  of([integers(shape)], call),
  of([integers(shape, 0, 2)], (x) => call(truth(x)))
]

const arithmetic: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  Add: [...binary(tf.add), ...binaryInteger(tf.add), of([floats([2, 2]), integers([2])], tf.add)],
  AddN: [
    of([floats([2, 3]), floats([2, 3], 1, 2), floats([2, 3], -9, 2)], (...all) => tf.addN(all), { floor: 1e-6 }),
    of([floats([])], (x) => tf.addN([x]))
  ],
  FloorDiv: [
    ...binary(tf.floorDiv, { low: -9, gradient: false }),
    of([integerList(7, -7, 7, -7, 5, 0, 2147483647), integerList(2, 2, -2, -2, 0, 0, -1)], tf.floorDiv, {
      gradient: false
    })
  ],
  Maximum: [
    ...binaryAlike(tf.maximum),
    ...binaryInteger(tf.maximum),
    of([list(NaN, 1, Infinity), list(1, NaN, 0)], tf.maximum, { gradient: false })
  ],
  Minimum: [
    ...binaryAlike(tf.minimum),
    ...binaryInteger(tf.minimum),
    of([list(NaN, 1, -Infinity), list(1, NaN, 0)], tf.minimum, { gradient: false })
  ],
  Mod: [
    ...binary(tf.mod, { low: -9, gradient: false, floor: 1e-6 }),
    of([list(7, -7, 7, -7, 0), list(3, 3, -3, -3, 3)], tf.mod),
    of([integerList(7, -7, 7, -7, 5), integerList(3, 3, -3, -3, 0)], tf.mod, { gradient: false })
  ],
  Multiply: [...binary(tf.mul), ...binaryInteger(tf.mul), of([floats([2, 2]), integers([2])], tf.mul)],
  Pow: [
    ...binary((a, b) => tf.pow(tf.abs(a), b)),
    of([list(-2, -1, 0, 2, 3), list(3, 2, 2, 0.5, -1)], tf.pow),
    of([integerList(2, 3, -2, 5), integerList(3, 2, 3, 0)], tf.pow, { gradient: false }),
    of([floats([3, 3])], (x) => tf.pow(x, 2))
  ],
  Prelu: [of([floats([4, 3]), floats([3], 0.1, 0.5)], tf.prelu), of([floats([4, 3]), floats([1], 0.1)], tf.prelu)],
  RealDiv: [
    ...binary(tf.div, { low: 1 }),
    of([list(1, -1, 0, 1e-30), list(0, 0, 0, 1e30)], tf.div, { gradient: false })
  ],
  SquaredDifference: [...binaryAlike(tf.squaredDifference), ...binaryInteger(tf.squaredDifference)],
  Sub: [...binary(tf.sub), ...binaryInteger(tf.sub)]
}

const comparison: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  Equal: compared(tf.equal),
  Greater: compared(tf.greater),
  GreaterEqual: compared(tf.greaterEqual),
  IsFinite: [of([notFinite], tf.isFinite), of([extremes], tf.isFinite), of([integers([3])], tf.isFinite)],
  IsInf: [of([notFinite], tf.isInf), of([extremes], tf.isInf)],
  IsNan: [of([notFinite], tf.isNaN), of([extremes], tf.isNaN)],
  Less: compared(tf.less),
  LessEqual: compared(tf.lessEqual),
  LogicalAnd: logical(tf.logicalAnd),
  LogicalNot: [of([integerList(0, 1)], (x) => tf.logicalNot(truth(x)))],
  LogicalOr: logical(tf.logicalOr),
  NotEqual: compared(tf.notEqual),
  Select: [
    of([integers([2, 3], 0, 2), floats([2, 3]), floats([2, 3], 5, 6)], (c, a, b) => tf.where(truth(c), a, b)),
    of([integers([2, 1], 0, 2), floats([3]), floats([2, 3], 5, 6)], (c, a, b) => tf.where(truth(c), a, b)),
    of([integers([], 1, 2), floats([2, 2]), floats([2, 2])], (c, a, b) => tf.where(truth(c), a, b)),
    of([integers([4], 0, 2), integers([4]), integers([4])], (c, a, b) => tf.where(truth(c), a, b)),
    of([integers([4], 0, 2), integers([4], 0, 2)], (c, a) => tf.where(truth(c), truth(a), truth(c)))
  ]
}

const creation: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  Fill: [
    of([floats([2, 3])], (x) => tf.add(x, tf.fill([2, 3], 0.5))),
    of([], () => tf.fill([2], 3, "int32")),
    of([], () => tf.fill([], -2.5))
  ],
  LinSpace: [
    of([], () => tf.linspace(-1, 1, 7), { floor: 1e-6 }),
    of([floats([3])], (x) => tf.mul(x, tf.linspace(0, 5, 3)))
  ],
  OneHot: [
    of([integerList(0, 2, 5, -1)], (x) => tf.oneHot(x, 4)),
    of([integers([2, 3], 0, 3)], (x) => tf.oneHot(x, 3, 2, -1, "float32")),
    of([integerList(1)], (x) => tf.oneHot(x, 3, 1, 0, "bool"))
  ],
  OnesLike: [of([floats([2, 3])], tf.onesLike), of([integers([2])], tf.onesLike)],
  Range: [
    of([], () => tf.range(0, 5)),
    of([], () => tf.range(5, 0, -2, "int32")),
    of([floats([4])], (x) => tf.mul(x, tf.range(0, 1, 0.25)))
  ],
  ZerosLike: [of([floats([2, 3])], tf.zerosLike), of([integers([2])], tf.zerosLike)]
}

const elementary: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  Abs: [...unary(tf.abs), unaryInteger(tf.abs)],
  Acos: unary(tf.acos, { low: -0.9, high: 0.9, values: list(-0.99, -1e-3, 0, 0.5, 0.99), beyond: false }),
  Acosh: unary(tf.acosh, { low: 1.1, high: 5, values: list(1.01, 1.5, 100, 1e6), beyond: false }),
  Asin: unary(tf.asin, { low: -0.9, high: 0.9, values: list(-0.99, -1e-3, 0, 0.5, 0.99), beyond: false }),
  Asinh: unary(tf.asinh, { values: list(-20, -1, -1e-3, 0, 1e-3, 1, 20, 1e6), beyond: false }),
  Atan: unary(tf.atan),
  Atanh: unary(tf.atanh, { low: -0.9, high: 0.9, values: list(-0.99, -1e-3, 0, 0.5, 0.99), beyond: false }),
  Ceil: unary(tf.ceil),
  ClipByValue: [...unary((x) => tf.clipByValue(x, -1, 0.7)), unaryInteger((x) => tf.clipByValue(x, -3, 4))],
  Cos: unary(tf.cos, { beyond: false, floor: 1e-6 }),
  Cosh: unary(tf.cosh, { values: list(-80, -5, 0, 1e-3, 5, 80), beyond: false }),
  // Near 0 the reference engine's own form cancels, in double precision.
  Elu: unary(tf.elu, { floor: 1e-16 }),
  EluGrad: [of([floats([3, 4])], (x) => tf.grad((y: tf.Tensor) => tf.elu(y))(x), { gradient: false })],
  Erf: unary(tf.erf, { beyond: false, floor: 1e-6 }),
  Exp: [...unary(tf.exp), unaryInteger(tf.exp)],
  Expm1: unary(tf.expm1),
  Floor: unary(tf.floor),
  LeakyRelu: [
    ...unary((x) => tf.leakyRelu(x, 0.2)),
    ...unary((x) => tf.leakyRelu(x, 0)),
    ...unary((x) => tf.leakyRelu(x, 3))
  ],
  Log: unary(tf.log, { low: 0.01, values: list(1e-38, 1e-10, 0.5, 0.999, 1, 1.001, 2, 1e10, 1e38) }),
  Log1p: unary(tf.log1p, {
    low: -0.9,
    values: list(-0.9999, -0.51, -0.49, -1e-3, -1e-6, -1e-20, 0, 1e-20, 1e-6, 1e-3, 0.49, 0.51, 1, 1e10, 1e38)
  }),
  Neg: [...unary(tf.neg), unaryInteger(tf.neg)],
  Reciprocal: unary(tf.reciprocal, { low: 0.1, values: list(-1e30, -2, 1e-30, 3) }),
  Relu: [...unary(tf.relu), unaryInteger(tf.relu)],
  Relu6: [...unary(tf.relu6, { high: 9 }), unaryInteger(tf.relu6)],
  Round: unary(tf.round, { values: list(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, 2.6) }),
  Rsqrt: unary(tf.rsqrt, { low: 0.01, values: list(1e-30, 0.1, 1, 1e30), gradient: false }),
  Selu: unary(tf.selu, { floor: 1e-16 }),
  Sigmoid: unary(tf.sigmoid),
  Sign: [...unary(tf.sign, { beyond: false }), unaryInteger(tf.sign)],
  Sin: unary(tf.sin, { beyond: false, floor: 1e-6 }),
  Sinh: unary(tf.sinh, { values: list(-80, -5, -1e-3, 0, 1e-3, 5, 80), beyond: false }),
  Softplus: unary(tf.softplus),
  Sqrt: unary(tf.sqrt, { low: 0.01, values: list(1e-30, 1e-10, 1, 4, 1e30) }),
  Square: [...unary(tf.square), unaryInteger(tf.square)],
  Step: [...unary((x) => tf.step(x)), ...unary((x) => tf.step(x, 0.25)), unaryInteger((x) => tf.step(x))],
  Tan: unary(tf.tan, { low: -1, high: 1, values: list(-1.5, -1e-3, 0, 1e-3, 1.5), beyond: false }),
  Tanh: unary(tf.tanh, { values: list(-20, -5, -1, -1e-3, -1e-6, 0, 1e-6, 1, 5, 20), floor: 1e-6 })
}

const indexing: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  GatherV2: [
    of([floats([4, 3]), integerList(3, 0, 0)], (x, at) => tf.gather(x, at)),
    of([floats([2, 5]), integerList(4, 1)], (x, at) => tf.gather(x, at, 1)),
    of([floats([4, 2]), int32([2, 2], Int32Array.of(0, 3, 1, 1))], (x, at) => tf.gather(x, at)),
    of([integers([4]), int32([], Int32Array.of(2))], (x, at) => tf.gather(x, at)),
    of([integers([4, 2], 0, 2), integerList(2, 1)], (x, at) => tf.gather(truth(x), at))
  ],
  UnsortedSegmentSum: [
    of([floats([5, 2]), integerList(0, 2, 0, 1, 2)], (x, ids) => tf.unsortedSegmentSum(x, ids, 4), {
      floor: 1e-6
    }),
    of([floats([4]), integerList(1, 1, 7, 1)], (x, ids) => tf.unsortedSegmentSum(x, ids, 2), {
      floor: 1e-6,
      gradient: false
    })
  ]
}

const movement: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  Cast: [
    of([list(-2.7, -0.5, 0, 0.5, 2.7)], (x) => tf.cast(x, "int32"), { gradient: false }),
    of([list(-2.7, 0, 0.5)], (x) => tf.cast(x, "bool"), { gradient: false }),
    of([integers([5])], (x) => tf.cast(x, "float32")),
    of([integers([5])], (x) => tf.cast(x, "bool")),
    of([integers([5], 0, 2)], (x) => tf.cast(truth(x), "float32")),
    of([integers([5], 0, 2)], (x) => tf.cast(truth(x), "int32"))
  ],
  Concat: [
    of([floats([2, 3]), floats([2, 1], 5, 6)], (a, b) => tf.concat([a, b], 1)),
    of([floats([2, 3]), floats([1, 3], 5, 6), floats([3, 3])], (a, b, c) => tf.concat([a, b, c], 0)),
    of([integers([2]), integers([3])], (a, b) => tf.concat([a, b])),
    of([integers([2], 0, 2), integers([3], 0, 2)], (a, b) => tf.concat([truth(a), truth(b)]))
  ],
  ExpandDims: [
    ...moved([2, 3], (x) => tf.expandDims(x, 1)),
    of([floats([2])], (x) => tf.expandDims(x, -1)),
    of([floats([])], (x) => tf.expandDims(x))
  ],
  Identity: moved([2, 3], (x) => tf.clone(x)),
  Pack: [
    of([floats([2, 3]), floats([2, 3], 5, 6)], (a, b) => tf.stack([a, b])),
    of([floats([2, 3]), floats([2, 3], 5, 6)], (a, b) => tf.stack([a, b], 2)),
    of([floats([]), floats([])], (a, b) => tf.stack([a, b])),
    of([integers([2])], (a) => tf.stack([a, a], 1))
  ],
  PadV2: [
    ...moved([2, 3], (x) =>
      tf.pad(x, [
        [1, 0],
        [2, 1]
      ])
    ),
    of([floats([3])], (x) => tf.pad(x, [[1, 2]], -7.5))
  ],
  Reshape: [
    ...moved([2, 6], (x) => tf.reshape(x, [3, -1])),
    of([floats([1, 1])], (x) => tf.reshape(x, [])),
    of([floats([2, 3])], (x) => tf.squeeze(tf.reshape(x, [1, 6, 1])))
  ],
  Reverse: [
    ...moved([2, 3], (x) => tf.reverse(x, 1)),
    of([floats([2, 3, 2])], (x) => tf.reverse(x, [0, -1])),
    of([floats([3])], (x) => tf.reverse(x))
  ],
  Slice: [
    ...moved([4, 3], (x) => tf.slice(x, [1, 1], [2, -1])),
    of([floats([5])], (x) => tf.slice(x, 2)),
    of([floats([2, 2, 3])], (x) => tf.slice(x, [0, 1, 0], [2, 1, 2]))
  ],
  SplitV: [
    ...moved([4, 3], (x) => tf.split(x, 2)),
    of([floats([2, 6])], (x) => tf.split(x, [1, 2, 3], 1)),
    of([floats([2, 6])], (x) => tf.split(x, 3, -1))
  ],
  StridedSlice: [
    of([floats([6])], (x) => tf.stridedSlice(x, [1], [6], [2]), { gradient: false }),
    of([floats([4, 5])], (x) => tf.stridedSlice(x, [3, 4], [0, 0], [-1, -2]), { gradient: false }),
    of([floats([4, 5])], (x) => tf.stridedSlice(x, [-1, 0], [-5, 3], [-2, 1]), { gradient: false }),
    of([integers([4, 5])], (x) => tf.stridedSlice(x, [1, 0], [2, 4], [1, 1], 0, 0, 0, 0, 1))
  ],
  Tile: [
    ...moved([2, 3], (x) => tf.tile(x, [2, 1])),
    of([floats([1, 3])], (x) => tf.tile(x, [4, 1])),
    of([floats([3])], (x) => tf.broadcastTo(x, [2, 3])),
    of([floats([2, 3])], (x) => tf.tile(x, [1, 3]))
  ],
  Transpose: [
    ...moved([2, 3, 4], (x) => tf.transpose(x, [2, 0, 1])),
    of([floats([2, 3])], (x) => tf.transpose(x)),
    of([floats([3])], (x) => tf.transpose(x))
  ],
  Unpack: [
    ...moved([3, 2], (x) => tf.unstack(x)),
    of([floats([2, 3, 2])], (x) => tf.unstack(x, 1)),
    of([floats([2, 1])], (x) => tf.unstack(x, -1), { gradient: false })
  ]
}

const product: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  BatchMatMul: [
    ...[false, true].flatMap((left) =>
      [false, true].flatMap((right) => [
        of([floats(left ? [5, 3] : [3, 5]), floats(right ? [4, 5] : [5, 4])], (a, b) => tf.matMul(a, b, left, right), {
          floor: 1e-5
        }),
        of(
          [floats(left ? [2, 5, 3] : [2, 3, 5]), floats(right ? [2, 4, 5] : [2, 5, 4])],
          (a, b) => tf.matMul(a, b, left, right),
          { floor: 1e-5 }
        )
      ])
    ),
    of([floats([1, 1]), floats([1, 1])], (a, b) => tf.matMul(a, b)),
    of([floats([2, 3, 2, 4]), floats([4, 3])], (a, b) => tf.matMul(a, b), { floor: 1e-5, gradient: false }),
    of([integers([2, 3]), integers([3, 2])], (a, b) => tf.matMul(a, b), { gradient: false }),
    of([floats([3, 4]), floats([4, 2]), floats([2])], (a, b, c) => tf.add(tf.matMul(a, b), c), { floor: 1e-5 })
  ]
}

const reductions: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  All: truths(tf.all),
  Any: truths(tf.any),
  ArgMax: [
    of([floats([3, 5])], (x) => tf.argMax(x, 1), { gradient: false }),
    of([floats([3, 5])], (x) => tf.argMax(x), { gradient: false }),
    of([integers([4, 3])], (x) => tf.argMax(x, -1)),
    of([list(1, 3, 3, 2)], (x) => tf.argMax(x), { gradient: false })
  ],
  ArgMin: [
    of([floats([3, 5])], (x) => tf.argMin(x, 1), { gradient: false }),
    of([list(3, 1, 1, 2)], (x) => tf.argMin(x), { gradient: false })
  ],
  Cumprod: [
    of([floats([2, 5])], (x) => tf.cumprod(x, 1), { gradient: false }),
    of([floats([2, 5])], (x) => tf.cumprod(x, 1, true, true), { gradient: false }),
    of([floats([4, 2])], (x) => tf.cumprod(x, 0, true), { gradient: false }),
    of([integers([4], 1, 4)], (x) => tf.cumprod(x, 0, false, true))
  ],
  Cumsum: [
    of([floats([2, 5])], (x) => tf.cumsum(x, 1), { floor: 1e-6 }),
    of([floats([2, 5])], (x) => tf.cumsum(x, 1, true, true), { floor: 1e-6 }),
    of([floats([4, 2])], (x) => tf.cumsum(x, 0, true), { floor: 1e-6, gradient: false }),
    of([integers([4])], (x) => tf.cumsum(x, 0, false, true))
  ],
  Max: reduced(tf.max),
  Mean: reduced(tf.mean, { floor: 1e-6 }),
  Min: reduced(tf.min),
  Prod: reduced(tf.prod),
  Softmax: [
    of([floats([2, 5])], (x) => tf.softmax(x), { floor: 1e-6 }),
    of([list(-1000, 0, 1000)], (x) => tf.softmax(x)),
    of([floats([2, 5])], (x) => tf.logSoftmax(x), { floor: 1e-6 })
  ],
  Sum: [...reduced(tf.sum, { floor: 1e-5 }), of([integers([2, 3], 0, 2)], (x) => tf.sum(truth(x), 0))]
}

/** Cases by the name of the kernel that they are about. */
export const kernelCases: Readonly<Record<string, ReadonlyArray<KernelCase>>> = {
  ...arithmetic,
  ...comparison,
  ...creation,
  ...elementary,
  ...indexing,
  ...movement,
  ...product,
  ...reductions
}
