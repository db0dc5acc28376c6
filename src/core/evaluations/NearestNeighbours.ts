/**
 * Nearest neighbours by Euclidean distance, and the k-nearest-neighbour classifier.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Engine } from "../Engine.ts"
import { float32 } from "../Tensors.ts"

/** `|a|² + |b|² - 2 a·b` for each row of `a` `[n, size]` and each of `b` `[m, size]`, at least 0, `[n, m]`. */
const squaredDistances = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
  tf.relu(
    tf.sub(
      tf.add(tf.sum(tf.square(a), 1, true), tf.reshape(tf.sum(tf.square(b), 1), [1, b.shape[0]])),
      tf.mul(tf.matMul(a, b, false, true), 2)
    )
  )

/** A matrix of distances. */
export interface Distances {
  readonly rows: number
  readonly columns: number
  /** `[rows, columns]`. */
  readonly values: Float32Array
}

/** Euclidean distances from each row of `a` to each row of `b`, rows of `size` values, computed on the engine. */
export const distances = Effect.fnUntraced(function* (a: Float32Array, b: Float32Array, size: number) {
  const engine = yield* Engine
  const [rows, columns] = [a.length / size, b.length / size]
  const inputs = { a: float32([rows, size], a), b: float32([columns, size], b) }
  const nothing = yield* engine.place({})
  const executable = yield* engine.compile(
    {
      name: "distances",
      run: ({ inputs }) => ({
        outputs: { distances: tf.sqrt(squaredDistances(inputs["a"] as tf.Tensor2D, inputs["b"] as tf.Tensor2D)) }
      })
    },
    { state: {}, data: {}, inputs }
  )
  const outputs = yield* executable.run({ state: nothing, data: nothing, inputs })
  const found: Distances = { rows, columns, values: outputs["distances"]!.values as Float32Array }
  return found
}, Effect.scoped)

/** Columns of the `count` smallest distances of each row, nearest first. */
export const nearest = ({ columns, rows, values }: Distances, count: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: rows }, (_, row) => {
    const of = (column: number): number => values[row * columns + column]!
    const best: Array<number> = []
    for (let column = 0; column < columns; column++) {
      if (best.length === count && of(column) >= of(best[count - 1]!)) continue
      const place = best.findIndex((other) => of(column) < of(other))
      best.splice(place < 0 ? best.length : place, 0, column)
      if (best.length > count) best.pop()
    }
    return best
  })

/** The smallest distance of each row. */
export const minimum = ({ columns, rows, values }: Distances): Float32Array =>
  Float32Array.from({ length: rows }, (_, row) =>
    values.subarray(row * columns, (row + 1) * columns).reduce((smallest, value) => Math.min(smallest, value), Infinity)
  )

/** The result of a vote of neighbours. */
export interface Vote {
  /** The most frequent class; ties go to the class of the nearest neighbour. */
  readonly label: number
  /** The fraction of the neighbours with this class. */
  readonly agreement: number
}

/** The vote of each row's neighbours (column indices, nearest first), given the label of each column. */
export const votes = (
  neighbours: ReadonlyArray<ReadonlyArray<number>>,
  labels: ArrayLike<number>
): ReadonlyArray<Vote> =>
  neighbours.map((columns) => {
    const counts = new Map<number, number>()
    for (const column of columns) counts.set(labels[column]!, (counts.get(labels[column]!) ?? 0) + 1)
    const [label, count] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most))
    return { label, agreement: count / columns.length }
  })
