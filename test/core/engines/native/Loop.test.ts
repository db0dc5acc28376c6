import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { neutral, type Operator, reducer } from "../../../../src/core/engines/native/Reduction.ts"
import * as Formula from "../../../../src/core/engines/native/Formula.ts"
import type { Access } from "../../../../src/core/engines/native/Access.ts"
import type { InstructionSet } from "../../../../src/core/engines/native/InstructionSet.ts"
import * as Loop from "../../../../src/core/engines/native/Loop.ts"
import { fenced, nativeTest, tableOf, withPools } from "./NativeTest.ts"

const lengths = [1, 7, 15, 16, 17, 31, 33, 784]

const access = (slot: number, strides: ReadonlyArray<number>, more: Partial<Access> = {}): Access => ({
  slot,
  width: 4,
  offset: 0,
  strides,
  ...more
})

/** `matrix + row * column + number + bytes[at] + transposed`, stored, and sums of it along each axis and the other. */
const everything = (rows: number, columns: number, { primitives }: InstructionSet): Loop.Loop => {
  const formula = Formula.make(primitives)
  const [matrix, row, column, number, bytes, transposed] = [0, 1, 2, 3, 4, 5].map(formula.load) as [
    Formula.Lanes,
    ...Array<Formula.Lanes>
  ]
  const product = formula.lanes("multiplyAdd", [row!, column!, matrix])
  const counted = formula.lanes("add", [formula.lanes("toFloat", [bytes!]), number!])
  const item = formula.lanes("add", [formula.lanes("add", [product, counted]), transposed!])
  const isPositive = formula.truth("less", [formula.float(0), item])
  const reduction = (slot: number, strides: ReadonlyArray<number>, operator: Operator) => ({
    item,
    to: access(slot, strides),
    reducer: reducer(operator, true)
  })
  const both = [reduction(9, [0, 1], "Sum"), reduction(10, [1, 0], "Max")]
  return {
    name: "everything",
    axes: [rows, columns],
    leaves: [
      access(0, [columns, 1]),
      access(1, [0, 1]),
      access(2, [1, 0]),
      access(3, [0, 0]),
      access(4, [columns, 1], { width: 1, by: { axis: 0, slot: 6, rows: 3 } }),
      access(5, [1, rows])
    ],
    stores: [
      { item, to: access(7, [columns, 1]) },
      { item: isPositive, to: access(8, [columns, 1], { width: 1 }) }
    ],
    // With both, no axis can be divided among threads.
    reductions: rows === 40 ? both.slice(0, 1) : rows === 17 ? both.slice(1) : both
  }
}

describe("Loop", () => {
  nativeTest("reads and writes nothing beyond a tensor, of whatever lengths", (machine) =>
    withPools(
      machine,
      Effect.fnUntraced(function* (pool) {
        for (const rows of [1, 2, 17, 40])
          for (const columns of lengths)
            yield* Effect.scoped(
              Effect.gen(function* () {
                const sizes = [rows * columns, columns, rows, 1, 3 * columns, rows * columns, rows]
                sizes.push(rows * columns, rows * columns, columns, rows)
                // Every buffer ends where the forbidden page begins; bytes are the last of four times their number.
                const buffers = yield* Effect.forEach(sizes, (size) => fenced(machine, size, 4))
                const [matrix, row, column, number, , transposed, at, result, , sums, largest] = buffers.map(
                  ({ values }) => values
                ) as Array<Float32Array>
                const bytesOf = (slot: number) =>
                  new Uint8Array(
                    buffers[slot]!.values.buffer,
                    buffers[slot]!.values.byteOffset + 3 * sizes[slot]!,
                    sizes[slot]
                  )
                const fill = (values: Float32Array) =>
                  values.forEach((_, index) => (values[index] = Math.sin(index * 7)))
                for (const values of [matrix!, row!, column!, number!, transposed!]) fill(values)
                const [bytes, truths] = [bytesOf(4), bytesOf(8)]
                bytes.forEach((_, index) => (bytes[index] = index * 5))
                const chosen = new Int32Array(at!.buffer, at!.byteOffset, rows)
                chosen.forEach((_, index) => (chosen[index] = index % 3))

                const loop = everything(rows, columns, machine.set)
                const compiled = yield* pool.compile([
                  { name: loop.name, emit: (code, share) => Loop.emit(loop, code, share) }
                ])
                const addresses = buffers.map(({ address }, slot) =>
                  slot === 4 || slot === 8 ? address + BigInt(3 * sizes[slot]!) : address
                )
                compiled.run(yield* tableOf(machine, addresses))

                const where = `${rows} rows, ${columns} columns, ${pool.threads} threads`
                const [columnSums, rowLargest] = [new Float64Array(columns), new Float64Array(rows).fill(-Infinity)]
                for (let r = 0; r < rows; r++)
                  for (let c = 0; c < columns; c++) {
                    const expected =
                      matrix![r * columns + c]! +
                      row![c]! * column![r]! +
                      number![0]! +
                      bytes[(r % 3) * columns + c]! +
                      transposed![c * rows + r]!
                    const actual = result![r * columns + c]!
                    assert.closeTo(actual, expected, 1e-4, `${where}: [${r}, ${c}]`)
                    assert.strictEqual(truths[r * columns + c], actual > 0 ? 1 : 0)
                    columnSums[c]! += expected
                    rowLargest[r] = Math.max(rowLargest[r]!, actual)
                  }
                if (rows !== 17)
                  columnSums.forEach((sum, c) => assert.closeTo(sums![c]!, sum, 1e-2, `${where}: sum of ${c}`))
                if (rows !== 40)
                  rowLargest.forEach((value, r) => assert.strictEqual(largest![r], value, `${where}: largest of ${r}`))
              })
            )
      })
    )
  )

  nativeTest("keeps more values than there are registers", (machine) =>
    Effect.gen(function* () {
      const count = 50
      const { address, values } = yield* fenced(machine, 17)
      values.fill(1.5)
      const formula = Formula.make(machine.set.primitives)
      const x = formula.load(0)
      const powers = [x]
      for (let power = 1; power < count; power++) powers.push(formula.lanes("add", [powers.at(-1)!, x]))
      // Used from the first to the last after all are there.
      const product = powers.reduce((sum, power) => formula.lanes("multiplyAdd", [power, power, sum]), formula.float(0))
      const total = powers.reduce((sum, power) => formula.lanes("sub", [sum, power]), product)
      const loop: Loop.Loop = {
        name: "long",
        axes: [17],
        leaves: [access(0, [1])],
        stores: [{ item: total, to: access(0, [1]) }],
        reductions: []
      }
      yield* withPools(machine, (pool) =>
        Effect.gen(function* () {
          values.fill(1.5)
          const compiled = yield* pool.compile([{ name: "long", emit: (code, share) => Loop.emit(loop, code, share) }])
          compiled.run(yield* tableOf(machine, [address]))
          let expected = 0
          for (let power = 1; power <= count; power++) expected += (1.5 * power) ** 2 - 1.5 * power
          values.forEach((value) => assert.strictEqual(value, expected))
        })
      )
    })
  )

  nativeTest("an extreme is NaN where one of its values is, and begins with what changes nothing", (machine) =>
    Effect.gen(function* () {
      const { address, values } = yield* fenced(machine, 33)
      const result = yield* fenced(machine, 1)
      const run = (operator: Operator) =>
        withPools(machine, (pool) =>
          Effect.gen(function* () {
            const formula = Formula.make(machine.set.primitives)
            const loop: Loop.Loop = {
              name: operator,
              axes: [33],
              leaves: [access(0, [1])],
              stores: [],
              reductions: [{ item: formula.load(0), to: access(1, [0]), reducer: reducer(operator, true) }]
            }
            const compiled = yield* pool.compile([
              { name: operator, emit: (code, share) => Loop.emit(loop, code, share) }
            ])
            compiled.run(yield* tableOf(machine, [address, result.address]))
          })
        )
      for (const operator of ["Max", "Min"] as const) {
        const sign = operator === "Max" ? -1 : 1
        values.forEach((_, index) => (values[index] = sign * (index + 1)))
        yield* run(operator)
        assert.strictEqual(result.values[0], sign)
        for (const at of [0, 15, 16, 32]) {
          values.forEach((_, index) => (values[index] = index === at ? Number.NaN : index))
          yield* run(operator)
          assert.isNaN(result.values[0], `${operator}, NaN at ${at}`)
        }
      }
      assert.strictEqual(neutral(reducer("Sum", false)).step.name, "constant")
    })
  )
})
