import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { rax, rdx } from "../../../../src/core/engines/native/x86/Operands.ts"
import { slot } from "../../../../src/core/engines/native/Phase.ts"
import * as Gemm from "../../../../src/core/engines/native/Gemm.ts"
import type { ThreadPool } from "../../../../src/core/engines/native/ThreadPool.ts"
import type { MachineCode } from "../../../machine/MachineCode.ts"
import { assertNear, fenced, nativeTest, tableOf, withPools } from "./NativeTest.ts"

const pool = new Float32Array(1 << 19)
for (let index = 0; index < pool.length; index++) {
  const fraction = Math.sin((index + 1) * 12.9898) * 43758.5453
  pool[index] = 2 * (fraction - Math.floor(fraction)) - 1
}

/** Numbers without a pattern, the same each time, between -1 and 1. */
const numbers = (length: number, seed: number): Float32Array => pool.subarray(1000 * seed, 1000 * seed + length)

interface Case {
  readonly rows: number
  readonly inner: number
  readonly columns: number
  readonly transposeLeft: boolean
  readonly transposeRight: boolean
}

const nameOf = ({ columns, inner, rows, transposeLeft, transposeRight }: Case): string =>
  `${rows}x${inner}x${columns}${transposeLeft ? " left transposed" : ""}${transposeRight ? " right transposed" : ""}`

/** By the definition, in double precision. */
const expectedOf = (
  { columns, inner, rows, transposeLeft, transposeRight }: Case,
  left: Float32Array,
  right: Float32Array,
  bias: Float32Array | undefined
): Float64Array => {
  const [leftRow, leftStep] = transposeLeft ? [1, rows] : [inner, 1]
  const [rightColumn, rightStep] = transposeRight ? [inner, 1] : [1, columns]
  const expected = new Float64Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = bias === undefined ? 0 : bias[column]!
      for (let step = 0; step < inner; step++) {
        sum += left[row * leftRow + step * leftStep]! * right[column * rightColumn + step * rightStep]!
      }
      expected[row * columns + column] = sum
    }
  }
  return expected
}

/** Runs a product on matrices right before forbidden memory; the result begins as NaN, so that all must be written. */
const run = Effect.fnUntraced(function* (
  machine: MachineCode,
  pool: ThreadPool,
  shape: Case,
  more: Partial<Gemm.Product> = {}
) {
  const { columns, inner, rows } = shape
  const lengths = [rows * inner, inner * columns, rows * columns, columns, rows * columns]
  const [left, right, to, bias, other] = yield* Effect.forEach(lengths, (length) => fenced(machine, length))
  left!.values.set(numbers(rows * inner, 1))
  right!.values.set(numbers(inner * columns, 2))
  bias!.values.set(numbers(columns, 3))
  other!.values.set(numbers(rows * columns, 4))
  to!.values.fill(Number.NaN)
  const phase = Gemm.phase({ ...shape, left: 0, right: 1, to: 2, ...more })
  const compiled = yield* pool.compile([phase])
  compiled.run(
    yield* tableOf(
      machine,
      [left, right, to, bias, other].map((matrix) => matrix!.address)
    )
  )
  return { left: left!.values, right: right!.values, to: to!.values, bias: bias!.values, other: other!.values }
})

const check = Effect.fnUntraced(function* (machine: MachineCode, pool: ThreadPool, shape: Case, withBias: boolean) {
  const { bias, left, right, to } = yield* run(machine, pool, shape, withBias ? { bias: 3 } : {})
  assertNear(to, expectedOf(shape, left, right, withBias ? bias : undefined), 1e-5, nameOf(shape))
}, Effect.scoped)

const lengths = [1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 97]
const transpositions = [
  { transposeLeft: false, transposeRight: false },
  { transposeLeft: true, transposeRight: false },
  { transposeLeft: false, transposeRight: true },
  { transposeLeft: true, transposeRight: true }
]

describe("Product", () => {
  nativeTest("is the product, for lengths around those of vectors and tiles, inside its matrices", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        let count = pool.threads
        for (const transposed of transpositions) {
          for (const rows of lengths) {
            for (const columns of lengths) {
              // One inner length for each pair, another one each time.
              const inner = lengths[(count += 5) % lengths.length]!
              yield* check(machine, pool, { rows, inner, columns, ...transposed }, count % 2 === 0)
            }
          }
        }
      })
    )
  )

  nativeTest(
    "is the product where the inner axis is longer than a turn, and where the rows are more than a turn's",
    (machine) =>
      withPools(
        machine,
        Effect.fnUntraced(function* (pool) {
          const inner = Gemm.longestInner
          for (const transposed of transpositions) {
            yield* check(machine, pool, { rows: 3, inner: inner + 1, columns: 18, ...transposed }, true)
            yield* check(machine, pool, { rows: 15, inner: 2 * inner, columns: 5, ...transposed }, true)
            yield* check(machine, pool, { rows: 2, inner: 3 * inner + 7, columns: 34, ...transposed }, true)
            yield* check(machine, pool, { rows: 225, inner: inner - 1, columns: 2, ...transposed }, false)
          }
        })
      )
  )

  nativeTest("gives the same bits for any number of threads", (machine) =>
    Effect.gen(function* () {
      const shape = { rows: 45, inner: 70, columns: 100, transposeLeft: false, transposeRight: true }
      const results: Array<Float32Array> = []
      yield* withPools(machine, (pool) =>
        run(machine, pool, shape).pipe(Effect.map(({ to }) => void results.push(to.slice())))
      )
      assert.deepStrictEqual(results[1], results[0])
      assert.deepStrictEqual(results[2], results[0])
    })
  )

  nativeTest("lets infinities and NaN through, and no others", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        const shape = { rows: 20, inner: 3, columns: 40, transposeLeft: false, transposeRight: false }
        const [left, right, to] = yield* Effect.forEach([60, 120, 800], (length) => fenced(machine, length))
        left!.values.fill(1)
        right!.values.fill(1)
        left!.values[3 * 7] = Number.POSITIVE_INFINITY
        right!.values[39] = Number.NaN
        const compiled = yield* pool.compile([Gemm.phase({ ...shape, left: 0, right: 1, to: 2 })])
        compiled.run(yield* tableOf(machine, [left!.address, right!.address, to!.address]))
        const expected = Array.from({ length: 800 }, (_, index) =>
          index % 40 === 39 ? Number.NaN : Math.floor(index / 40) === 7 ? Number.POSITIVE_INFINITY : 3
        )
        assert.deepStrictEqual([...to!.values], expected)
      })
    )
  )

  nativeTest("hands its results to an epilogue, each once, with their places and tails", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        /** other = other - 2 * (product + bias) * bias; nothing is stored in `to`. */
        const epilogue: Gemm.Epilogue = {
          uses: [4],
          emit: (code, { columnOf, elementOf, tail, values }) => {
            const { simd } = code
            code.mov(rax, slot(3))
            code.mov(rdx, slot(4))
            simd.load(1, columnOf(rax), tail)
            simd.mul(2, values, 1)
            simd.add(2, 2, 2)
            simd.load(3, elementOf(rdx), tail)
            simd.compute["sub"]!(3, [3, 2])
            simd.store(elementOf(rdx), 3, tail)
          }
        }
        for (const transposed of transpositions) {
          for (const [rows, inner, columns] of [
            [1, 3, 1],
            [17, 5, 33],
            [40, 20, 64],
            [61, 2, 47]
          ] as const) {
            const shape = { rows, inner, columns, ...transposed }
            yield* Effect.scoped(
              Effect.gen(function* () {
                const { bias, left, other, right, to } = yield* run(machine, pool, shape, { bias: 3, epilogue })
                const before = numbers(rows * columns, 4)
                const expected = expectedOf(shape, left, right, bias).map(
                  (value, index) => before[index]! - 2 * value * bias[index % columns]!
                )
                assertNear(other, expected, 1e-5, nameOf(shape))
                assert.isTrue(to.every(Number.isNaN))
              })
            )
          }
        }
        const shape = {
          rows: 3,
          inner: Gemm.longestInner + 4,
          columns: 20,
          transposeLeft: true,
          transposeRight: false
        }
        const { bias, left, other, right } = yield* run(machine, pool, shape, { bias: 3, epilogue })
        const before = numbers(60, 4)
        const expected = expectedOf(shape, left, right, bias).map(
          (value, index) => before[index]! - 2 * value * bias[index % 20]!
        )
        assertNear(other, expected, 1e-5, nameOf(shape))
      })
    )
  )

  nativeTest(
    "is each product of a batch, with matrices of its own or one that all share, and what follows it",
    (machine) =>
      withPools(
        machine,
        Effect.fnUntraced(function* (pool) {
          const matrix = (values: Float32Array, index: number, stride: number, length: number) =>
            values.subarray((index * stride) / 4, (index * stride) / 4 + length)
          for (const transposed of transpositions) {
            for (const count of [2, 3, 5]) {
              for (const shares of ["nothing", "left", "right"]) {
                const shape = { rows: 9 + count, inner: 21, columns: 34, ...transposed }
                const sizes = { left: shape.rows * 21, right: 21 * 34, to: shape.rows * 34 }
                const batch = {
                  count,
                  left: shares === "left" ? 0 : 4 * sizes.left,
                  right: shares === "right" ? 0 : 4 * sizes.right
                }
                yield* Effect.scoped(
                  Effect.gen(function* () {
                    const lengths = [
                      sizes.left + ((count - 1) * batch.left) / 4,
                      sizes.right + ((count - 1) * batch.right) / 4,
                      count * sizes.to,
                      sizes.to
                    ]
                    const all = yield* Effect.forEach(lengths, (length) => fenced(machine, length))
                    const [left, right, to, after] = all.map(({ values }) => values) as [
                      Float32Array,
                      Float32Array,
                      Float32Array,
                      Float32Array
                    ]
                    left.set(numbers(left.length, 1))
                    right.set(numbers(right.length, 2))
                    to.fill(Number.NaN)
                    const phases = [
                      Gemm.phase({ ...shape, left: 0, right: 1, to: 2, batch }),
                      Gemm.phase({ ...shape, left: 0, right: 1, to: 3 })
                    ]
                    const compiled = yield* pool.compile([
                      { name: "both", emit: (code, share) => phases.forEach((phase) => phase.emit(code, share)) }
                    ])
                    compiled.run(
                      yield* tableOf(
                        machine,
                        all.map(({ address }) => address)
                      )
                    )
                    for (let index = 0; index < count; index++) {
                      const expected = expectedOf(
                        shape,
                        matrix(left, index, batch.left, sizes.left),
                        matrix(right, index, batch.right, sizes.right),
                        undefined
                      )
                      const name = `${nameOf(shape)}, ${index} of ${count}, shared: ${shares}`
                      assertNear(to.subarray(index * sizes.to, (index + 1) * sizes.to), expected, 1e-5, name)
                    }
                    assert.deepStrictEqual(after, to.slice(0, sizes.to))
                  })
                )
              }
            }
          }
        })
      )
  )

  nativeTest("follows another product in one phase", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        const shape = { rows: 33, inner: 20, columns: 40, transposeLeft: false, transposeRight: true }
        const [left, right, to, same] = yield* Effect.forEach([660, 800, 1320, 1320], (length) =>
          fenced(machine, length)
        )
        left!.values.set(numbers(660, 1))
        right!.values.set(numbers(800, 2))
        const both = [2, 3].map((to) => Gemm.phase({ ...shape, left: 0, right: 1, to }))
        const compiled = yield* pool.compile([
          { name: "both", emit: (code, share) => both.forEach((phase) => phase.emit(code, share)) }
        ])
        compiled.run(
          yield* tableOf(
            machine,
            [left, right, to, same].map((matrix) => matrix!.address)
          )
        )
        assertNear(to!.values, expectedOf(shape, left!.values, right!.values, undefined), 1e-5, "first")
        assert.deepStrictEqual(same!.values, to!.values)
      })
    )
  )
})
