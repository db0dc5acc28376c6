/** Programs of random operations on tensors of random shapes, the same for the same seed. */
import * as tf from "@tensorflow/tfjs-core"
import type { Program, Signature } from "../../../../src/core/Engine.ts"
import { float32, type HostTensor, type HostTensors, int32, sizeOf, typesOf } from "../../../../src/core/Tensors.ts"

/** Numbers in [0, 1), by Mulberry32. */
const generator = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const lengths = [1, 2, 3, 7, 15, 16, 17, 31, 33, 48, 100]

type Next = () => number
const pick = <A>(next: Next, among: ReadonlyArray<A>): A => among[Math.floor(next() * among.length)]!

/** Results stay within about ±10, so that no sum hides the others. */
const unary: ReadonlyArray<(x: tf.Tensor) => tf.Tensor> = [
  (x) => tf.tanh(x),
  (x) => tf.sigmoid(x),
  (x) => tf.relu(x),
  (x) => tf.exp(tf.minimum(x, 1)),
  (x) => tf.log(tf.add(tf.abs(x), 0.5)),
  (x) => tf.sub(1, tf.square(tf.tanh(x))),
  (x) => tf.softplus(x),
  (x) => tf.sqrt(tf.abs(x)),
  (x) => tf.neg(tf.round(tf.mul(x, 4))),
  (x) => tf.where(tf.logicalAnd(tf.greater(x, -0.3), tf.logicalNot(tf.greater(x, 0.7))), x, tf.scalar(0.25)),
  (x) => tf.cast(tf.less(tf.abs(x), 0.5), "float32"),
  (x) => tf.div(1, tf.add(tf.square(x), 1)),
  (x) => tf.cast(tf.cast(tf.mul(x, 3), "int32"), "float32")
]

const binary: ReadonlyArray<(a: tf.Tensor, b: tf.Tensor) => tf.Tensor> = [
  (a, b) => tf.mul(tf.add(a, b), 0.5),
  (a, b) => tf.sub(a, tf.tanh(b)),
  (a, b) => tf.mul(tf.tanh(a), tf.tanh(b)),
  (a, b) => tf.maximum(a, b),
  (a, b) => tf.minimum(a, b),
  (a, b) => tf.div(a, tf.add(1, tf.abs(b)))
]

const fits = (a: tf.Tensor, b: tf.Tensor): boolean => {
  const rank = Math.max(a.rank, b.rank)
  const at = ({ shape }: tf.Tensor, axis: number) => shape.at(axis - rank) ?? 1
  return Array.from({ length: rank }).every((_, axis) => {
    const [one, other] = [a, b].map((x) => (axis < rank - x.rank ? 1 : at(x, axis)))
    return one === other || one === 1 || other === 1
  })
}

/** What a step makes of what is there; the same tensor again where it does not fit. */
const steps: ReadonlyArray<(next: Next, x: tf.Tensor, all: ReadonlyArray<tf.Tensor>) => tf.Tensor> = [
  (next, x) => pick(next, unary)(x),
  (next, x) => pick(next, unary)(pick(next, unary)(x)),
  (next, x, all) => {
    const y = pick(
      next,
      all.filter((y) => fits(x, y))
    )
    return pick(next, binary)(x, y)
  },
  (next, x, all) => {
    const y = pick(
      next,
      all.filter((y) => fits(x, y))
    )
    return pick(next, binary)(y, pick(next, unary)(x))
  },
  (next, x) => {
    if (x.rank === 0) return x
    const axes = x.shape.map((_, axis) => axis).filter(() => next() < 0.5)
    const reduce = pick(next, [tf.mean, tf.max, tf.min])
    return axes.length === 0 ? x : reduce(x, axes, next() < 0.5)
  },
  (next, x) =>
    x.rank < 2
      ? x
      : tf.transpose(
          x,
          x.shape.map((_, axis) => axis).toSorted(() => next() - 0.5)
        ),
  (next, x) => (x.rank < 2 ? x : tf.reshape(x, next() < 0.5 ? [x.size] : [x.shape.at(-1)!, x.size / x.shape.at(-1)!])),
  (next, x) => {
    if (x.rank === 0) return x
    const begin = x.shape.map((length) => Math.floor(next() * length))
    return tf.slice(
      x,
      begin,
      begin.map((from, axis) => x.shape[axis]! - from)
    )
  },
  (next, x) =>
    x.rank === 0 || x.size > 2000
      ? x
      : tf.tile(
          x,
          x.shape.map(() => pick(next, [1, 1, 2, 3]))
        ),
  (next, x) => (x.rank === 0 ? x : tf.reverse(x, Math.floor(next() * x.rank))),
  (next, x, all) => {
    const axis = Math.floor(next() * x.rank)
    const alike = all.filter(
      ({ shape }) => shape.length === x.rank && shape.every((n, at) => at === axis || n === x.shape[at])
    )
    return x.rank === 0 || x.size > 2000 ? x : tf.concat([pick(next, alike), x, pick(next, alike)], axis)
  },
  (next, x, all) => {
    const matrices = all.filter(({ rank }) => rank === 2) as ReadonlyArray<tf.Tensor2D>
    if (x.rank !== 2) return x
    const [rows, columns] = x.shape as [number, number]
    const right = pick(
      next,
      matrices.filter(({ shape }) => shape.includes(columns))
    )
    const product = tf.matMul(x, right, false, right.shape[0] !== columns)
    const other = pick(
      next,
      matrices.filter(({ shape }) => shape.includes(rows))
    )
    const whole = next() < 0.5 ? product : tf.matMul(x, other, true, other.shape[0] !== rows)
    return tf.tanh(tf.mul(whole, 1 / Math.sqrt(rows * columns)))
  }
]

export interface RandomProgram {
  readonly program: Program
  readonly signature: Signature
  readonly state: HostTensors
  readonly data: HostTensors
  readonly inputs: HostTensors
}

export const randomProgram = (seed: number): RandomProgram => {
  const next = generator(seed)
  const [rows, columns, examples] = [pick(next, lengths), pick(next, lengths), 1 + Math.floor(next() * 9)]
  const values = (shape: ReadonlyArray<number>): HostTensor =>
    float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => next() * 4 - 2)
    )
  const state = { matrix: values([rows, columns]), row: values([columns]) }
  const data = {
    bytes: {
      shape: [examples, columns],
      dtype: "uint8" as const,
      values: Uint8Array.from({ length: examples * columns }, () => Math.floor(next() * 256))
    },
    table: values([examples, 2, columns])
  }
  const inputs = {
    at: int32(
      [rows],
      Int32Array.from({ length: rows }, () => Math.floor(next() * examples))
    ),
    column: values([rows, 1]),
    number: values([]),
    deep: values([2, rows, columns])
  }
  const program: Program = {
    name: `random program ${seed}`,
    run: ({ data, inputs, state }) => {
      const draw = generator(seed + 1)
      const at = inputs["at"] as tf.Tensor1D
      const bytes = tf.gather(data["bytes"]!, at)
      const scaled = tf.mul(tf.cast(bytes, "float32"), 1 / 255)
      // Indices that are computed.
      const last = tf.scalar(examples - 1, "int32")
      const labels = tf.minimum(tf.cast(tf.reshape(tf.slice(bytes, [0, 0], [rows, 1]), [rows]), "int32"), last)
      const all: Array<tf.Tensor> = [
        state["matrix"]!,
        state["row"]!,
        scaled,
        tf.gather(data["table"]!, at),
        tf.gather(data["table"]!, labels as tf.Tensor1D),
        tf.unsortedSegmentSum(state["matrix"]!, tf.sub(last, at) as tf.Tensor1D, examples),
        tf.unsortedSegmentSum(inputs["column"]!, at, examples),
        inputs["column"]!,
        inputs["number"]!,
        inputs["deep"]!
      ]
      const given = all.length
      for (let step = 0; step < 12 + draw() * 20; step++) {
        const x = pick(draw, draw() < 0.6 ? all.slice(-4) : all)
        const made = pick(draw, steps)(draw, x, all)
        if (made.size <= 60_000) all.push(made)
      }
      const results = all.slice(given).filter(() => draw() < 0.4)
      const decayed = tf.mul(state["matrix"]!, 0.9)
      const change = all.findLast((x) => fits(x, decayed) && tf.add(x, decayed).size === decayed.size)
      return {
        state: {
          matrix: tf.reshape(tf.add(decayed, change ?? 0), decayed.shape),
          ...(draw() < 0.5 && { row: tf.reshape(tf.mean(tf.square(decayed), 0), state["row"]!.shape) })
        },
        outputs: Object.fromEntries(
          [all.at(-1)!, ...all.slice(3, 6), ...results].map((result, index) => [`${index}`, result])
        )
      }
    }
  }
  const signature = { state: typesOf(state), data: typesOf(data), inputs: typesOf(inputs) }
  return { program, signature, state, data, inputs }
}
